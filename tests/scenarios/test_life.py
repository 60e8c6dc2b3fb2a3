"""Start, serve, stop, and what is left: rows A3, B3, B17, C6."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading

import pytest
from worlds import (
    ALL_LOOPS,
    DEADLINE,
    FACES,
    PORTS,
    WAYS,
    World,
    numbers,
    open_files,
)

from plugwire import (
    AlreadyRunning,
    Client,
    ClientInfo,
    ConnectionClosed,
    ConnectionFailed,
    Message,
    PlugwireError,
    Server,
)

FOREVER = {
    "asyncio": """
import asyncio, sys
from plugwire import Server
async def main():
    server = Server("load", settings=SETTINGS)
    @server.on_message
    async def _(client, message):
        if message.data.get("fail"):
            failed.set()
        return {}
    failed = asyncio.Event()
    async def fail():
        await failed.wait()
        raise RuntimeError("a bug in the program")
    async with asyncio.TaskGroup() as group:
        if "fail" in sys.argv:
            group.create_task(fail())
        await server.serve_forever()
        print("stopped", flush=True)
asyncio.run(main())
print("ended", flush=True)
""",
    "threads": """
import sys, threading
from plugwire.sync import Server
server = Server("load", settings=SETTINGS)
failed = threading.Event()
@server.on_message
def _(client, message):
    if message.data.get("fail"):
        failed.set()
if "fail" in sys.argv:
    with server:
        failed.wait()
        raise RuntimeError("a bug in the program")
server.serve_forever()
print("stopped", flush=True)
print("ended", flush=True)
""",
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a3_a_signal_ends_serve_forever_and_leaves_nothing(
    socket_world: World, number: int
) -> None:
    world = socket_world
    async with (
        world.child(FOREVER[world.face]) as child,
        world.client(reconnect=False) as client,
    ):
        child.signal(number)
        with pytest.raises(ConnectionClosed, match="the server stops"):
            await client.receive(timeout=DEADLINE)
        assert await child.line() == "stopped"
        assert await child.line() == "ended"
        assert await child.ended() == 0
    assert _left(world) <= {"load.lock", "token"}


async def test_a3_an_error_leaves_nothing_either(unix_world: World) -> None:
    world = unix_world
    async with (
        world.child(FOREVER[world.face], "fail") as child,
        world.client(reconnect=False) as client,
    ):
        await client.request({})
        await client.send({"fail": True})
        with pytest.raises(ConnectionClosed):
            await client.receive(timeout=DEADLINE)
        assert await child.line() == ""
        assert await child.ended() == 1
    assert _left(world) == {"load.lock"}


async def test_a3_stop_ends_serve_forever_too(world: World) -> None:
    server = world.server()
    former = signal.getsignal(signal.SIGTERM)
    serving = asyncio.create_task(server.serve_forever())
    async with world.client(reconnect=False):
        assert server.running
        await server.stop()
        async with asyncio.timeout(DEADLINE):
            await serving
    assert signal.getsignal(signal.SIGTERM) is former


def _left(world: World) -> set[str]:
    return {path.name for path in world.folder.iterdir()}


@ALL_LOOPS
async def test_b3_start_twice_stop_twice_start_again(world: World) -> None:
    server = world.server()
    await server.stop()
    await server.start()
    with pytest.raises(AlreadyRunning, match="this very object"):
        await server.start()
    with pytest.raises(AlreadyRunning):
        await world.server().start()
    async with world.client() as client:
        server.broadcast({"i": 1})
        assert numbers(await world.take(client, 1)) == [1]
    await asyncio.gather(server.stop(), server.stop())
    await server.stop()
    assert not server.running
    await server.start()
    assert server.stats.broadcasts == 0
    await server.stop()


async def test_c6_a_connect_succeeds_as_soon_as_start_returned(
    world: World,
) -> None:
    for _ in range(20):
        async with world.server() as server:
            client = world.client(default_timeout=DEADLINE)
            await client.connect()
            assert server.clients
            await client.disconnect()


async def test_c6_fifty_starts_and_stops_leave_nothing(
    world: World,
) -> None:
    async def round_trip() -> None:
        async with world.server() as server, world.client() as client:
            server.broadcast({"i": 1})
            await world.take(client, 1)

    await round_trip()
    files = open_files()
    threads = threading.active_count()
    for _ in range(50):
        await round_trip()
    assert len(asyncio.all_tasks()) == 1
    assert threading.active_count() == threads
    assert open_files() == files
    if world.is_socket:
        assert _left(world) <= {"load.lock", "token"}


async def test_c6_a_start_that_fails_undoes_what_it_did(
    unix_world: World,
) -> None:
    world = unix_world
    world.folder.mkdir(mode=0o700)
    (world.folder / "load.second.sock").mkdir()
    listen = {
        "first": {"transport": "unix"},
        "inside": {"transport": "memory"},
        "second": {"transport": "unix"},
    }
    files = open_files()
    server = world.Server("load", settings=world.settings(listen=listen))
    with pytest.raises(PlugwireError, match=r"load\.second\.sock"):
        await server.start()
    assert not server.running
    assert len(asyncio.all_tasks()) == 1
    assert open_files() == files
    assert _left(world) == {"load.lock", "load.second.sock"}
    (world.folder / "load.second.sock").rmdir()
    async with server:
        assert list(server.addresses) == list(listen)


async def test_c6_every_port_is_busy(unix_world: World) -> None:
    world = unix_world
    one = {"port_range_start": 21999, "port_range_end": 21999}
    tcp = {"transport": "tcp", "socket_dir": str(world.folder), "tcp": one}
    async with world.Server("one", settings=tcp):
        with pytest.raises(ConnectionFailed, match="21999"):
            await world.Server("two", settings=tcp).start()
    assert PORTS["port_range_end"] == 21999


async def test_c6_stop_waits_no_longer_than_drain_timeout(
    world: World,
) -> None:
    async with (
        world.server(drain_timeout=0.1) as server,
        world.client(buffer_size=1, reconnect=False),
        world.client(reconnect=False) as good,
    ):
        reasons: list[str] = []
        server.on_disconnect(lambda client, reason: reasons.append(reason))
        heard: list[Message] = []
        hearing = asyncio.create_task(world.drain(good, heard))
        said = await world.fill(server)
        async with asyncio.timeout(DEADLINE):
            await server.stop("for today")
        assert reasons == ["for today"] * 2
        with pytest.raises(ConnectionClosed, match="for today"):
            await hearing
        assert numbers(heard) == list(range(said))


async def test_c6_stop_hands_out_what_is_owed(world: World) -> None:
    server = world.server(outbox_messages=10_000)
    await server.start()
    async with world.client(buffer_size=16, reconnect=False) as client:
        for number in range(1000):
            server.broadcast({"i": number, "fill": "x" * 2000})
        stopping = asyncio.create_task(server.stop())
        seen = await world.take(client, 1000)
        assert numbers(seen) == list(range(1000))
        await stopping


async def test_b17_life_is_logged_and_nothing_secret(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "plugwire")
    async with world.server(max_connections=1) as server:
        server.on_message(lambda client, message: {"secret": "answer"})
        async with world.client() as client:
            server.broadcast({"secret": "payload"})
            await client.request({"secret": "question"})
            with pytest.raises(PlugwireError):
                await world.client().connect()
            server.disconnect(1, "bad \x1b[31m\nwords" + "!" * 300)
            with pytest.raises(ConnectionClosed):
                await world.take(client, 2)
        await world.until(lambda: not server.clients)
    lines = [record.getMessage() for record in caplog.records]
    text = "\n".join(lines)
    for words in (
        "load: started (",
        "load: client 1 joined at door main (",
        "load: refused ",
        "load: client 1 left (",
        "load: stopped (the server stops)",
        r"bad \x1b[31m\nwords!",
    ):
        assert words in text
    assert all(record.levelno == logging.INFO for record in caplog.records)
    assert "secret" not in text
    assert "\x1b" not in text
    assert "!" * 250 not in text
    token = world.folder / "token"
    if token.exists():
        assert token.read_text().strip() not in text


async def test_b17_what_a_peer_says_is_escaped_and_repeats_are_limited(
    unix_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world = unix_world
    caplog.set_level(logging.INFO, "plugwire")
    async with world.server() as server:
        for _ in range(50):
            async with world.raw(server) as raw:
                await raw.say(b'{"plugwire": 1, "codec": "\\u001b[2J\\n"}\n')
                await raw.rest()
    refused = [r for r in caplog.records if "refused" in r.getMessage()]
    assert 1 <= len(refused) <= 10
    assert "\x1b" not in caplog.text
    assert r"\x1b" in caplog.text


CALLBACKS = ("connect", "message", "async message", "disconnect", "snapshot")
ACTS = ("broadcast", "send", "attach", "detach", "disconnect", "flush", "stop")


# Each act in each callback on both faces. A Latin square deals out the ways:
# each act, each callback and each face meets every transport and codec.
SITUATIONS = [
    (place, act, face, *WAYS[(row + column + 3 * half) % len(WAYS)])
    for row, place in enumerate(CALLBACKS)
    for column, act in enumerate(ACTS)
    for half, face in enumerate(FACES)
]


def test_every_callback_act_and_face_meets_every_way() -> None:
    for part in range(3):
        met = {(case[part], *case[3:]) for case in SITUATIONS}
        assert len(met) == len({case[part] for case in SITUATIONS}) * len(WAYS)


@pytest.mark.parametrize(
    ("place", "act", "face", "transport", "codec"), SITUATIONS
)
async def test_every_callback_may_call_the_server(
    world: World, place: str, act: str
) -> None:
    """None of it may hang, raise elsewhere, or leave a client half there."""
    heard: list[str] = []
    async with world.server() as server:

        def plain(client: ClientInfo) -> None:
            number = client.id or 0
            if number == 1:
                return  # the witness
            heard.append(place)
            match act:
                case "broadcast":
                    server.broadcast({"from": place})
                    server.broadcast({"from": place}, session="work")
                case "send":
                    server.send(number, {"from": place})
                case "attach":
                    server.attach(number, "work")
                case "detach":
                    server.detach(number)
                case "disconnect":
                    server.disconnect(number, "by a callback")

        async def slow(client: ClientInfo) -> None:
            plain(client)
            if act == "flush":
                await server.flush()
            if act == "stop" and client.id != 1:
                await server.stop("by a callback")

        match place:
            case "connect":
                server.on_connect(slow)
            case "message":
                server.on_message(lambda client, message: plain(client))
            case "async message":
                server.on_message(lambda client, message: slow(client))
            case "disconnect":
                server.on_disconnect(lambda client, reason: slow(client))
            case "snapshot":
                server.snapshot(plain)

        async with world.client() as witness:
            await _use(world, server)
            await world.until(lambda: heard)
            if act != "stop" and witness.connected:
                await witness.flush()
        if act == "stop" and place not in ("message", "snapshot"):
            await world.until(lambda: not server.running)
        else:
            await world.until(lambda: not server.has_clients)
    assert len(asyncio.all_tasks()) == 1


async def _use(world: World, server: Server) -> None:
    """A client that comes, asks and goes, however far it gets."""
    client = world.client(default_timeout=0.5, reconnect=False)
    try:
        await client.connect()
        await client.request({})
    except PlugwireError:
        pass
    finally:
        await client.disconnect()


async def test_callbacks_come_in_order_and_once(world: World) -> None:
    told: list[tuple[int | None, str]] = []
    async with world.server() as server:

        @server.on_connect
        async def _(client: ClientInfo) -> None:
            await asyncio.sleep(0)
            told.append((client.id, "came"))

        @server.on_message
        async def _(client: ClientInfo, message: Message) -> None:
            told.append((client.id, "begins"))
            try:
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            finally:
                told.append((client.id, "ends"))

        @server.on_disconnect
        async def _(client: ClientInfo, reason: str) -> None:
            await asyncio.sleep(0.01)
            told.append((client.id, f"left: {reason}"))

        async def visit(client: Client) -> None:
            for _ in range(5):
                await client.send({})

        async with world.clients(10) as crowd:
            await asyncio.gather(*map(visit, crowd))
            await world.until(lambda: len(told) >= 10 + 100)
            for number in range(1, 6):
                server.disconnect(number, "out")
        await world.until(lambda: len(told) == 120)
    for number in range(1, 11):
        own = [what for who, what in told if who == number]
        end = "out" if number <= 5 else "the client went away"
        wanted = ["came", *["begins", "ends"] * 5, f"left: {end}"]
        assert own == wanted


async def test_on_disconnect_is_heard_when_the_server_stops(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    reasons: list[str] = []
    server = world.server(drain_timeout=0)
    await server.start()

    @server.on_message
    async def _(client: ClientInfo, message: Message) -> None:
        reasons.append("asked")

    @server.on_disconnect
    async def _(client: ClientInfo, reason: str) -> None:
        await asyncio.sleep(0.01)
        reasons.append(reason)
        raise RuntimeError("a bug in on_disconnect")

    async with world.client(reconnect=False) as client:
        await client.send({})
        await world.until(lambda: reasons)
        await server.stop("good night")
    assert reasons == ["asked", "good night"]
    assert "a bug in on_disconnect" in caplog.text
    assert len(asyncio.all_tasks()) == 1
