"""Questions to a server about itself: the command's, and dashboards'.

A control connection is admitted and authorised like any, and joins nothing:
it is no client, receives no broadcasts and counts nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from plugwire.aio.link import Link
from plugwire.aio.reach import attempt
from plugwire.errors import ConnectionClosed, ConnectionFailed, TimedOut
from plugwire.message import Message, MessageType
from plugwire.protocol import Gap, Reply, ServerFacts
from plugwire.settings import Settings
from plugwire.standing import Standing
from plugwire.way import Way


async def ask(
    event: str, settings: Settings, door: str | None, op: str
) -> dict[str, Any]:
    """One question (`protocol.CLIENTS`, `protocol.STATS`), on a connection
    of its own. Raises as `Control` does."""
    async with Control(event, settings, door) as control:
        return await control.ask(op)


class Control:
    """A connection in the role `control`::

        async with Control("load", settings) as control:
            print(await control.ask(STATS))

    Makes one attempt, and gives up after `default_timeout`: whether somebody
    is there is the very question. Belongs to one loop; one question at a
    time.
    """

    def __init__(
        self, event: str, settings: Settings, door: str | None = None
    ) -> None:
        self._way = Way(event, settings, door=door, role="control", types=())
        self._event = event
        self._settings = settings
        self._link: Link | None = None
        self._answer: asyncio.Future[Message] | None = None
        self._last_id = 0
        self.server: ServerFacts | None = None
        """What the server said of itself; None before it did."""

    async def __aenter__(self) -> Self:
        """Connect. Raises `ConnectionFailed`, `ConnectionClosed`, `Refused`
        (`Denied` where this peer may not ask) and `MessageError`, and what
        composing raises."""
        seconds = self._settings.default_timeout
        try:
            async with asyncio.timeout(seconds):
                self._link = await attempt(self._way, Standing(_no_gap), self)
        except TimeoutError:
            limit = self._settings.said("default_timeout")
            raise ConnectionFailed(
                f"no answer from {self._event!r} at {self._way.address} "
                f"within {seconds:g} s ({limit})",
                address=self._way.address,
            ) from None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._link is not None:
            self._link.abort()
            await self._link.closed

    async def ask(self, op: str) -> dict[str, Any]:
        """The answer to `op`. Raises `TimedOut` after `default_timeout`,
        `Denied`, `RequestFailed`, and `ConnectionClosed` when the connection
        goes first."""
        link, server = self._link, self.server
        if link is None or link.is_over or server is None:
            raise ConnectionClosed("the control connection is closed")
        seconds = self._settings.default_timeout
        self._last_id += 1
        question = self._way.messages.make(
            {}, MessageType.CONTROL, id=self._last_id, op=op
        )
        frame = self._way.frame(question, server.max_message_bytes)
        answer: asyncio.Future[Message] = (
            asyncio.get_running_loop().create_future()
        )
        self._answer = answer
        try:
            async with asyncio.timeout(seconds):
                await link.write(frame)
                return (await answer).data
        except TimeoutError:
            raise TimedOut(
                f"no answer from {self._event!r} within {seconds:g} s",
                seconds=seconds,
            ) from None
        finally:
            self._answer = None

    # ---------------------------------------------------- the link's calls

    def joined(self, link: Link, server: ServerFacts) -> None:  # noqa: ARG002
        self.server = server

    def received(
        self,
        messages: list[Message],  # noqa: ARG002 (it takes none of any type)
        size: int,  # noqa: ARG002
        events: Sequence[Reply | Gap] = (),
    ) -> None:
        for event in events:
            self._heard(event)

    def _heard(self, event: Reply | Gap) -> None:
        answer = self._answer
        if not isinstance(event, Reply) or answer is None or answer.done():
            return
        if event.id != self._last_id:
            return  # the answer to a question that was given up
        if isinstance(event.answer, Message):
            answer.set_result(event.answer)
        else:
            answer.set_exception(event.answer)

    def lost(
        self,
        link: Link,  # noqa: ARG002
        error: ConnectionClosed,
    ) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def _no_gap(missed: int | None) -> None:
    """A control connection is sent no broadcast, and misses none."""
