"""What `wrap` returns: all layers, and only those replaced that are said."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from plugwire.interfaces import Side
from plugwire.testing.asking import hooks
from plugwire.testing.extension.base import (
    SIDES,
    ExtensionBase,
    Wrap,
    samples,
    sent,
)
from plugwire.testing.pipes import Pipes
from plugwire.testing.watching import watched


class Wrapping(ExtensionBase):
    """The hook itself."""

    def test_a_server_is_composed_with_it(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """Core refuses a plugin whose hooks it cannot use: that is seen
        here before a user sees it."""
        pipes.pipeline(extensions=(instance,))

    def test_it_answers_wrap_and_no_other_hook(self, instance: Any) -> None:
        """One plugin has one kind; a hook of another is refused."""
        assert sorted(hooks(instance)) == ["wrap"], (
            "an extension answers `wrap` alone; found "
            f"{', '.join(sorted(hooks(instance))) or 'no hook'}"
        )

    @pytest.mark.parametrize("side", SIDES)
    def test_it_wraps_both_sides(self, side: Side, wrap: Wrap) -> None:
        """A server's configuration and a client's name the same extensions,
        so `wrap` is asked on both; a client has no queue and no checks."""
        wrap(self.given(side), side)

    def test_the_queue_is_there_where_it_was(self, wrap: Wrap) -> None:
        """Without its queue a server forgets whoever is late, and a second
        door has none: core refuses what loses or adds one."""
        assert wrap(self.given()).queue is not None, (
            "the queue is lost; replace single layers by "
            "msgspec.structs.replace(layers, ...)"
        )
        second = replace(self.given(), queue=None)
        assert wrap(second, door="second").queue is None, (
            "a second door has no queue in its layers, and must get none"
        )
        assert wrap(self.given("client"), "client").queue is None, (
            "a client has no queue, and must get none"
        )

    def test_the_checks_are_not_lost(self, wrap: Wrap) -> None:
        """Without checks everyone may do everything."""
        assert wrap(self.given()).checks, (
            "the checks are lost; replace single layers by "
            "msgspec.structs.replace(layers, ...)"
        )

    def test_it_wraps_the_encoder_if_it_says_so(self, wrap: Wrap) -> None:
        """What is not wrapped is the very object that was given, and costs
        nothing."""
        self._touched("encoder", wrap)

    def test_it_wraps_the_decoder_if_it_says_so(self, wrap: Wrap) -> None:
        """As with the encoder."""
        self._touched("decoder", wrap)

    def test_it_wraps_the_checks_if_it_says_so(self, wrap: Wrap) -> None:
        """Whoever reads its README must know that it decides too."""
        self._touched("checks", wrap)

    def test_it_wraps_the_queue_if_it_says_so(self, wrap: Wrap) -> None:
        """As with the encoder."""
        self._touched("queue", wrap)

    def _touched(self, layer: str, wrap: Wrap) -> None:
        touched = []
        for side in SIDES:
            given = self.given(side)
            before, after = (
                getattr(layers, layer) for layers in (given, wrap(given, side))
            )
            if layer == "checks":
                before, after = tuple(before), tuple(after)
                same = before == after
            else:
                same = before is after
            if not same:
                touched.append(side)
        where = " and ".join(touched)
        shown = f"another one on the {where}" if where else "the same object"
        self.claimed(layer, present=bool(touched), shown=shown)

    def test_what_it_was_given_is_unharmed(self, wrap: Wrap) -> None:
        """The encoder of a door may serve another one that has no
        extension: put something around it, change nothing in it."""
        given = self.given()
        before = sent(given.encoder, samples())
        methods = given.encoder.encode, given.encoder.frame
        wrapped = wrap(given)
        sent(wrapped.encoder, samples())
        assert sent(given.encoder, samples()) == before, (
            "the encoder that was given makes other bytes than before"
        )
        assert methods == (given.encoder.encode, given.encoder.frame), (
            "the encoder that was given has other methods than before"
        )

    def test_two_pipelines_have_nothing_in_common(self, wrap: Wrap) -> None:
        """A process may hold many servers and clients, in several threads:
        what they share unawares they break together."""
        for layer in ("encoder", "decoder", "queue"):
            one, other = wrap(self.given()), wrap(self.given())
            assert getattr(one, layer) is not getattr(other, layer), (
                f"two pipelines were given the same {layer} object"
            )

    def test_wrapping_does_no_input_or_output(self, wrap: Wrap) -> None:
        """Composing must be quick and possible anywhere: open files and
        sockets when the first message comes, or not at all."""
        for side in SIDES:
            wrap(self.given(side), side)  # what is imported is imported now
            given = self.given(side)
            with watched() as seen:
                wrap(given, side)
            assert not seen, f"wrap did {', '.join(seen)}"
