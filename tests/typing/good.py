"""What authors write, annotated as the interfaces have it: both type
checkers take all of it, at their strictest."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgspec.structs import replace

from plugwire import (
    Client,
    ClientInfo,
    Denied,
    Message,
    MessageError,
    MessageType,
    Server,
    hookimpl,
    sync,
)
from plugwire.hookspecs import (
    CodecPlugin,
    ExtensionPlugin,
    PermissionPlugin,
    QueuePlugin,
    TransportPlugin,
)
from plugwire.interfaces import (
    ALLOW,
    Check,
    Context,
    DecoderFactory,
    Deny,
    Encoder,
    Gate,
    Kept,
    Layers,
    Peer,
    Subject,
    Target,
    Verb,
    Verdict,
)

if TYPE_CHECKING:
    from annotated_types import Ge, Le


# ------------------------------------------------------------- a transport


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """The section [plugwire.loop]."""

    port: Annotated[int, Ge(0), Le(65535)] = 0


class LoopListener:
    shared = True

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._port = port
        self._sockets: list[socket.socket] = []

    def open(self, backlog: int) -> Sequence[socket.socket]:
        sock = socket.create_server(("127.0.0.1", self._port))
        sock.setblocking(False)
        sock.listen(backlog)
        self._sockets = [sock]
        return self._sockets

    def accepted(self, sock: socket.socket, *, small: bool) -> Peer:
        if small:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return Peer(transport="loop", address=str(sock.getpeername()))

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()


class LoopConnector:
    looks_up = False

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._port = port

    def targets(self, told: str | None) -> Sequence[Target]:
        port = int(told.rpartition(":")[2]) if told else self._port
        where = ("127.0.0.1", port)
        return (Target(socket.AF_INET, where, self.address),)

    def connected(self, sock: socket.socket) -> Peer:
        return Peer(transport="loop", address=str(sock.getpeername()))

    def mend(self, error: OSError) -> str:
        return f"start the server ({error.strerror})"


class Loop:
    Settings = LoopSettings
    default_permissions = ("anyone",)

    def __init__(self, settings: LoopSettings) -> None:
        self._port = settings.port

    def needs_explicit_permissions(self) -> bool:
        return False

    @hookimpl
    def bind(self) -> LoopListener:
        return LoopListener(self._port)

    @hookimpl
    def connect(self, endpoint: str, socket_dir: Path) -> LoopConnector:
        (socket_dir / endpoint).exists()
        return LoopConnector(self._port)


# ------------------------------------- a transport that is made of no socket


class PipeListener:
    address = "pipe"
    shared = False

    async def start(
        self,
        factory: Callable[[Peer], asyncio.BaseProtocol],
        *,
        small: bool,
    ) -> None:
        factory(Peer(transport="pipe", address=f"{self.address} {small}"))

    async def stop(self) -> None:
        return


class PipeConnector:
    address = "pipe"

    async def connect(
        self,
        factory: Callable[[Peer], asyncio.BaseProtocol],
        told: str | None,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        loop = asyncio.get_running_loop()
        peer = Peer(transport="pipe", address=told or self.address)
        return await loop.create_connection(lambda: factory(peer), "::1", 1)


class Pipe:
    @hookimpl
    def bind(self, context: Context) -> PipeListener:
        assert context.side == "server"
        return PipeListener()

    @hookimpl
    def connect(self) -> PipeConnector:
        return PipeConnector()


# ----------------------------------------------------------------- a codec


class LinesEncoder:
    format = "lines"
    lines = True

    def encode(self, message: Message) -> bytes:
        try:
            text = json.dumps(message.data)
        except TypeError as error:
            raise MessageError(str(error)) from error
        return text.encode()

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        return b"".join(body + b"\n" for body in bodies)


class LinesDecoder:
    def __init__(self, limit: int) -> None:
        self._limit = limit

    def feed(self, data: bytes) -> list[Message]:
        if len(data) > self._limit:
            raise MessageError("too long")
        return [self._message(line) for line in data.splitlines()]

    def _message(self, line: bytes) -> Message:
        return Message(
            event_name="x",
            timestamp_ms=0,
            timestamp_iso="1970-01-01T00:00:00.000+00:00",
            message_type=MessageType.DATA,
            data={"line": line},
        )


class Lines:
    @hookimpl
    def encode(self) -> Encoder:
        return LinesEncoder()

    @hookimpl
    def decode(self, max_message_bytes: int) -> DecoderFactory:
        return lambda: LinesDecoder(max_message_bytes)


# ------------------------------------------------------------- permissions


class DayGate:
    name = "day"
    needs_proof = False

    def prepare(self) -> None:
        return

    def admit(
        self, peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str | None:
        if peer.uid is None or "x" in hello:
            raise Denied("not you", f"ask {welcome['event']}")
        return None

    def prove(
        self, peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str | None:
        return None

    def confirm(
        self,
        peer: Peer,
        welcome: Mapping[str, Any],
        hello: Mapping[str, Any],
        joined: Mapping[str, Any],
    ) -> None:
        return


class Day:
    @hookimpl
    def accept(self, endpoint: str) -> Gate:
        assert endpoint
        return DayGate()


class Quiet:
    @hookimpl
    def authorize(self) -> Check:
        return self.check

    def check(
        self, peer: Peer, verb: Verb, subject: Subject
    ) -> Verdict | Deny:
        if verb == "send":
            return Deny(f"{peer} only listens to {subject.event}")
        return ALLOW


# ------------------------------------------------------ a queue, an extension


class LastQueue:
    def __init__(self) -> None:
        self._last: list[Kept] = []

    def wants(self, joined: int) -> bool:
        return joined == 0

    def offer(self, item: Kept, joined: int) -> int:
        lost = len(self._last)
        self._last = [item]
        return lost

    def preface(
        self, joined: int, since: int | None, now: float
    ) -> Sequence[Kept]:
        return [item for item in self._last if now - item.at < 60]

    def handed(self, item: Kept) -> None:
        return

    def returned(self, items: Sequence[Kept]) -> None:
        self._last = list(items)

    def clear(self) -> int:
        return len(self._last)

    def __len__(self) -> int:
        return len(self._last)


class Last:
    @hookimpl
    def queue(self) -> LastQueue:
        return LastQueue()


class Loud:
    """Wraps an encoder, and is one."""

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner
        self.format = inner.format
        self.lines = inner.lines

    def encode(self, message: Message) -> bytes:
        return self._inner.encode(message)

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        return self._inner.frame(bodies)


class Louder:
    changes_bytes = True

    @hookimpl(specname="wrap")
    def around(self, layers: Layers) -> Layers:
        return self.wrap(layers)

    def wrap(self, layers: Layers) -> Layers:
        return replace(layers, encoder=Loud(layers.encoder))


PLUGINS: tuple[
    tuple[type[TransportPlugin], ...],
    type[CodecPlugin],
    tuple[type[PermissionPlugin], ...],
    type[QueuePlugin],
    type[ExtensionPlugin],
] = ((Loop, Pipe), Lines, (Day, Quiet), Last, Louder)


# ------------------------------------------------------------------ handlers


async def programs() -> None:
    """What programs do with what an author made."""
    async with (
        Server(
            "load", codec=Lines(), transport=Loop(LoopSettings())
        ) as server,
        Client("load", codec=Lines()) as client,
    ):

        @server.on_connect
        async def came(who: ClientInfo) -> None:
            await asyncio.sleep(0)
            assert who.door

        @server.on_message
        def heard(who: ClientInfo, message: Message) -> dict[str, Any] | None:
            return {"you": who.id, **message.data}

        @server.on_disconnect
        def left(who: ClientInfo, reason: str) -> None:
            print(who.id, reason)

        @server.snapshot
        def state(who: ClientInfo) -> Mapping[str, Any] | None:
            return {"for": who.id}

        @client.on_gap
        def lost(away: Client, missed: int | None) -> None:
            print(away.missed, missed)

        count: int = server.broadcast({"load": 0.4})
        answer: Message = await client.request({"a": count}, timeout=1)
        print(answer.data["you"], came, heard, left, state, lost)
        async for message in client:
            print(message.event_name, message.seq)


def blocking() -> None:
    with sync.Server("load") as server, sync.Client("load") as client:
        server.broadcast({"a": 1})
        message = client.receive(timeout=1)
        print(message.data)
