"""One attempt of a client: its way found, dialled, hands shaken."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TypeAlias

from plugwire.aio.dial import dial
from plugwire.aio.link import Holder, Link
from plugwire.choice import Choice, choose
from plugwire.interfaces import DecoderFactory, Peer
from plugwire.settings import Settings
from plugwire.standing import Standing
from plugwire.way import Way

_Asked: TypeAlias = tuple[str, int, str | None]


class _Turn(threading.local):
    """The doors that were found in this turn of this thread's loop; by the
    settings' id, which is theirs since they are held too."""

    loop: asyncio.AbstractEventLoop | None = None
    found: dict[_Asked, tuple[Settings, Choice]]

    def end(self) -> None:
        """What comes is another turn."""
        self.loop = None
        self.found = {}


_turn = _Turn()


async def attempt(way: Way, standing: Standing, holder: Holder) -> Link:
    """Connect and shake hands; the link has joined when this returns.

    Raises `ConnectionFailed`, `ConnectionClosed`, `Refused`, `MessageError`,
    and what composing raises. Cancelling it leaves nothing open.
    """
    pipeline, told = way.find(_choose)
    make = partial(_link, way, standing, holder, pipeline.decoder)
    link = await dial(pipeline.connector, make, told)
    try:
        await link.joined
    except BaseException:
        link.abandon()
        raise
    return link


def _choose(event: str, settings: Settings, door: str | None) -> Choice:
    """`choose`, but one look is for all that connect in a turn of the loop:
    a thousand that do so at once would read the doors file in a row."""
    loop = asyncio.get_running_loop()
    if _turn.loop is not loop:
        _turn.loop, _turn.found = loop, {}
        loop.call_soon(_turn.end)
    key = event, id(settings), door
    known = _turn.found.get(key)
    if known is None:
        known = _turn.found[key] = settings, choose(event, settings, door)
    return known[1]


def _link(
    way: Way,
    standing: Standing,
    holder: Holder,
    decoder: DecoderFactory,
    peer: Peer,
) -> Link:
    return Link(holder, way.handshake(peer, standing), decoder, way.types)
