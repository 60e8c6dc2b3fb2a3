"""A client's connection: handshake, joined, lost; the asyncio side of it."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence
from typing import Protocol, cast

from plugwire.aio.scratch import little_buffer, read_buffer
from plugwire.aio.tls import hold_nothing
from plugwire.errors import ConnectionClosed, PlugwireError
from plugwire.framing import LARGE
from plugwire.handshake import ClientHandshake
from plugwire.interfaces import DecoderFactory
from plugwire.message import Message, MessageType
from plugwire.protocol import (
    ClientProtocol,
    Gap,
    Goodbye,
    Reply,
    ServerFacts,
    facts,
)
from plugwire.rooms import FEW_BYTES
from plugwire.sockets import widen


class Holder(Protocol):
    """What a link tells its client, from `joined` on."""

    def joined(self, link: Link, server: ServerFacts) -> None:
        """`link` has joined: its first message may come at once."""

    def received(
        self,
        messages: list[Message],
        size: int,
        events: Sequence[Reply | Gap] = (),
    ) -> None:
        """All that one read of `size` bytes brought, messages of the
        application or none: who waits for any of it may go on."""

    def lost(self, link: Link, error: ConnectionClosed) -> None:
        """The connection is over."""


class Link(asyncio.BufferedProtocol):
    """One connection of a client.

    `joined` is a future that holds the server's facts, or the error that
    ended the handshake; `since` is the loop's time in seconds at which it
    joined; `is_abandoned` that nobody was given it.
    """

    def __init__(
        self,
        holder: Holder,
        handshake: ClientHandshake,
        decoder: DecoderFactory,
        types: Container[MessageType],
    ) -> None:
        self._holder = holder
        self._shake: ClientHandshake | None = handshake
        self._decoder = decoder
        self._types = types
        self._usual = little_buffer()  # what comes may be packed already
        self._buffer = self._usual
        self._much = FEW_BYTES
        self._transport: asyncio.Transport | None = None
        self._protocol: ClientProtocol | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._order = asyncio.Lock()
        self._goodbye: Goodbye | None = None
        self._cause: PlugwireError | None = None
        self.shake = handshake
        self.since = 0.0
        self.is_over = False
        self.is_abandoned = False
        self.joined: asyncio.Future[ServerFacts] = (
            asyncio.get_running_loop().create_future()
        )
        self._is_closed = False
        self._closed: asyncio.Future[None] | None = None

    @property
    def closed(self) -> asyncio.Future[None]:
        """Done when the transport is gone. Made for who asks: most links
        are asked at their end, if ever."""
        if self._closed is None:
            self._closed = asyncio.get_running_loop().create_future()
            if self._is_closed:
                self._closed.set_result(None)
        return self._closed

    # ---------------------------------------------------- asyncio's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        hold_nothing(self._transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if nbytes >= self._much and self._protocol is not None:
            self._read_much(self._protocol, self._buffer[:nbytes])
            return
        data = bytes(self._buffer[:nbytes])
        if self._protocol is not None:
            self._read(self._protocol, data)
        elif self._shake is not None:
            self._shake_hands(data)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        reason = "the server closed the connection"
        if exc is not None:
            reason = f"the connection broke: {exc}"
        if self._cause is not None:
            reason = str(self._cause)
        final = False
        if self._goodbye is not None:
            reason, final = self._goodbye.reason, self._goodbye.final
        self._over(ConnectionClosed(reason, final=final))
        self._is_closed = True
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    # ---------------------------------------------------------- handshake

    def _shake_hands(self, data: bytes) -> None:
        shake = self._shake
        assert shake is not None
        assert self._transport is not None
        try:
            answer = shake.feed(data)
        except PlugwireError as error:
            self._fail(error)
            return
        if answer:
            self._transport.write(answer)
        if shake.joined is not None and shake.welcome is not None:
            self._shake = None
            self._protocol = ClientProtocol(
                self._decoder(), shake.joined, self._types
            )
            if self._protocol.unpacker is None:
                self._buffer = self._usual = read_buffer()
            self.since = asyncio.get_running_loop().time()
            server = facts(shake.welcome, shake.joined)
            self._holder.joined(self, server)
            if not self.joined.done():
                self.joined.set_result(server)
            if shake.rest:
                self._read(self._protocol, shake.rest)

    def _fail(self, error: PlugwireError) -> None:
        self._cause = error
        self._shake = None
        if not self.joined.done():
            self.joined.set_exception(error)
            self.joined.exception()
        if self._transport is not None:
            self._transport.abort()

    # ---------------------------------------------------------- receiving

    @property
    def seq(self) -> int:
        """The last broadcast to all that this link knows of."""
        return self._protocol.seq if self._protocol is not None else 0

    def _read(self, protocol: ClientProtocol, data: bytes) -> None:
        try:
            messages = protocol.feed(data)
        except PlugwireError as error:
            self._fail(error)
            return
        if protocol.events:
            self._tell(protocol, messages)
        elif messages:
            self._holder.received(messages, protocol.size)

    def _tell(self, protocol: ClientProtocol, messages: list[Message]) -> None:
        told: list[Reply | Gap] = []
        for event in protocol.events:
            if isinstance(event, Goodbye):
                self._goodbye = event
            else:
                told.append(event)
        protocol.events = []
        self._holder.received(messages, protocol.size, told)

    def _read_much(self, protocol: ClientProtocol, view: memoryview) -> None:
        """As `_read`, without a copy where the decoder needs none."""
        roomy = protocol.roomy
        if roomy is None:
            self._read(protocol, bytes(view))
            return
        self._read(protocol, cast("bytes", view))
        room = roomy.room()
        if room is None:
            self._buffer, self._much = self._usual, FEW_BYTES
        else:
            self._buffer, self._much = room, 0

    def pause_reading(self) -> None:
        """Read no more until `resume_reading`."""
        if self._transport is not None and not self.is_over:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        if self._transport is not None and not self.is_over:
            self._transport.resume_reading()

    # ------------------------------------------------------------ sending

    @property
    def is_free(self) -> bool:
        """Whether what was written is in the kernel, and nobody waits for
        that: who writes now need not wait either."""
        return self._writable.is_set() and not self._order.locked()

    async def write(self, frame: bytes) -> None:
        """Write `frame` once what was written before is in the kernel.

        Whole or not at all: cancelled while it waits, nothing is written.
        Raises `ConnectionClosed`.
        """
        if self.is_free:
            self.write_now(frame)
            return
        async with self._order:
            await self._writable.wait()
            self.write_now(frame)

    def write_now(self, frame: bytes) -> None:
        """Write `frame` behind all that was written."""
        if self.is_over or self._transport is None:
            raise ConnectionClosed("the connection is gone")
        if len(frame) > LARGE:
            sock = self._transport.get_extra_info("socket")
            if sock is not None:
                widen(sock, len(frame))
        self._transport.write(frame)

    async def drain(self) -> None:
        """Until all that was written is in the kernel, or the end."""
        async with self._order:
            await self._writable.wait()

    # ---------------------------------------------------------------- end

    def close(self) -> None:
        """Close once what was written is out."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut it."""
        if self._transport is not None:
            self._transport.abort()

    def abandon(self) -> None:
        """Cut it, over at once: who made it was cancelled meanwhile, though
        it may have joined, and does not want it."""
        self.is_abandoned = True
        self._over(ConnectionClosed("disconnected"))
        self._protocol = self._shake = None
        self.abort()

    def _over(self, error: ConnectionClosed) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._writable.set()
        if not self.joined.done():
            self.joined.set_exception(error)
            self.joined.exception()
        if self._protocol is not None:
            self._holder.lost(self, error)
