"""Decoders that believe what a peer says."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import msgspec
import pytest

from plugwire.errors import MessageError
from plugwire.framed import from_mapping
from plugwire.framing import LineSplitter
from plugwire.hookspecs import hookimpl
from plugwire.message import Message, MessageType
from plugwire.testing import CodecSuite
from plugwire.testing.codec.peers import REQUIRED, fields
from plugwire_json import Json


class Believing:
    """Makes messages of whatever it is told."""

    def _frame(self, payload):
        array = self._loads(payload)
        return [self.message(each) for each in array]

    def message(self, said: Any) -> Message:
        raise NotImplementedError


def patched(sound, change):
    """A decoder that reads what `change` makes of each mapping."""

    class Patched(Believing, sound.Decoder):
        def message(self, said):
            return from_mapping(change(said))

    return Patched


@pytest.mark.parametrize("key", REQUIRED)
def test_a_field_that_is_made_up(sound, bites, key: str) -> None:
    usual = {key: fields()[key]}
    decoder = patched(sound, lambda said: usual | said)
    said = bites("test_a_missing_field_is_refused", decoder=decoder)
    assert "1 messages, where" in said


@pytest.mark.parametrize("key", [*REQUIRED, "seq", "id", "reply_to", "op"])
def test_a_field_that_is_replaced_where_it_is_wrong(
    sound, bites, key: str
) -> None:
    def mend(said):
        try:
            from_mapping(said)
        except MessageError:
            return said | {key: fields().get(key)}
        return said

    decoder = patched(sound, mend)
    said = bites("test_a_wrong_field_is_refused", decoder=decoder)
    assert "1 messages, where" in said


def test_a_field_that_is_handed_on_as_it_is(sound, bites) -> None:
    class Raw(Believing, sound.Decoder):
        def message(self, said):
            kind = MessageType(said["message_type"])
            return Message(**(said | {"message_type": kind}))

    said = bites("test_a_wrong_field_is_refused", decoder=Raw)
    assert "let pass" in said
    said = bites("test_kept_is_ignored", decoder=Raw)
    assert "let pass kept" in said
    said = bites("test_unknown_fields_are_ignored", decoder=Raw)
    assert "Unexpected keyword argument 'later'" in said


def test_fields_of_later_versions_are_refused(sound, bites) -> None:
    def strict(said):
        if "later" in said:
            raise MessageError("what is that?")
        return said

    decoder = patched(sound, strict)
    bites("test_unknown_fields_are_ignored", decoder=decoder)


def test_what_is_no_map_is_another_error(sound, bites) -> None:
    decoder = patched(sound, lambda said: {**said})
    name = "test_what_is_no_map_of_fields_is_refused"
    assert "TypeError" in bites(name, decoder=decoder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("test_keys_that_are_no_text_never_arrive", "let pass the key"),
        ("test_too_many_levels_never_arrive", "let pass data of over 64"),
        ("test_types_of_the_format_alone_never_arrive", "let pass a datetime"),
    ],
)
def test_data_that_nobody_looks_at(
    sound, bites, name: str, words: str
) -> None:
    class Unread(Believing, sound.Decoder):
        @staticmethod
        def loads(payload):
            return msgspec.msgpack.decode(payload, strict=False)

        def message(self, said):
            got = from_mapping(said | {"data": {}})
            return msgspec.structs.replace(got, data=said["data"])

    assert words in bites(name, decoder=Unread)


def test_ints_of_any_size(caught) -> None:
    class Decoder:
        def __init__(self, limit):
            self.split = LineSplitter(limit)

        def feed(self, data):
            lines = self.split.feed(data)
            return [self.message(json.loads(line)) for line in lines]

        def message(self, said):
            got = from_mapping(said | {"data": {}})
            return msgspec.structs.replace(got, data=said["data"])

    class Endless(Json):
        @hookimpl
        def decode(self, max_message_bytes):
            return partial(Decoder, max_message_bytes)

    said = caught(
        CodecSuite,
        Endless,
        by="test_ints_of_over_64_bits_are_refused",
        capabilities=("lines",),
        raw=lambda value: json.dumps(value).encode(),
    )
    assert "let pass the int" in said


def test_a_parser_that_falls_off_its_stack(sound, bites) -> None:
    def read(data: bytes, at: int) -> int:
        if data[at] == 0x91:
            return read(data, at + 1)
        return at

    class Recursing(sound.Decoder):
        def _frame(self, payload):
            read(payload, 3)
            return super()._frame(payload)

    name = "test_far_too_many_levels_never_arrive"
    assert "RecursionError" in bites(name, decoder=Recursing)


def test_raw_that_is_another_formats(bites) -> None:
    name = "test_raw_writes_what_the_decoder_reads"
    bites(name, raw=msgspec.json.encode)
