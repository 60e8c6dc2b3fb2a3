"""A message to start from, a codec that is packed, and a short folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugwire.message import Message, MessageType
from plugwire_compress import PackingEncoder, UnpackingDecoder
from plugwire_compress.encoder import compressor
from plugwire_compress.layer import unpacked_limit
from plugwire_msgpack import MsgpackDecoder, MsgpackEncoder

LIMIT = 1 << 20


@pytest.fixture(scope="session")
def message() -> Callable[..., Message]:
    """Makes a message, with the given fields in place of the usual."""

    def make(**changes: Any) -> Message:
        fields: dict[str, Any] = {
            "event_name": "status",
            "timestamp_ms": 1767960000123,
            "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
            "message_type": MessageType.DATA,
            "data": {},
        }
        return Message(**(fields | changes))

    return make


@pytest.fixture(scope="session")
def packing() -> Callable[..., SimpleNamespace]:
    """Makes `plain`, a MessagePack encoder; `encoder`, it packed; `decoder`,
    which makes decoders; `limit`, what a frame may hold."""

    def make(
        limit: int = LIMIT, threshold: int = 512, keep: bool = True
    ) -> SimpleNamespace:
        plain = MsgpackEncoder(limit)
        unpacked = unpacked_limit(limit)
        return SimpleNamespace(
            plain=plain,
            encoder=PackingEncoder(
                plain, compressor(1, keep=keep), threshold, unpacked
            ),
            decoder=partial(
                UnpackingDecoder, partial(MsgpackDecoder, limit), unpacked
            ),
            limit=unpacked,
        )

    return make


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder, its path short enough for a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="pw-"))
    yield folder
    shutil.rmtree(folder)
