"""Who is connected to a server, as it says itself, once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from plugwire.errors import PlugwireError, Refused
from plugwire.logs import clean
from plugwire.settings import Settings

EVERY = 1.0
"""Seconds between two questions."""
PATIENCE = 5.0
"""Seconds until a server that refused to answer is asked again."""
MAX_SHOWN = 200
"""Clients that are shown: whom the most was dropped for comes first."""


class Fellow(msgspec.Struct, frozen=True, kw_only=True):
    """A client, as its server describes it; `connected_since` in
    milliseconds since 1970."""

    id: int
    door: str
    peer: str
    session: str | None = None
    connected_since: int
    queued: int
    sent: int
    received: int
    dropped: int


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """What the server has counted for all of its clients."""

    broadcasts: int = 0
    sent: int = 0
    received: int = 0
    dropped: int = 0
    lost: int = 0
    kept: int = 0
    refused: int = 0


class Roll(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: the clients that are shown, of `total`, and what was
    counted; `trouble` says why there is no newer one. `asked` once a question
    has ended one way or the other."""

    fellows: tuple[Fellow, ...] = ()
    total: int = 0
    totals: Totals | None = None
    trouble: str = ""
    asked: bool = False


def read(clients: dict[str, Any], stats: dict[str, Any]) -> Roll:
    """The two answers as a roll. Raises `msgspec.ValidationError` for what
    no server of plugwire says."""
    fellows = msgspec.convert(clients.get("clients"), list[Fellow])
    fellows.sort(key=lambda fellow: (-fellow.dropped, fellow.id))
    return Roll(
        fellows=tuple(fellows[:MAX_SHOWN]),
        total=msgspec.convert(clients.get("total"), int),
        totals=msgspec.convert(stats, Totals),
        asked=True,
    )


async def call_roll(
    event: str,
    settings: Settings,
    door: str | None,
    wanted: asyncio.Event,
    tell: Callable[[Roll], None],
) -> None:
    """Ask, and `tell`, once a second while it is `wanted`, on one control
    connection that ends with the wish. Until it is cancelled."""
    last = Roll()

    def say(roll: Roll) -> None:
        nonlocal last
        last = roll
        tell(roll)

    while True:
        await wanted.wait()
        pause = EVERY
        try:
            await _converse(event, settings, door, wanted, say)
            continue
        except Refused as error:
            trouble, pause = str(error), PATIENCE
        except PlugwireError as error:
            trouble = str(error)
        except msgspec.ValidationError as error:
            trouble = f"the server's answer is none: {error}"
        say(msgspec.structs.replace(last, trouble=clean(trouble), asked=True))
        await asyncio.sleep(pause)


async def _converse(
    event: str,
    settings: Settings,
    door: str | None,
    wanted: asyncio.Event,
    say: Callable[[Roll], None],
) -> None:
    from plugwire.aio.control import Control
    from plugwire.protocol import CLIENTS, STATS

    async with Control(event, settings, door) as control:
        while wanted.is_set():
            clients = await control.ask(CLIENTS)
            say(read(clients, await control.ask(STATS)))
            await asyncio.sleep(EVERY)
