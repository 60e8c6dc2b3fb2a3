"""What hooks hand over: the contracts between core and plugins.

Four times matter. At *load* a named plugin is imported; at *compose* its
hooks are asked, once a door or client, and hand over the objects described
here, with no I/O; per *connection* listeners, connectors, gates work; per
*message* encoders, decoders and queues do, and they may use the CPU only.

Unless a method says otherwise it is called from one thread at a time, the
server's loop or the client's reader or writer, and must not block.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from msgspec import Struct

from plugwire.message import Message, Stamp

if TYPE_CHECKING:
    import asyncio
    import socket

Side: TypeAlias = Literal["server", "client"]
"""Whose pipeline is composed."""
Verb: TypeAlias = Literal[
    "connect", "receive", "send", "request", "attach", "control"
]
"""What a peer may be allowed to do; `control` is the command's questions."""


class Peer(Struct, frozen=True, kw_only=True):
    """Who is at the other end, in the transport's own word.

    `uid`, `gid`, `pid` and `groups` come from the kernel at connect time
    (Unix sockets) or are None and empty. The pid is for logs: it may be
    reused. `address` is text for people.
    """

    transport: str
    address: str
    uid: int | None = None
    gid: int | None = None
    pid: int | None = None
    groups: tuple[int, ...] = ()

    def __str__(self) -> str:
        if self.uid is None:
            return self.address
        return f"{self.transport} uid {self.uid} pid {self.pid}"


# ------------------------------------------------------------- transports


class SocketListener(Protocol):
    """A listening side made of sockets, driven by asyncio or by threads.

    `address` is valid from `open` on, and is what the doors file tells
    clients. `shared` says whether other processes can reach it.
    """

    address: str
    shared: bool

    def open(self, backlog: int) -> Sequence[socket.socket]:
        """Bind, listen, and return the sockets, all of them non-blocking.

        Called under the server's lock, in the loop's thread; it may do file
        I/O. Raises `AlreadyRunning`, `ConnectionFailed` or `Denied`, and
        leaves nothing behind when it raises.
        """

    def accepted(self, sock: socket.socket, *, small: bool) -> Peer:
        """Tune an accepted socket and say who is there.

        `small` asks for a small send buffer. Raises OSError when the peer
        has gone already.
        """

    def close(self) -> None:
        """Close the sockets and remove what `open` made; never raises for
        what is gone already. A second time, or after an `open` that raised,
        it does nothing."""


class StreamListener(Protocol):
    """A listening side that is no socket: it gives asyncio transports."""

    address: str
    shared: bool

    async def start(
        self, factory: Callable[[Peer], asyncio.BaseProtocol], *, small: bool
    ) -> None:
        """Accept from now on: for each peer call `factory` once, then its
        protocol's `connection_made`. Raises `AlreadyRunning` or
        `ConnectionFailed` and leaves nothing behind then."""

    async def stop(self) -> None:
        """Accept no more. Connections made live on. A second time, or after
        a `start` that raised, it does nothing."""


class Target(Struct, frozen=True):
    """One address to try: `family` and `address` as for `socket`."""

    family: int
    address: Any
    text: str


class SocketConnector(Protocol):
    """A connecting side made of sockets.

    `address` is text for errors. `looks_up` says that `targets` may block
    on a name service, and is then called in a thread.
    """

    address: str
    looks_up: bool

    def targets(self, told: str | None) -> Sequence[Target]:
        """The addresses to try, in order; called for each attempt.

        `told` is the door's address from the doors file, or None. Raises
        `ConnectionFailed` with the mend when there is nothing to try.
        """

    def connected(self, sock: socket.socket) -> Peer:
        """Tune a connected socket and say who serves there."""

    def mend(self, error: OSError) -> str:
        """What to do about `error`, for people."""


class StreamConnector(Protocol):
    """A connecting side that is no socket."""

    address: str

    async def connect(
        self, factory: Callable[[Peer], asyncio.BaseProtocol], told: str | None
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect and return the pair, as `loop.create_connection` does.

        `factory` is told who serves there. Raises `ConnectionFailed`;
        cancelling it leaves nothing open.
        """


Listener: TypeAlias = SocketListener | StreamListener
"""What `bind` hands over."""
Connector: TypeAlias = SocketConnector | StreamConnector
"""What `connect` hands over."""

# ------------------------------------------------------------------ codecs


class Encoder(Protocol):
    """Messages to bytes. One serves all connections of a door.

    `format` names the bytes: both ends must have the same. A codec that is
    called otherwise has an attribute `format` too, on its class, by which
    clients find a door of any codec of that format. `lines` is true
    for codecs whose frame is text lines, the only ones a plain door takes.
    """

    format: str
    lines: bool

    def encode(self, message: Message) -> bytes:
        """The body of one message. Raises `MessageError` for what the
        format cannot carry."""

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        """One frame (or lines) that holds `bodies` in order: from 1 to
        `framing.MAX_FRAME_MESSAGES`, together at most
        `framing.frame_limit(max_message_bytes)` bytes."""


class LeanEncoder(Encoder, Protocol):
    """An encoder that says what a frame of one message begins with, so that
    a large one need not be copied to be framed. Whoever wraps an encoder
    need not hand this on."""

    def head(self, body: bytes) -> bytes:
        """What stands before `body` where it is alone in a frame:
        `frame([body])` is `head(body) + body`."""


class StampingEncoder(Encoder, Protocol):
    """An encoder that need not be told for each message what all of a
    millisecond share; most of what is said has only data and a number
    besides. Whoever wraps an encoder need not hand this on."""

    def encode_stamped(
        self,
        stamp: Stamp,
        data: dict[str, Any],
        seq: int | None = None,
        id: int | None = None,
        reply_to: int | None = None,
    ) -> bytes:
        """What `encode` gives for the `Message` of these fields, and raises
        for it; one of the three numbers at most is not None. A stamp never
        changes: what was made of it holds for as long as it is the very same
        one."""


class Decoder(Protocol):
    """Bytes to messages. Each connection has its own, so it must be small
    while it is idle."""

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete with `data`, in order.

        Raises `MessageError` for anything else, and is not used again then.
        Only the message's wire fields are taken: `kept` stays False.
        """


class Unpacker(Decoder, Protocol):
    """A decoder that makes more bytes of what came, an extension's say.

    `unpacked` is how many those of the last `feed` came to: a client's
    buffer, and what waits for a server's handlers, count them in place of
    what came. No more than 16 KiB are read for it at once, so that one feed
    does not take long; where it has a `room` too, that is for no more than
    the frame that has begun (`FrameSplitter.missing`). Whoever wraps such a
    decoder hands the attribute on.
    """

    unpacked: int


class RoomyDecoder(Decoder, Protocol):
    """A decoder that has large messages read into memory of its own, and
    does not keep what it is fed: a say of its own, which saves two copies.

    Its `feed` takes views too. What it is to keep of one it copies, but for
    the one that it gave itself: `framing.FrameSplitter` does all of this.
    Whoever wraps such a decoder, and feeds it what came, hands `room` on.
    """

    def feed(self, data: bytes | memoryview) -> list[Message]:
        """As any decoder's; a view is good until it returns."""

    def room(self) -> memoryview | None:
        """Where what comes next is best read, as much of it as there is;
        None: anywhere. Asked for after a feed, and good for one read: what
        was read there is fed as the view of its beginning. A header alone
        must not make it large."""


DecoderFactory: TypeAlias = Callable[[], Decoder]
"""What `decode` hands over: called once a connection."""

# ------------------------------------------------------------- permissions


class Gate(Protocol):
    """Who may come in: one party's proof, checked in the handshake.

    `name` is its key in `proof`. `needs_proof` says that `admit` wants one
    from the client, which a plain door cannot give. `admit`, `prove` and
    `confirm` raise `Denied` to refuse; any other exception, and any answer
    but str or None, refuses too.
    """

    name: str
    needs_proof: bool

    def prepare(self) -> None:
        """Server: called once at each start, before a door opens. It may do
        file I/O. What it raises, a `Denied` say, stops the start."""

    def admit(
        self, peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str | None:
        """Server: let the peer in. The answer is the server's own proof."""

    def prove(
        self, peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str | None:
        """Client: check who serves, before anything secret is said, and
        return the proof to send. `hello` is complete but for `proof`."""

    def confirm(
        self,
        peer: Peer,
        welcome: Mapping[str, Any],
        hello: Mapping[str, Any],
        joined: Mapping[str, Any],
    ) -> None:
        """Client: check the server's proof in `joined`."""


class Verdict(enum.Enum):
    """`ALLOW` is the one answer of a Check that allows."""

    ALLOW = "allow"


ALLOW = Verdict.ALLOW
"""The yes of a Check."""


class Deny(Struct, frozen=True):
    """A Check's no, with the reason that the peer is told."""

    reason: str


class Subject(Struct, frozen=True):
    """What an act is about: the event, and the session where it has one."""

    event: str
    session: str | None = None


Check: TypeAlias = Callable[[Peer, Verb, Subject], Verdict | Deny]
"""Who may do what. All checks of a door must return `ALLOW`; None, an
exception and everything else deny."""

# ------------------------------------------------------------------- queue


class Kept(Struct, eq=False):
    """A broadcast that a queue may keep.

    `bodies` holds it encoded, once for each codec of the server, None where
    that codec could not carry it; `size` is their bytes in all; `at` is the
    monotonic time in seconds.
    """

    seq: int
    bodies: tuple[bytes | None, ...]
    size: int
    at: float


class Queue(Protocol):
    """What is kept for clients that are not there yet. One a server; all
    calls come from the server's loop."""

    def wants(self, joined: int) -> bool:
        """Whether a broadcast to `joined` clients is to be offered.

        Called from any thread. The answer follows from `joined` alone, and
        is not asked for again until that is another number. Where it is
        false, no message is encoded for doors that nobody is at.
        """

    def offer(self, item: Kept, joined: int) -> int:
        """A broadcast to all went out to `joined` clients: keep it or not.

        Returns how many were lost since the last call, which the server
        counts as dropped: let go unseen to make room or for their age, and
        `item` itself where it does not fit at all.
        """

    def preface(
        self, joined: int, since: int | None, now: float
    ) -> Sequence[Kept]:
        """What a newcomer is handed first, in order. `joined` others are
        there already; `since` is the last `seq` it has seen (same
        incarnation), or None.

        Each item is followed by one `handed` or one `returned`, unless
        `clear` came between. A queue that gives an item to one client only
        gives it to nobody else until then.
        """

    def handed(self, item: Kept) -> None:
        """The bytes of `item` are in the kernel on their way to a newcomer
        that `preface` gave it to."""

    def returned(self, items: Sequence[Kept]) -> None:
        """The newcomer left before these, in the order of `preface`, were
        in the kernel: none was seen, keep them again, in front."""

    def clear(self) -> int:
        """Let everything go; returns how many were waiting. What is being
        handed goes on to its newcomer, and is not kept again."""

    def __len__(self) -> int:
        """How many are kept: waiting, or being handed."""


# --------------------------------------------------------------- extensions


class Layers(Struct, frozen=True, kw_only=True):
    """What an extension may replace while a pipeline is composed.

    A client has no queue and no checks (None, empty).
    """

    encoder: Encoder
    decoder: DecoderFactory
    checks: tuple[Check, ...] = ()
    queue: Queue | None = None


class Context(Struct, frozen=True, kw_only=True):
    """What a plugin may know of the pipeline that it is composed into.

    `endpoint` is the event's name, or `event.door`. `socket_dir` is the
    private folder of this configuration; it may not exist yet.
    """

    side: Side
    event: str
    door: str
    endpoint: str
    socket_dir: Path
    max_message_bytes: int
