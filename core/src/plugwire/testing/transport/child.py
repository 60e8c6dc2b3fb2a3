"""What the second process runs: one side, raw or whole, until it is told to
end by the end of its standard input."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from plugwire.errors import PlugwireError
from plugwire.interfaces import Peer
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import End, call
from plugwire.testing.transport.posts import posted
from plugwire.testing.transport.recipe import plugin_of

Lines = asyncio.StreamReader


def main() -> None:
    """Read who to be from the first line, and be that."""
    given = json.loads(sys.stdin.readline())
    # The path is that of whoever asked, its first entry too.
    plugin = plugin_of(given["recipe"])
    section = given["recipe"]["section"]
    maker = type("Second", (TransportBase,), {"plugin": plugin})()
    rig = Rig(lambda: maker.make(section), Path(given["folder"]))
    role = ROLES[given["role"]]

    async def play() -> None:
        await role(rig, given["told"] or None, await _lines())

    TransportBase.unbounded(play())


def say(**said: Any) -> None:
    """One line for who asked."""
    print(json.dumps(said), flush=True)  # noqa: T201 - it is what it says


async def listen(rig: Rig, _told: str | None, lines: Lines) -> None:
    """A listener that echoes what each connection says."""
    try:
        async with posted(rig.listener()) as post:
            say(address=post.listener.address)
            async with asyncio.TaskGroup() as group:
                accepting = group.create_task(_accept(post.next, group))
                await lines.read()
                accepting.cancel()
                for end in post.ends:
                    end.cut()
    except PlugwireError as error:
        say(failed=type(error).__name__, words=str(error))


async def _accept(
    next_end: Callable[[], Coroutine[Any, Any, End]],
    group: asyncio.TaskGroup,
) -> None:
    while True:
        try:
            end = await next_end()
        except AssertionError:
            continue  # nobody came for a while
        say(peer=_shown(end.peer))
        group.create_task(_echo(end))


async def dial(rig: Rig, told: str | None, lines: Lines) -> None:
    """A connection that echoes what it hears."""
    try:
        end = await call(rig.connector(), told)
    except PlugwireError as error:
        say(failed=type(error).__name__, words=str(error))
        return
    say(peer=_shown(end.peer))
    echoing = asyncio.ensure_future(_echo(end))
    await lines.read()
    end.transport.close()
    await echoing


async def _echo(end: End) -> None:
    with contextlib.suppress(AssertionError):  # nothing for a while
        while not (end.ended or end.lost):
            end.transport.write(await end.word())
        end.transport.close()


def _shown(peer: Peer) -> dict[str, Any]:
    return {name: getattr(peer, name) for name in ("uid", "gid", "pid")}


async def serve(rig: Rig, _told: str | None, lines: Lines) -> None:
    """A whole server: it answers with what it is asked, and broadcasts the
    lines that it is told."""
    server = rig.pipes.server(transport=rig.make(), reconnect=True)

    @server.on_message
    def answer(_client: Any, message: Any) -> Mapping[str, Any]:
        return dict(message.data)

    async with server:
        say(addresses=dict(server.addresses))
        while line := await lines.readline():
            server.broadcast({"text": line.decode().strip()})


async def join(rig: Rig, _told: str | None, lines: Lines) -> None:
    """A whole client: it asks a question, and says what it hears."""
    try:
        async with rig.pipes.client(transport=rig.make()) as client:
            answer = await client.request({"question": "who?"})
            say(answer=answer.data)
            message = await client.receive()
            say(heard=message.data)
            await lines.read()
    except PlugwireError as error:
        say(failed=type(error).__name__, words=str(error))


ROLES: Mapping[
    str, Callable[[Rig, str | None, Lines], Coroutine[Any, Any, None]]
] = {"listen": listen, "dial": dial, "serve": serve, "join": join}


async def _lines() -> Lines:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    return lines
