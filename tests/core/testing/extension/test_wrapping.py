"""What the checks of `wrap` itself catch."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from sound_extensions import (
    ALL,
    BYTES,
    Counted,
    CountedEncoder,
    Idle,
    Zipped,
)

from plugwire import hookimpl
from plugwire.testing import ExtensionSuite
from plugwire.testing.companions import ShelfQueue


class Forgetful:
    @hookimpl
    def wrap(self, layers): ...


class Both(Idle):
    @hookimpl
    def queue(self):
        return ShelfQueue()


class OneSided:
    """Knows nothing of clients, which have no queue."""

    @hookimpl
    def wrap(self, layers):
        assert len(layers.queue) == 0
        return layers


class Queueless:
    @hookimpl
    def wrap(self, layers):
        return replace(layers, queue=None)


class Queueful:
    @hookimpl
    def wrap(self, layers):
        return replace(layers, queue=ShelfQueue())


class Checkless:
    @hookimpl
    def wrap(self, layers):
        return replace(layers, checks=())


class Patching:
    """Changes the encoder that it was given."""

    @hookimpl
    def wrap(self, layers):
        encoder = layers.encoder
        usual = encoder.frame
        encoder.frame = lambda bodies: usual(bodies)
        return layers


class Shared(Counted):
    """One encoder for all pipelines of the process."""

    made: list[CountedEncoder] = []  # noqa: RUF012 - that is what is broken

    @hookimpl
    def wrap(self, layers):
        if not self.made:
            self.made.append(CountedEncoder(layers.encoder))
        return replace(super().wrap(layers), encoder=self.made[0])


class Reading(Zipped):
    @hookimpl
    def wrap(self, layers, context):
        Path(__file__).read_bytes()
        return super().wrap(layers, context)


@pytest.mark.parametrize(
    ("by", "plugin", "claims"),
    [
        ("test_a_server_is_composed_with_it", Forgetful, ()),
        ("test_it_answers_wrap_and_no_other_hook", Both, ()),
        ("test_it_wraps_both_sides", OneSided, ()),
        ("test_the_queue_is_there_where_it_was", Queueless, ("queue",)),
        ("test_the_queue_is_there_where_it_was", Queueful, ("queue",)),
        ("test_the_checks_are_not_lost", Checkless, ("checks",)),
        ("test_it_wraps_the_encoder_if_it_says_so", Zipped, ALL[1:]),
        ("test_it_wraps_the_encoder_if_it_says_so", Idle, ("encoder",)),
        ("test_it_wraps_the_decoder_if_it_says_so", Zipped, ("encoder",)),
        ("test_it_wraps_the_decoder_if_it_says_so", Idle, ("decoder",)),
        ("test_it_wraps_the_checks_if_it_says_so", Counted, BYTES),
        ("test_it_wraps_the_checks_if_it_says_so", Idle, ("checks",)),
        ("test_it_wraps_the_queue_if_it_says_so", Counted, BYTES),
        ("test_it_wraps_the_queue_if_it_says_so", Idle, ("queue",)),
        ("test_what_it_was_given_is_unharmed", Patching, ()),
        ("test_two_pipelines_have_nothing_in_common", Shared, ALL),
        ("test_wrapping_does_no_input_or_output", Reading, BYTES),
    ],
)
def test_a_broken_one_is_caught(caught, by, plugin, claims) -> None:
    assert caught(ExtensionSuite, plugin, by=by, capabilities=claims)
