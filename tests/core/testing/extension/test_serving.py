"""What the checks of whole servers catch."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sound_extensions import (
    BYTES,
    CountedQueue,
    Zipped,
    ZippedDecoder,
    ZippedEncoder,
)

from plugwire import hookimpl
from plugwire.interfaces import ALLOW
from plugwire.testing import ExtensionSuite


class Shouting(Zipped):
    """Changes what is said."""

    class Decoder(ZippedDecoder):
        def unzip(self, payload):
            return super().unzip(payload).replace(b"again", b"AGAIN")

    def behind(self, decoder, most):
        return self.Decoder(decoder, most)


class Open:
    """Every check allows."""

    @hookimpl
    def wrap(self, layers):
        return replace(layers, checks=tuple(allow for _ in layers.checks))


def allow(peer, verb, subject):
    return ALLOW


class Emptying:
    """What is kept is not handed over."""

    @hookimpl
    def wrap(self, layers):
        if layers.queue is None:
            return layers
        return replace(layers, queue=Mute(layers.queue))


class Mute(CountedQueue):
    def wants(self, joined):
        return False


class Short(Zipped):
    """Counts its frames, and makes no more of them in the end."""

    class Encoder(ZippedEncoder):
        count = 0

        def frame(self, bodies):
            self.count += 1
            return super().frame(bodies if self.count < 3 else [b"{"])

    def around(self, encoder):
        return self.Encoder(encoder)


class Unsaid(Zipped):
    """Changes bytes, and does not say so."""

    changes_bytes = False


class Overstated:
    """Says that it changes bytes, and changes none."""

    changes_bytes = True

    @hookimpl
    def wrap(self, layers):
        return layers


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> None:
    """What does not come is waited for: these never bring it."""
    monkeypatch.setattr("plugwire.testing.suite.DEADLINE", 2.0)


@pytest.mark.parametrize(
    ("by", "plugin", "claims"),
    [
        ("test_what_is_said_is_heard", Shouting, BYTES),
        ("test_what_is_kept_is_handed_over", Emptying, ("queue",)),
        ("test_who_may_not_speak_still_may_not", Open, ("checks",)),
        ("test_clients_come_and_go", Short, BYTES),
        ("test_a_server_starts_again_with_it", Short, BYTES),
        ("test_one_side_alone_is_refused_in_words", Unsaid, BYTES),
        ("test_one_side_alone_is_refused_in_words", Overstated, ()),
    ],
)
def test_a_broken_one_is_caught(caught, by, plugin, claims) -> None:
    assert caught(ExtensionSuite, plugin, by=by, capabilities=claims)
