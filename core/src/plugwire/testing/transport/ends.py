"""Connections for checks: both ends, driven as the core drives them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from plugwire.aio.dial import dial
from plugwire.aio.tls import hold_nothing, is_tls
from plugwire.interfaces import (
    Connector,
    Peer,
)
from plugwire.testing.suite import DEADLINE

PATIENCE = DEADLINE / 2
"""Seconds until a check says what it waited for, before its deadline says
only that it waited."""
READ_BYTES = 256 * 1024
"""Bytes that are read at most in one go, as the core has it."""

_Answer = TypeVar("_Answer")
_made: ContextVar[list[End]] = ContextVar("_made")


class End(asyncio.BufferedProtocol):
    """One end of a connection. It remembers what its transport told it.

    `ended` is true once the other side has said that nothing more comes,
    `lost` once the connection is over, with `error` where it broke. `calls`
    are asyncio's calls in order, those for bytes left out.
    """

    transport: asyncio.Transport

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.data = bytearray()
        self.calls: list[str] = []
        self.ended = False
        self.lost = False
        self.error: Exception | None = None
        # A view, of which a slice is no copy: TLS reads into slices.
        self._room = memoryview(bytearray(READ_BYTES))
        self._changed = asyncio.Event()
        _made.get().append(self)

    # ---------------------------------------------------- asyncio's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._note("connection_made")
        hold_nothing(self.transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        self.data += self._room[:nbytes]
        self._changed.set()

    def eof_received(self) -> bool:
        self.ended = True
        self._note("eof_received")
        return not is_tls(self.transport)

    def pause_writing(self) -> None:
        self._note("pause_writing")

    def resume_writing(self) -> None:
        self._note("resume_writing")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost, self.error = True, exc
        self._note("connection_lost")

    def _note(self, call: str) -> None:
        self.calls.append(call)
        self._changed.set()

    # ------------------------------------------------------- for a check

    @property
    def peer(self) -> Peer:
        """Who is there, in the transport's word, which must be one."""
        check_peer(self._peer)
        return self._peer

    @property
    def is_paused(self) -> bool:
        """Whether the transport has told its writer to wait."""
        paused = self.calls.count("pause_writing")
        return paused > self.calls.count("resume_writing")

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for `condition`; `what` says in words what that is."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(
                f"waited {PATIENCE:g} s for {what}; this end has heard "
                f"{self.calls} and {len(self.data)} bytes"
            ) from None

    async def read(self, size: int) -> bytes:
        """The next `size` bytes. Fails where the end comes first."""
        await self.until(
            lambda: len(self.data) >= size or self.ended or self.lost,
            f"{size} bytes",
        )
        assert len(self.data) >= size, (
            f"expected {size} bytes, found {len(self.data)} and then the end "
            f"of the connection ({self.error or 'no error'})"
        )
        data = bytes(self.data[:size])
        del self.data[:size]
        return data

    async def write(self, data: bytes) -> None:
        """Write `data`, and wait until the transport can take more."""
        self.transport.write(data)
        await self.until(
            lambda: self.lost or not self.is_paused, "resume_writing"
        )
        assert not self.lost, f"lost while it wrote: {self.error}"

    def cut(self) -> None:
        """Abort the connection, if there is one."""
        if hasattr(self, "transport") and not self.lost:
            self.transport.abort()

    async def gone(self) -> None:
        """Wait until the connection is over."""
        await self.until(lambda: self.lost, "connection_lost")

    async def word(self) -> bytes:
        """What comes next; nothing where the end does."""
        await self.until(
            lambda: self.data or self.ended or self.lost, "a word or the end"
        )
        data = bytes(self.data)
        self.data.clear()
        return data

    async def end(self) -> None:
        """Wait for the other side's end: said, or the connection's."""
        await self.until(lambda: self.ended or self.lost, "the end")


def check_peer(peer: object) -> None:
    """Fail where it is no Peer that can be shown."""
    assert isinstance(peer, Peer), (
        "expected a Peer for each connection, as `factory(peer)` of a stream "
        f"or from `accepted` and `connected` of sockets; found {peer!r}"
    )
    for name in ("transport", "address"):
        text = getattr(peer, name)
        assert isinstance(text, str), f"{name}: expected text, found {text!r}"
        assert text, f"{name}: expected text, found none"
        assert text.isprintable(), f"{name}: cannot be printed, {text!r}"


async def call(connector: Connector, told: str | None) -> End:
    """Connect as a client does. Raises `ConnectionFailed`."""
    return cast("End", await dial(connector, cast("Any", End), told))


async def hang_up(*ends: End) -> None:
    """Cut the connections, and wait until they are over."""
    for end in ends:
        end.cut()
    for end in ends:
        if hasattr(end, "transport"):
            await end.gone()


async def alone(check: Coroutine[Any, Any, _Answer]) -> _Answer:
    """The answer of `check`; all ends that it made are cut behind it."""
    made: list[End] = []
    _made.set(made)
    try:
        answer = await check
    except BaseException:
        # It has something to say already, whether these end or not.
        for end in made:
            end.cut()
        await asyncio.sleep(0)
        raise
    await hang_up(*made)
    return answer
