"""Questions to a server about itself."""

import asyncio
import contextlib
import tempfile
from datetime import UTC
from pathlib import Path

import msgspec
import pytest

from plugwire import Client, Server, load_settings
from plugwire.aio.control import Control, ask
from plugwire.errors import (
    ConnectionClosed,
    ConnectionFailed,
    Denied,
    TimedOut,
    ValidationFailed,
)
from plugwire.handshake import Joined, ServerHandshake, Welcome, line
from plugwire.protocol import CLIENTS, STATS, Messages
from plugwire_json import JsonDecoder


@pytest.fixture
def settings(tmp_path):
    return load_settings(
        {"transport": "memory", "codec": "json", "socket_dir": tmp_path}
    )


async def test_it_asks_and_counts_nowhere(settings):
    async with (
        Server("load", settings=settings) as server,
        Control("load", settings) as control,
    ):
        stats = await control.ask(STATS)
        assert stats["clients"] == 0
        assert stats["event"] == "load"
        assert server.clients == {}
        assert not server.has_clients
        assert control.server.door == "main"
        server.broadcast({"x": 1})
        assert (await control.ask(STATS))["broadcasts"] == 1


async def test_one_question_tells_who_is_connected(settings):
    async with (
        Server("load", settings=settings),
        Client("load", settings=settings) as client,
    ):
        answer = await ask("load", settings, "main", CLIENTS)
        assert answer["total"] == 1
        assert answer["clients"][0]["id"] == client.client_id


async def test_nobody_there_is_told_at_once(settings):
    with pytest.raises(ConnectionFailed):
        await ask("load", settings, None, STATS)


async def test_what_is_no_event_is_told():
    with pytest.raises(ValidationFailed):
        await ask("no name", load_settings({}), None, STATS)


async def test_an_unknown_question_is_denied(settings):
    async with Server("load", settings=settings):
        with pytest.raises(Denied):
            await ask("load", settings, None, "secrets")


async def test_a_closed_one_answers_nothing(settings):
    control = Control("load", settings)
    with pytest.raises(ConnectionClosed):
        await control.ask(STATS)
    async with Server("load", settings=settings):
        async with control:
            await control.ask(STATS)
        with pytest.raises(ConnectionClosed):
            await control.ask(STATS)


async def test_a_connection_that_goes_ends_the_question(settings):
    server = Server("load", settings=settings)
    await server.start()
    async with Control("load", settings) as control:
        await control.ask(STATS)
        stopping = asyncio.ensure_future(server.stop())
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(for_ever(control), 30)
        await stopping


async def for_ever(control):
    while True:
        await control.ask(STATS)


async def test_a_late_answer_is_not_taken_for_the_next(deaf):
    settings = await deaf(joins=True, answers=2)
    async with Control("load", settings) as control:
        with pytest.raises(TimedOut):
            await control.ask(STATS)
        assert await control.ask(STATS) == {"number": 2}


class Deaf(asyncio.Protocol):
    """Shakes hands where it `joins`; answers all questions so far at the
    one with the number `answers`, after a gap."""

    def __init__(self, joins, answers):
        self.joins = joins
        self.answers = answers
        self.shake = None
        self.read = JsonDecoder(1000).feed
        self.messages = Messages("load", UTC)

    def connection_made(self, transport):
        self.transport = transport
        if not self.joins:
            return
        welcome = Welcome(
            plugwire=1, event="load", door="main", incarnation="x",
            codec="json", max_message_bytes=1000, nonce="n",
        )  # fmt: skip
        self.shake = ServerHandshake(welcome)
        transport.write(line(welcome))

    def data_received(self, data):
        if self.shake is not None:
            self.shake.feed(data)
            self.shake = None
            joined = Joined(client_id=None, kept=0, can_send=True)
            self.transport.write(line(joined))
            return
        for message in self.read(data):
            if message.id == self.answers:
                self.say(self.messages.gap(1))
                for number in range(1, message.id + 1):
                    self.say(
                        self.messages.make({"number": number}, reply_to=number)
                    )

    def say(self, message):
        self.transport.write(msgspec.json.encode(message) + b"\n")


@pytest.fixture
async def deaf():
    """Settings that lead to a server that does not answer."""
    with tempfile.TemporaryDirectory(prefix="pw") as folder:
        loop = asyncio.get_running_loop()
        servers = []

        async def begin(*, joins, answers=0):
            servers.append(
                await loop.create_unix_server(
                    lambda: Deaf(joins, answers),
                    str(Path(folder) / "load.sock"),
                )
            )
            return load_settings(
                {
                    "codec": "json",
                    "socket_dir": folder,
                    "permissions": ["anyone"],
                    "default_timeout": 0.1,
                }
            )

        yield begin
        for server in servers:
            server.close()


async def test_no_handshake_in_time_is_no_connection(deaf):
    settings = await deaf(joins=False)
    with pytest.raises(ConnectionFailed, match=r"within 0\.1 s"):
        await ask("load", settings, None, STATS)


async def test_no_answer_in_time_is_told(deaf):
    settings = await deaf(joins=True)
    with pytest.raises(TimedOut, match="no answer"):
        await ask("load", settings, None, STATS)


async def test_idle_senders_and_questions_keep_nobody_from_asking(
    settings, monkeypatch
):
    monkeypatch.setattr("plugwire.aio.slots.IDLE", 0.0)
    places = settings.service_connections
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(Server("load", settings=settings))
        senders = [
            await stack.enter_async_context(
                Client("load", settings=settings, receive=False)
            )
            for _ in range(places)
        ]
        idle = [
            await stack.enter_async_context(Control("load", settings))
            for _ in range(places)
        ]
        await idle[0].ask(STATS)
        assert await ask("load", settings, None, STATS)
        with pytest.raises(ConnectionClosed):
            await idle[1].ask(STATS)
        assert await idle[0].ask(STATS)
        assert all(sender.connected for sender in senders)
