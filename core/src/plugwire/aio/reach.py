"""One attempt of a client: its way found, dialled, hands shaken."""

from __future__ import annotations

from plugwire.aio.dial import dial
from plugwire.aio.link import Holder, Link
from plugwire.interfaces import Peer
from plugwire.standing import Standing
from plugwire.way import Way


async def attempt(way: Way, standing: Standing, holder: Holder) -> Link:
    """Connect and shake hands; the link has joined when this returns.

    Raises `ConnectionFailed`, `ConnectionClosed`, `Refused`, `MessageError`,
    and what composing raises. Cancelling it leaves nothing open.
    """
    pipeline, told = way.find()

    def make(peer: Peer) -> Link:
        handshake = way.handshake(peer, standing)
        return Link(holder, handshake, pipeline.decoder, way.types)

    link = await dial(pipeline.connector, make, told)
    try:
        await link.joined
    except BaseException:
        link.abandon()
        raise
    return link
