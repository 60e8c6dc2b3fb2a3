"""The bench itself: what it lets pass, and what it does not."""

from __future__ import annotations

import pytest

from plugwire.testing import CodecSuite
from plugwire.testing.codec.bench import Bench
from plugwire.testing.codec.model import message

LIMIT = 4096


@pytest.fixture
def bench(sound) -> Bench:
    return Bench(sound.Encoder(LIMIT), lambda: sound.Decoder(LIMIT), LIMIT)


def test_what_is_sound_arrives(bench: Bench) -> None:
    assert bench.carry(message(seq=1)) == message(seq=1)
    bench.carries([1, 2.5, None])
    bench.survives(bench.wire(message()))
    bench.survives(b"rubbish")


def test_what_arrives_otherwise_fails(sound, bench: Bench) -> None:
    class Rounding(sound.Decoder):
        def feed(self, data):
            got = super().feed(data)
            for each in got:
                each.data["value"] = round(each.data["value"])
            return got

    bench.decoder = lambda: Rounding(LIMIT)
    with pytest.raises(AssertionError, match=r"sent 1\.0, received 1"):
        bench.carries(1.0)


def test_a_message_that_is_none_fails(sound, bench: Bench) -> None:
    class Careless(sound.Decoder):
        def feed(self, data):
            return [message(event_name="../x")] if data else []

    bench.decoder = lambda: Careless(LIMIT)
    for look in (bench.read, bench.survives, bench.is_refused):
        with pytest.raises(AssertionError, match=r"let pass the event_name"):
            look(b"\0")


def test_what_was_to_be_refused_and_arrives_fails(bench: Bench) -> None:
    with pytest.raises(pytest.fail.Exception, match="1 messages, where"):
        bench.is_refused(bench.wire(message()))
    with pytest.raises(pytest.fail.Exception, match="1 messages, where"):
        bench.either_end_refuses(message())
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        bench.encoder_refuses(message())


def test_another_error_is_not_a_refusal(sound, bench: Bench) -> None:
    class Raising(sound.Decoder):
        def feed(self, data):
            raise KeyError("event_name")

    bench.decoder = lambda: Raising(LIMIT)
    for look in (bench.is_refused, bench.survives):
        with pytest.raises(KeyError):
            look(b"\0")


def test_what_a_format_cannot_say_is_skipped(sound, verdicts) -> None:
    def raw(value):
        raise TypeError(f"no {value}")

    own = sound.own | {"raw": raw}
    name = "test_kept_is_ignored"
    ended = verdicts(CodecSuite, sound.plugin(), only=name, **own)
    assert ended[name].startswith("skipped: cannot be said in this format")
