"""Broadcast each line of standard input: a JSON object as data, other text
as {"text": ...}. At its end all is flushed, and the server stops."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from plugwire.cli.feed import Splitter, TooLong, as_data, chunks
from plugwire.cli.options import Misused, gathered, seconds
from plugwire.cli.output import tell
from plugwire.errors import MessageError, PlugwireError, RequestFailed
from plugwire.message import Message, check_event_name
from plugwire.settings import NOTHING, Settings

EXAMPLE = "vmstat -n 1 | plugwire serve load --listen unix --listen tcp:json"
ENVELOPE = 256
"""Bytes that a message may take beside the text of its line."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `serve` takes."""
    parser.add_argument("event", metavar="EVENT", help="the event to serve")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="stay when standard input ends, until a signal comes",
    )
    parser.add_argument(
        "--relay",
        action="store_true",
        help="pass on what a client sends to all others",
    )
    parser.add_argument(
        "--tick",
        metavar="SECONDS",
        type=seconds,
        help="publish this machine's load instead of standard input",
    )
    parser.add_argument(
        "--listen",
        metavar="TRANSPORT[:CODEC[:plain]]",
        action="append",
        default=[],
        help="open a door: the first is main, others have the transport's "
        "name (tcp, tcp2); may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until the input ends or a signal comes."""
    check_event_name(args.event)
    if args.listen and args.door:
        raise Misused(
            "take --listen or --door, not both: --listen names its doors"
        )
    if args.listen and args.transport:
        raise Misused(
            "take --listen or --transport, not both: each --listen names the "
            "transport of its door"
        )
    flags = {}
    if args.listen:
        flags["--listen"] = {"listen": doors(args.listen)}
    settings, problems = gathered(args, flags)
    if args.door:
        check_event_name(args.door)
        table = settings.listen.get(args.door, NOTHING)
        settings = replace(settings, listen={args.door: table})
    if problems:
        from plugwire.compose import compose_server

        # It raises, and tells what is wrong with the plugins besides.
        compose_server(args.event, settings, problems)
    from plugwire.loops import loop_factory

    serving = _Run(args, settings)
    with asyncio.Runner(loop_factory=loop_factory(settings)) as runner:
        return runner.run(serving.serve())


def doors(specs: list[str]) -> dict[str, dict[str, Any]]:
    """The `listen` tables of `--listen`s, by door."""
    tables: dict[str, dict[str, Any]] = {}
    for spec in specs:
        transport, *rest = spec.split(":")
        codec, plain = [*rest, "", ""][:2]
        if not transport or len(rest) > 2 or plain not in ("", "plain"):
            raise Misused(
                f"--listen {spec!r} is not TRANSPORT[:CODEC[:plain]], as "
                "unix, tcp:json or unix:json:plain"
            )
        table: dict[str, Any] = {"transport": transport}
        if codec:
            table["codec"] = codec
        if plain:
            table["plain"] = True
        name = transport.partition("@")[0] if tables else "main"
        tables[_free(name, tables)] = table
    return tables


def _free(name: str, taken: dict[str, dict[str, Any]]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}{number}"
    return free


class _Run:
    """One server, its feed, and the signals that end it."""

    def __init__(self, args: argparse.Namespace, settings: Settings) -> None:
        from plugwire.aio.server import Server

        self._args = args
        self._settings = settings
        self._server = Server(args.event, settings=settings)
        self._owed = [0, 0]
        self._line = 0
        self._status = 0
        self._unheard = self._joined = 0
        self._has_ignored = False
        self._server.on_message(self._relay if args.relay else self._ignore)

    async def serve(self) -> int:
        """The exit status."""
        with _signals() as stopped:
            try:
                async with self._server:
                    self._say_where()
                    await self._until(stopped)
                    self._say_unheard()
            except asyncio.CancelledError:
                if not stopped.is_set():
                    raise
                # The second signal: what was still owed is lost.
                self._status = 1
        if stopped.number == signal.SIGINT:
            raise KeyboardInterrupt
        return self._status

    async def _until(self, stopped: asyncio.Event) -> None:
        """Feed, until there is no more or a signal comes."""
        feed = asyncio.ensure_future(self._feed())
        ended = asyncio.ensure_future(stopped.wait())
        both = {feed, ended}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if feed.done():
                feed.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.wait(both)

    def _say_where(self) -> None:
        places = self._server.addresses
        named = len(places) > 1
        where = ", ".join(
            f"{address} ({door})" if named else address
            for door, address in places.items()
        )
        tell(f"serving {self._args.event} at {where}")

    def _say_unheard(self) -> None:
        unheard = self._unheard
        if unheard and self._server.stats.connections == self._joined:
            they = "message was" if unheard == 1 else "messages were"
            are = "is" if unheard == 1 else "are"
            tell(
                f"plugwire: {unheard} {they} heard by nobody, and {are} lost; "
                "--keep waits for listeners"
            )

    async def _feed(self) -> None:
        """Publish all there is; with `--keep`, and then never end."""
        if self._args.tick is not None:
            await self._tick(self._args.tick)
        await self._lines()
        if self._args.keep:
            await asyncio.Event().wait()
        await self._server.flush(low=0, timeout=self._settings.drain_timeout)

    async def _tick(self, every: float) -> None:
        from plugwire.cli.load import Machine, beats

        machine = Machine()
        async for _ in beats(every):
            self._publish(machine.sample())

    async def _lines(self) -> None:
        if sys.stdin is None:
            return
        splitter = Splitter(self._settings.max_message_bytes)
        async for chunk in chunks(sys.stdin.fileno()):
            for line in splitter.feed(chunk):
                await self._say(line)
        for line in splitter.end():
            await self._say(line)

    async def _say(self, line: bytes | TooLong) -> None:
        self._line += 1
        try:
            if isinstance(line, TooLong):
                raise MessageError(str(line))
            self._publish(as_data(line))
        except MessageError as error:
            self._status = 1
            tell(f"plugwire: line {self._line} was not sent: {error}")
            return
        await self._pace(ENVELOPE + len(line))

    def _publish(self, data: dict[str, Any]) -> None:
        """Broadcast, and count what was said since somebody was there: who
        comes takes what is kept."""
        if self._server.broadcast(data):
            self._unheard = 0
            return
        joined = self._server.stats.connections
        if joined != self._joined:
            self._joined, self._unheard = joined, 0
        self._unheard += 1

    async def _pace(self, size: int) -> None:
        """Wait for the clients once in half an outbox, so that however fast
        the lines come, none of them is lost."""
        owed, settings = self._owed, self._settings
        owed[0] += 1
        owed[1] += size
        if (
            2 * owed[0] >= settings.outbox_messages
            or 2 * owed[1] >= settings.outbox_bytes
        ):
            owed[:] = [0, 0]
            await self._server.flush()
            await asyncio.sleep(0)  # newcomers and leavers have their turn

    async def _relay(self, client: Any, message: Message) -> None:
        """What a client sends, to all others."""
        try:
            self._server.broadcast(
                message.data,
                message_type=message.message_type,
                exclude=() if client.id is None else (client.id,),
            )
        except PlugwireError as error:
            tell(f"plugwire: a client's message was not passed on: {error}")
            raise
        await self._pace(self._settings.outbox_bytes // 64)

    def _ignore(self, client: Any, message: Message) -> None:  # noqa: ARG002
        """Without `--relay`: say once that what clients send is lost."""
        if not self._has_ignored:
            self._has_ignored = True
            tell(
                "plugwire: a client sends, and nobody hears it: serve passes "
                "on what clients send only with --relay"
            )
        if message.id is not None:
            raise RequestFailed("nobody answers requests here")


class _Stopped(asyncio.Event):
    """Set by a signal, whose number it keeps."""

    number = 0


@contextmanager
def _signals() -> Iterator[_Stopped]:
    """SIGINT and SIGTERM set the event; a second one cuts the stop short."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    stopped = _Stopped()

    def heed(number: int) -> None:
        if stopped.is_set():
            task.cancel()
        stopped.number = stopped.number or number
        stopped.set()

    # A script's background job is started with SIGINT ignored, and means it.
    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    try:
        for number in numbers:
            loop.add_signal_handler(number, heed, number)
    except NotImplementedError:  # Windows: Ctrl-C cancels the task
        yield stopped
        return
    try:
        yield stopped
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
