"""The whole suite: how much it is, and that what is sound passes it."""

from __future__ import annotations

from functools import partial

import msgspec

from plugwire.framed import FramedDecoder, FramedEncoder
from plugwire.hookspecs import hookimpl
from plugwire.testing import CodecSuite


def array(count: int) -> bytes:
    return b"\xdc" + count.to_bytes(2, "big")


class Sound:
    """A codec as short as an author's."""

    @hookimpl
    def encode(self, max_message_bytes: int) -> FramedEncoder:
        encode = msgspec.msgpack.encode
        return FramedEncoder("sound", encode, array, max_message_bytes)

    @hookimpl
    def decode(self, max_message_bytes: int) -> partial[FramedDecoder]:
        decode = msgspec.msgpack.decode
        return partial(FramedDecoder, decode, max_message_bytes)


def checks() -> dict[str, str]:
    return {
        name: getattr(CodecSuite, name).__doc__
        for name in dir(CodecSuite)
        if name.startswith("test_")
    }


def test_there_are_many_checks_and_each_says_why() -> None:
    said = checks()
    assert len(said) >= 40
    assert [name for name, text in said.items() if not text] == []


def test_no_check_hides_another() -> None:
    names = [
        name
        for base in CodecSuite.__mro__
        for name in vars(base)
        if name.startswith("test_")
    ]
    assert sorted(names) == sorted(checks())


def test_a_sound_codec_passes(verdicts) -> None:
    own = {
        "capabilities": ("bytes", "frames", "nonfinite"),
        "raw": msgspec.msgpack.encode,
    }
    ended = verdicts(CodecSuite, Sound, **own)
    assert ended.keys() == checks().keys()
    skipped = {name for name, verdict in ended.items() if verdict != "passed"}
    assert skipped == {
        "test_a_head_and_its_body_are_a_frame",
        "test_a_plain_door_takes_it",
        "test_each_message_is_one_line_of_text",
        "test_ints_of_over_64_bits_are_refused",
        "test_lines",
        "test_lines_that_people_type_are_read",
        "test_what_cannot_be_sent_cannot_be_stamped",
        "test_what_is_stamped_is_what_is_encoded",
    }
    assert not any("failed" in verdict for verdict in ended.values())
    assert sum(verdict == "passed" for verdict in ended.values()) > 80


def test_without_raw_what_needs_it_is_skipped(verdicts) -> None:
    own = {"capabilities": ("bytes", "frames", "nonfinite")}
    name = "test_a_missing_field_is_refused"
    ended = verdicts(CodecSuite, Sound, only=name, **own)
    assert ended[name].startswith("skipped: `raw` is not given")
