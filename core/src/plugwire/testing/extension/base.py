"""What the checks of extensions share: layers to wrap, messages to send."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

import pytest

from plugwire.interfaces import (
    ALLOW,
    Decoder,
    Encoder,
    Layers,
    Peer,
    Side,
    Subject,
    Verb,
    Verdict,
)
from plugwire.message import Message, MessageType
from plugwire.plugins import Kind
from plugwire.testing.asking import ask
from plugwire.testing.companions import ShelfQueue
from plugwire.testing.frames import Frames, FramesDecoder, FramesEncoder
from plugwire.testing.pipes import LIMIT, Piped, Pipes


class Wrap(Protocol):
    """What the fixture `wrap` is."""

    def __call__(
        self,
        layers: Layers,
        side: Side = ...,
        *,
        by: Any = ...,
        **changed: Any,
    ) -> Layers: ...


SIDES: tuple[Side, ...] = ("server", "client")


def message(data: dict[str, Any], seq: int | None = None) -> Message:
    """A message as a server makes it."""
    return Message(
        event_name="kit",
        timestamp_ms=1_767_960_000_123,
        timestamp_iso="2026-01-09T12:00:00.123+00:00",
        message_type=MessageType.DATA,
        data=data,
        seq=seq,
    )


def noise(size: int) -> str:
    """Text of `size` characters that nothing makes shorter by much."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(random.Random(size).choices(letters, k=size))


def samples() -> list[Message]:
    """Small ones and large ones, such as repeat and such as do not."""
    return [
        message({}),
        message({"load": 0.42, "cores": [1, 2, 3], "name": "döörs"}, 1),
        message({"deep": {"er": [{"null": None, "yes": True}]}}, 2),
        message({"text": "again and " * 20_000}, 3),
        message({"text": noise(100_000)}, 4),
    ]


class FramedPipes(Pipes):
    """Their codec makes frames, for an extension may refuse one of lines."""

    def settings(self, **changed: Any) -> dict[str, Any]:
        """What stands under `[plugwire]`."""
        return super().settings(**{"codec": Frames(), **changed})


class ExtensionBase(Piped):
    """Every topic of the suite is one of these."""

    KIND: ClassVar[Kind] = "extension"
    CAPABILITIES: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "encoder": "it puts another encoder in place of the given one",
            "decoder": "it puts another factory of decoders in place",
            "checks": "it replaces, adds or takes out checks",
            "queue": "it puts another queue in place of the given one",
            "changes_bytes": "what it makes, only a peer that has it reads",
        }
    )

    @pytest.fixture
    def pipes(self, tmp_path: Path) -> Pipes:
        """Servers and clients of one test."""
        return FramedPipes(tmp_path / "plugwire")

    def given(self, side: Side = "server", limit: int = LIMIT) -> Layers:
        """Layers as core has them, of the kit's own companions."""
        serves = side == "server"
        return Layers(
            encoder=FramesEncoder(limit),
            decoder=lambda: FramesDecoder(limit),
            checks=(allow,) if serves else (),
            queue=ShelfQueue() if serves else None,
        )

    @pytest.fixture
    def wrap(self, section: Mapping[str, Any], pipes: Pipes) -> Wrap:
        """Wraps layers as core has them wrapped: by a plugin of its own each
        time, or by `by`."""

        def wrap(
            layers: Layers,
            side: Side = "server",
            *,
            by: Any = None,
            **changed: Any,
        ) -> Layers:
            plugin = self.make(section) if by is None else by
            context = pipes.context(side, **changed)
            answer = ask(plugin, "wrap", context, layers=layers)
            assert isinstance(answer, Layers)
            return answer

        return wrap


def allow(peer: Peer, verb: Verb, subject: Subject) -> Verdict:
    """A check that allows everything."""
    del peer, verb, subject
    return ALLOW


def sent(encoder: Encoder, messages: Sequence[Message]) -> bytes:
    """The bytes of `messages`, a frame each."""
    return b"".join(
        encoder.frame([encoder.encode(message)]) for message in messages
    )


def same(found: Sequence[Message], expected: Sequence[Message]) -> None:
    """What came is what was said, named at the first that differs."""
    for at, (one, other) in enumerate(zip(found, expected, strict=False)):
        assert one == other, (
            f"message {at} comes back as {one!r:.300}, and was {other!r:.300}"
        )
    assert len(found) == len(expected), (
        f"{len(expected)} messages were sent, {len(found)} came"
    )


def drained(decoder: Decoder, data: bytes, pieces: int) -> list[Message]:
    """What `decoder` makes of `data` in pieces of so many bytes."""
    found: list[Message] = []
    for at in range(0, len(data), pieces):
        found += decoder.feed(data[at : at + pieces])
    return found
