"""How peers without a codec of their own encode the record."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

Encode = Callable[[Any], bytes]
Decode = Callable[[bytes], Any]


def codec(name: str) -> tuple[Encode, Decode]:
    """`msgpack` or `msgspec` (the same bytes): to and from plain dicts."""
    if name == "msgpack":
        msgpack = importlib.import_module("msgpack")
        return msgpack.Packer().pack, msgpack.unpackb
    msgspec = importlib.import_module("msgspec")
    return msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode
