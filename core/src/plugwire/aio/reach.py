"""One attempt of a client: its way found, dialled, hands shaken."""

from __future__ import annotations

from functools import partial

from plugwire.aio.dial import dial
from plugwire.aio.link import Holder, Link
from plugwire.interfaces import DecoderFactory, Peer
from plugwire.standing import Standing
from plugwire.way import Way


async def attempt(way: Way, standing: Standing, holder: Holder) -> Link:
    """Connect and shake hands; the link has joined when this returns.

    Raises `ConnectionFailed`, `ConnectionClosed`, `Refused`, `MessageError`,
    and what composing raises. Cancelling it leaves nothing open.
    """
    pipeline, told = way.find()
    make = partial(_link, way, standing, holder, pipeline.decoder)
    link = await dial(pipeline.connector, make, told)
    try:
        await link.joined
    except BaseException:
        link.abandon()
        raise
    return link


def _link(
    way: Way,
    standing: Standing,
    holder: Holder,
    decoder: DecoderFactory,
    peer: Peer,
) -> Link:
    return Link(holder, way.handshake(peer, standing), decoder, way.types)
