"""One attempt of a client: its way found, dialled, hands shaken."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TypeAlias
from weakref import WeakKeyDictionary

from plugwire.aio.dial import dial
from plugwire.aio.link import Holder, Link
from plugwire.choice import Choice, choose
from plugwire.interfaces import DecoderFactory, Peer
from plugwire.settings import Settings
from plugwire.standing import Standing
from plugwire.way import Way

_Found: TypeAlias = dict[tuple[str, int, str | None], tuple[Settings, Choice]]
_found: WeakKeyDictionary[asyncio.AbstractEventLoop, _Found] = (
    WeakKeyDictionary()
)
"""The doors that were found in this turn of a loop; by the settings' id,
which is theirs since they are held too."""


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
    found = _found.get(loop)
    if found is None:
        found = _found[loop] = {}
        loop.call_soon(_found.pop, loop, None)
    key = event, id(settings), door
    known = found.get(key)
    if known is None:
        known = found[key] = settings, choose(event, settings, door)
    return known[1]


def _link(
    way: Way,
    standing: Standing,
    holder: Holder,
    decoder: DecoderFactory,
    peer: Peer,
) -> Link:
    return Link(holder, way.handshake(peer, standing), decoder, way.types)
