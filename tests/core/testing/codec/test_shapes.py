"""Codecs whose hooks, names or frames are not what they say."""

from __future__ import annotations

import itertools
import json
from functools import partial
from pathlib import Path

import msgspec
import pytest

from plugwire.hookspecs import hookimpl
from plugwire.testing import CodecSuite
from plugwire_json import Json, JsonDecoder, JsonEncoder


def test_a_codec_without_decode(sound, caught) -> None:
    class Half:
        @hookimpl
        def encode(self, max_message_bytes):
            return sound.Encoder(max_message_bytes)

    said = caught(CodecSuite, Half, by="test_its_hooks_are_answered")
    assert "does not answer `decode`" in said


def test_an_encoder_that_reads_a_file(sound, bites) -> None:
    class Reading(sound.Encoder):
        def encode(self, message):
            Path(__file__).read_bytes()
            return super().encode(message)

    said = bites("test_hooks_and_messages_do_no_input_or_output", Reading)
    assert "test_shapes.py" in said


@pytest.mark.parametrize("name", ["two words", "späť", "a\n"])
def test_a_format_that_is_no_word(sound, bites, name: str) -> None:
    class Named(sound.Encoder):
        def __init__(self, limit):
            super().__init__(limit)
            self.format = name

    bites("test_format_is_a_word", Named)


def test_a_class_that_names_another_format(sound, caught) -> None:
    plugin = sound.plugin()
    plugin.format = "other"
    name = "test_format_is_on_the_class_where_the_name_is_another"
    said = caught(CodecSuite, plugin, by=name)
    assert "the class says 'other', its encoder 'sound'" in said


def test_a_plugin_that_is_named_otherwise_than_its_format(
    caught, monkeypatch
) -> None:
    class Renaming(JsonEncoder):
        format = "ndjson"

    monkeypatch.setattr("plugwire_json.JsonEncoder", Renaming)
    name = "test_format_is_on_the_class_where_the_name_is_another"
    said = caught(CodecSuite, Json, by=name, capabilities=("lines",))
    assert "installed as ['json'] and makes 'ndjson'" in said


def test_a_format_that_changes(sound, bites) -> None:
    count = itertools.count()

    class Changing(sound.Encoder):
        def __init__(self, limit):
            super().__init__(limit)
            self.format = f"format{next(count)}"

    bites("test_format_is_the_same_each_time", Changing)


def test_one_decoder_for_all(sound, bites) -> None:
    made = {}

    def shared(limit):
        return made.setdefault(limit, sound.Decoder(limit))

    bites("test_each_connection_has_a_decoder_of_its_own", decoder=shared)


def test_bodies_that_may_change(sound, bites) -> None:
    class Buffering(sound.Encoder):
        def encode(self, message):
            return bytearray(super().encode(message))

    bites("test_bodies_and_frames_are_bytes", Buffering)


def test_messages_that_are_no_list(sound, bites) -> None:
    class Lazy(sound.Decoder):
        def feed(self, data):
            return iter(super().feed(data))

    bites("test_feed_gives_a_list_of_messages", decoder=Lazy)


class Text(Json):
    """Lines of JSON, to be broken; a class's own hooks replace these."""

    encoder = JsonEncoder
    decoder = JsonDecoder

    @hookimpl
    def encode(self, max_message_bytes):
        return self.encoder(max_message_bytes)

    @hookimpl
    def decode(self, max_message_bytes):
        return partial(self.decoder, max_message_bytes)


def test_lines_are_claimed_and_not_there(bites) -> None:
    claims = ("bytes", "frames", "lines", "nonfinite")
    for name in ("test_lines", "test_a_plain_door_takes_it"):
        assert "claims 'lines'" in bites(name, capabilities=claims)


def test_lines_are_there_and_not_claimed(caught) -> None:
    for name in ("test_lines", "test_a_plain_door_takes_it"):
        said = caught(CodecSuite, Text, by=name)
        assert "has 'lines' and does not claim it" in said


def test_lines_that_are_several(caught) -> None:
    class Pretty(JsonEncoder):
        def encode(self, message):
            value = json.loads(super().encode(message))
            return json.dumps(value, indent=1).encode()

    class Several(Text):
        encoder = Pretty

    name = "test_each_message_is_one_line_of_text"
    caught(CodecSuite, Several, by=name, capabilities=("lines",))


def test_lines_that_only_a_program_writes(caught) -> None:
    class Strict(JsonDecoder):
        def feed(self, data):
            for line in data.split(b"\n")[:-1]:
                msgspec.json.decode(line)
            return super().feed(data)

    class Narrow(Text):
        decoder = Strict

    name = "test_lines_that_people_type_are_read"
    caught(CodecSuite, Narrow, by=name, capabilities=("lines",))


def test_frames_are_claimed_and_not_there(caught) -> None:
    claims = ("frames", "lines")
    said = caught(CodecSuite, Text, by="test_frames", capabilities=claims)
    assert "claims 'frames'" in said


def test_frames_are_there_and_not_claimed(bites) -> None:
    said = bites("test_frames", capabilities=("bytes", "nonfinite"))
    assert "has 'frames' and does not claim it" in said
