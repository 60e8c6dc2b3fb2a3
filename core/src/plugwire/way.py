"""A client's way to its server: which door, by what, in which words; no
connection is made here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, TypeAlias
from zoneinfo import ZoneInfo

from plugwire.choice import Choice, choose
from plugwire.compose import compose_client
from plugwire.encoders import Stamped, stamped
from plugwire.errors import ConfigurationError, MessageError
from plugwire.handshake import ClientHandshake, Role
from plugwire.interfaces import Peer
from plugwire.loading import gather
from plugwire.message import Message, MessageType, check_event_name
from plugwire.pipeline import ClientPipeline
from plugwire.protocol import Messages, check_type, to_dict
from plugwire.settings import Settings
from plugwire.standing import Standing

Types: TypeAlias = tuple[MessageType, ...]
USUAL: Types = (MessageType.DATA, MessageType.ERROR)
"""What a client is handed that was not told otherwise."""
MESSAGES = 32
"""Makers of messages that are remembered: one an event and a time zone."""


@lru_cache(maxsize=MESSAGES)
def _messages(event: str, timezone: str) -> Messages:
    """One for all clients of an event: they share the time's text too."""
    return Messages(event, ZoneInfo(timezone))


def _types(message_types: Iterable[MessageType | str]) -> Types:
    """Those types, each once. Asked for the usual ones, which are the
    default of a call and so the very same object, it gives the same too."""
    if message_types is USUAL:
        return USUAL
    # No set: the hash of an enum's member is Python's to compute.
    return tuple(dict.fromkeys(map(check_type, message_types)))


class Way:
    """The way of one client, and the pipeline that follows from it.

    `types` are the message types that it is handed. One thread at a time may
    call `find`.
    """

    def __init__(
        self,
        event: str,
        settings: Settings,
        *,
        door: str | None,
        role: Role,
        types: Collection[MessageType],
    ) -> None:
        self.event = check_event_name(event)
        self.settings = settings
        self.door = None if door is None else check_event_name(door)
        self.role: Role = role
        self.types = types
        self.messages = _messages(event, settings.timezone)
        self._choice: Choice | None = None
        self._pipeline: ClientPipeline | None = None
        self._encode: Stamped

    @classmethod
    def called(
        cls,
        event: str,
        *,
        door: str | None,
        receive: bool,
        message_types: Iterable[MessageType | str],
        settings: str | Path | Mapping[str, Any] | Settings | None,
        overrides: Mapping[str, Any],
    ) -> Self:
        """The way of a `Client` that was called so. Raises
        `ConfigurationError` and `ValidationFailed`."""
        check_event_name(event)
        gathered, problems = gather(settings, overrides)
        if problems:
            raise ConfigurationError(problems)
        return cls(
            event,
            gathered,
            door=door,
            role="member" if receive else "sender",
            types=_types(message_types),
        )

    @property
    def address(self) -> str:
        """Where the last attempt went, for people."""
        if self._pipeline is None:
            return self.event
        connector = self._pipeline.connector
        return f"{self._pipeline.transport}:{connector.address}"

    def find(
        self,
        look: Callable[[str, Settings, str | None], Choice] = choose,
    ) -> tuple[ClientPipeline, str | None]:
        """The pipeline for the next attempt, and the address that the doors
        file tells.

        Looks anew each time (by `look`, which may know it already), since a
        restarted server may have another port, and composes where door,
        transport or codec differ from the last time. Raises
        `ConnectionFailed`, `Refused`, and what composing raises.
        """
        last = self._choice
        choice = look(self.event, self.settings, self.door)
        if self._pipeline is None or last is None or last.way != choice.way:
            self._pipeline = compose_client(
                self.event,
                self.settings,
                door=choice.door,
                endpoint=choice.endpoint,
                transport=choice.transport,
                codec=choice.codec,
            )
            self._encode = stamped(self._pipeline.encoder)
        self._choice = choice
        return self._pipeline, choice.told

    def handshake(self, peer: Peer, standing: Standing) -> ClientHandshake:
        """What is to be said to `peer` by a client of that standing."""
        pipeline = self._pipeline
        assert pipeline is not None, "find() comes first"
        return ClientHandshake(
            event=self.event,
            codec=pipeline.format,
            extensions=pipeline.extensions,
            gates=pipeline.gates,
            peer=peer,
            role=self.role,
            session=standing.session,
            known=standing.known,
        )

    def say(
        self, data: Mapping[str, Any], message_type: MessageType, limit: int
    ) -> bytes:
        """The frame of a message, see `frame`."""
        stamp = self.messages.stamp(message_type)
        return self._framed(self._encode(stamp, to_dict(data)), limit)

    def ask(self, data: Mapping[str, Any], number: int, limit: int) -> bytes:
        """The frame of a request whose id is `number`, see `frame`."""
        stamp = self.messages.stamp()
        body = self._encode(stamp, to_dict(data), None, number)
        return self._framed(body, limit)

    def frame(self, message: Message, limit: int) -> bytes:
        """`message` as bytes for the wire. Raises `MessageError` for what
        the codec cannot carry, and over `limit` bytes; `ValidationFailed`
        for data that is no mapping."""
        pipeline = self._pipeline
        assert pipeline is not None, "find() comes first"
        return self._framed(pipeline.encoder.encode(message), limit)

    def _framed(self, body: bytes, limit: int) -> bytes:
        pipeline = self._pipeline
        assert pipeline is not None, "find() comes first"
        if len(body) > limit:
            raise MessageError(
                f"a message of {len(body)} bytes, over the {limit} that the "
                "server takes (its max_message_bytes)"
            )
        return pipeline.encoder.frame([body])

    def why_silent(self, buffered: int, held: bool) -> str:
        """Why no answer came, where the client itself is the reason: it
        does not read, with so many messages `buffered`."""
        if not held:
            return ""
        return (
            f": {buffered} messages were not consumed, so that reading has "
            "stopped; receive them, or connect with receive=False"
        )
