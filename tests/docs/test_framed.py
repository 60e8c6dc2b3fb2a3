"""The recipe in the docstring of `plugwire.framed` is a codec."""

from __future__ import annotations

import functools
import inspect
import io
import re
import textwrap
from typing import Any

import cbor2
import pytest

from plugwire import Message, MessageError, MessageType, framed, hookimpl
from plugwire.framing import MAX_MESSAGE_BYTES, frame

SAID = Message(
    event_name="load",
    timestamp_ms=1767960000123,
    timestamp_iso="2026-01-09T12:00:00.123+00:00",
    message_type=MessageType.DATA,
    data={"a": [1, 2.5, None, "x"]},
)


def test_the_recipe_is_a_codec_as_help_shows_it() -> None:
    shown = inspect.getdoc(framed)
    assert shown is not None
    blocks = re.findall(r"\n\n((?:    .*\n|\n)+)", shown)
    names: dict[str, Any] = {
        "BytesIO": io.BytesIO,
        "cbor2": cbor2,
        "hookimpl": hookimpl,
        "partial": functools.partial,
        "FramedDecoder": framed.FramedDecoder,
        "FramedEncoder": framed.FramedEncoder,
    }
    for block in blocks:
        exec(textwrap.dedent(block), names)
    codec = names["Cbor"]()
    encoder = codec.encode(MAX_MESSAGE_BYTES)
    data = encoder.frame([encoder.encode(SAID)] * 2)
    feed = codec.decode(MAX_MESSAGE_BYTES)().feed
    assert feed(data) == [SAID, SAID]
    reference = frame(b"\x99\x00\x01\xd8\x1d\x00")
    with pytest.raises(MessageError):
        feed(reference)
