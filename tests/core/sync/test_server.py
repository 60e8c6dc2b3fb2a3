"""The blocking server: its face, its handlers, its start and its stop."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from plugwire import (
    AlreadyRunning,
    Client,
    ClientGone,
    ClientInfo,
    ConnectionClosed,
    Denied,
    Message,
    PlugwireError,
    Refused,
    RequestFailed,
    TimedOut,
    ValidationFailed,
    hookimpl,
)
from plugwire import Server as LoopServer
from plugwire.interfaces import ALLOW
from plugwire.sync.server import Server
from plugwire.testing.companions import Welcoming

Until = Callable[[Callable[[], object]], None]


@pytest.fixture(params=["memory", "unix"])
def world(request: pytest.FixtureRequest, told: Any, inside: Any) -> Any:
    """Settings of a server and its clients."""
    return inside if request.param == "memory" else told


def threads_of(event: str) -> list[str]:
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(f"plugwire-{event}")
    ]


def beside(work: Coroutine[Any, Any, None]) -> threading.Thread:
    """Run `work` in a thread with a loop of its own."""
    thread = threading.Thread(target=asyncio.run, args=(work,))
    thread.start()
    return thread


async def blocking(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call what blocks, from a client's loop."""
    async with asyncio.timeout(20):
        return await asyncio.to_thread(function, *arguments)


# ------------------------------------------------------------- the face


def public(face: type) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(face).items()
        if not name.startswith("_")
    }


def test_it_has_the_names_of_the_asyncio_face() -> None:
    assert public(Server).keys() == public(LoopServer).keys()
    for name, member in public(Server).items():
        other = public(LoopServer)[name]
        assert type(member) is type(other), name
        assert member.__doc__, name
        if not isinstance(member, property):
            here, there = inspect.signature(member), inspect.signature(other)
            assert here == there, name
    here, there = inspect.signature(Server), inspect.signature(LoopServer)
    assert here.parameters == there.parameters


# ------------------------------------------------------------ start, stop


def test_b8_start_returns_when_it_accepts(world: dict[str, Any]) -> None:
    async def main() -> None:
        async with Client("load", **world) as client:
            assert server.has_clients
            assert server.broadcast({"load": 1}) == 1
            assert (await client.receive(timeout=20)).data == {"load": 1}

    server = Server("load", **world)
    assert (server.event_name, server.running) == ("load", False)
    server.start()
    assert server.running
    assert threads_of("load") == ["plugwire-load"]
    asyncio.run(main())
    server.stop()
    assert not server.running
    assert threads_of("load") == []
    server.stop()


def test_start_twice_is_refused_and_harms_nothing(
    world: dict[str, Any],
) -> None:
    with Server("load", **world) as server:
        with pytest.raises(AlreadyRunning, match="in this very object"):
            server.start()
        with pytest.raises(AlreadyRunning):
            Server("load", **world).start()
        assert server.running
        assert threads_of("load") == ["plugwire-load"]


def test_a_start_that_fails_leaves_no_thread(told: dict[str, Any]) -> None:
    folder = Path(told["socket_dir"])
    folder.mkdir(mode=0o700)
    (folder / "load.sock").write_text("not a socket")
    server = Server("load", **told)
    with pytest.raises(PlugwireError, match=r"load\.sock"):
        server.start()
    assert threads_of("load") == []
    (folder / "load.sock").unlink()
    with server:
        assert server.running


def test_a_stopped_server_starts_again(world: dict[str, Any]) -> None:
    server = Server("load", **world)

    async def main(number: int) -> None:
        async with Client("load", **world) as client:
            server.broadcast({"i": number})
            assert (await client.receive(timeout=20)).data == {"i": number}

    for number in range(5):
        with server:
            asyncio.run(main(number))
        assert server.stats.broadcasts == 1


def test_start_and_stop_from_many_threads(inside: dict[str, Any]) -> None:
    """Whatever their order, each start succeeds or says why, no call hangs,
    and the last stop stops."""
    server = Server("load", **inside)
    wrong: list[BaseException] = []

    def play() -> None:
        try:
            for _ in range(20):
                with suppress(AlreadyRunning):
                    server.start()
                server.stop()
        except BaseException as error:
            wrong.append(error)

    players = [threading.Thread(target=play) for _ in range(4)]
    for player in players:
        player.start()
    for player in players:
        player.join(40)
        assert not player.is_alive()
    server.stop()
    assert wrong == []
    assert not server.running
    assert threads_of("load") == []


def test_who_starts_second_leaves_the_first_ones_server_alone(
    inside: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server("load", **inside)
    enter = server._lives.enter

    def overtaken(*, hosted: bool) -> Any:
        found = enter(hosted=hosted)
        monkeypatch.undo()
        quicker = threading.Thread(target=server.start)
        quicker.start()
        quicker.join(20)
        return found

    monkeypatch.setattr(server._lives, "enter", overtaken)
    with pytest.raises(AlreadyRunning):
        server.start()
    assert server.running
    server.stop()
    assert not server.running
    assert threads_of("load") == []


def test_outside_start_and_stop_calls_say_so(inside: dict[str, Any]) -> None:
    server = Server("load", **inside)
    for _ in range(2):
        for call in (
            lambda: server.broadcast({}),
            lambda: server.send(1, {}),
            lambda: server.attach(1, "s"),
            lambda: server.detach(1),
            lambda: server.disconnect(1, "why"),
            lambda: server.clients_in("s"),
            lambda: server.flush(),
        ):
            with pytest.raises(ConnectionClosed, match="not running"):
                call()
        assert (server.clients, server.addresses) == ({}, {})
        assert (server.kept, server.clear_kept()) == (0, 0)
        assert not server.has_clients
        with server:
            pass


def test_wrong_arguments_are_told_at_once() -> None:
    with pytest.raises(ValidationFailed):
        Server("no spaces")


# ---------------------------------------------------------- looking, doing


def test_b3_what_is_done_to_clients(world: dict[str, Any]) -> None:
    async def main() -> None:
        async with (
            Client("load", **world) as one,
            Client("load", reconnect=False, **world) as two,
        ):
            ids = (one.client_id or 0, two.client_id or 0)
            assert tuple(server.clients) == ids
            server.attach(ids[1], "room")
            assert server.clients_in("room") == (ids[1],)
            assert server.broadcast({"to": "room"}, session="room") == 1
            server.send(ids[0], {"to": "one"})
            server.flush(low=0, timeout=20)
            assert (await one.receive(timeout=20)).data == {"to": "one"}
            assert (await two.receive(timeout=20)).data == {"to": "room"}
            server.detach(ids[1])
            assert server.clients_in("room") == ()
            server.disconnect(ids[1], "enough")
            with pytest.raises(ConnectionClosed, match="enough"):
                await two.receive(timeout=20)
            with pytest.raises(ClientGone):
                server.send(ids[1], {})
            with pytest.raises(ClientGone):
                server.attach(ids[1], "room")
            with pytest.raises(ValidationFailed):
                server.attach(ids[0], "no spaces")

    with Server("load", **world) as server:
        asyncio.run(main())
        assert server.stats.connections == 2


def test_b7_what_is_kept(inside: dict[str, Any]) -> None:
    with Server("load", **inside) as server:
        for i in range(3):
            assert server.broadcast({"i": i}) == 0
        assert server.clear_kept() == 3
        assert server.kept == 0


def test_many_threads_broadcast_in_one_order(world: dict[str, Any]) -> None:
    """Two clients hear all of it, in the same order, and each thread's part
    in its own."""
    count, voices = 100, 4

    async def main() -> None:
        async with (
            Client("load", **world) as one,
            Client("load", **world) as two,
        ):
            speaking = [
                asyncio.create_task(blocking(speak, voice))
                for voice in range(voices)
            ]
            heard = [
                [
                    (await client.receive(timeout=20)).data
                    for _ in range(count * voices)
                ]
                for client in (one, two)
            ]
            await asyncio.gather(*speaking)
            assert heard[0] == heard[1]
            for voice in range(voices):
                own = [d["i"] for d in heard[0] if d["voice"] == voice]
                assert own == list(range(count))

    def speak(voice: int) -> None:
        for i in range(count):
            assert server.broadcast({"voice": voice, "i": i}) == 2

    with Server("load", **world) as server:
        asyncio.run(main())


def test_flush_times_out(told: dict[str, Any]) -> None:
    async def main() -> None:
        async with Client("load", buffer_size=1, **told) as client:
            for _ in range(50):
                server.broadcast({"x": "x" * 100_000})
            with pytest.raises(TimedOut):
                await blocking(lambda: server.flush(low=0, timeout=0.01))
            assert client.connected

    with Server("load", lag_grace=20, drain_timeout=0.1, **told) as server:
        asyncio.run(main())


def test_looking_from_threads_while_clients_come_and_go(
    inside: dict[str, Any],
) -> None:
    over = threading.Event()
    wrong: list[BaseException] = []

    def look() -> None:
        try:
            while not over.is_set():
                assert all(info.id for info in server.clients.values())
                assert len(server.clients_in("room")) <= 3
                assert server.running
                assert server.stats.connections >= 0
        except BaseException as error:
            wrong.append(error)

    async def main() -> None:
        for _ in range(30):
            async with (
                Client("load", **inside) as one,
                Client("load", **inside),
            ):
                await one.attach("room")

    with Server("load", **inside) as server:
        looking = [threading.Thread(target=look) for _ in range(2)]
        for thread in looking:
            thread.start()
        asyncio.run(main())
        over.set()
        for thread in looking:
            thread.join()
    assert wrong == []


# --------------------------------------------------------------- handlers


def test_handlers_run_in_the_pool_in_order(world: dict[str, Any]) -> None:
    server = Server("load", **world)
    calls: list[tuple[str, Any]] = []
    threads: set[str] = set()

    def note(name: str, value: Any) -> None:
        calls.append((name, value))
        threads.add(threading.current_thread().name)

    @server.on_connect
    def _(client: ClientInfo) -> None:
        note("connect", client.id)
        assert client.id is not None
        server.attach(client.id, "room")
        server.send(client.id, {"hello": "you"})

    @server.on_message
    def _(client: ClientInfo, message: Message) -> dict[str, Any] | None:
        note("message", message.data["i"])
        if message.data["i"] == 2:
            raise ValueError("not two")
        return {"i": message.data["i"]} if message.data["i"] else None

    @server.on_disconnect
    def _(client: ClientInfo, reason: str) -> None:
        note("disconnect", client.id)

    async def main() -> None:
        async with Client("load", **world) as client:
            assert (await client.receive(timeout=20)).data == {"hello": "you"}
            assert server.clients_in("room") == (1,)
            assert (await client.request({"i": 0})).data == {}
            assert (await client.request({"i": 1})).data == {"i": 1}
            with pytest.raises(RequestFailed, match="not two"):
                await client.request({"i": 2})
            for i in range(3, 30):
                await client.send({"i": i})
            await client.request({"i": 30})

    with server:
        asyncio.run(main())
    assert calls == [
        ("connect", 1),
        *(("message", i) for i in range(31)),
        ("disconnect", 1),
    ]
    assert all(name.startswith("plugwire-load-handler-") for name in threads)


def test_a_handler_that_raises_refuses_the_client(
    inside: dict[str, Any],
) -> None:
    server = Server("load", **inside)

    @server.on_connect
    def _(client: ClientInfo) -> None:
        raise LookupError("not you")

    async def main() -> None:
        with pytest.raises(Refused, match="turned the client away"):
            await Client("load", **inside).connect()

    with server:
        asyncio.run(main())


def test_a_handler_that_exits_costs_its_request_alone(
    inside: dict[str, Any],
) -> None:
    server = Server("load", **inside)

    @server.on_message
    def _(client: ClientInfo, message: Message) -> None:
        sys.exit("from a handler")

    @server.snapshot
    def _(client: ClientInfo) -> None:
        sys.exit("from a snapshot")

    async def main() -> None:
        async with Client("load", **inside) as client:
            for _ in range(2):
                with pytest.raises(RequestFailed, match="from a handler"):
                    await client.request({})

    with server:
        asyncio.run(main())
        assert server.running


def test_a_coroutine_function_is_refused_at_registration(
    inside: dict[str, Any],
) -> None:
    server = Server("load", **inside)

    async def handler(*_: Any) -> None:
        return None

    class Awaited:
        async def __call__(self, *_: Any) -> None:
            return None

    for register in (
        server.on_connect,
        server.on_disconnect,
        server.on_message,
        server.snapshot,
    ):
        for wrong in (handler, Awaited()):
            with pytest.raises(ValidationFailed, match="without async"):
                register(wrong)  # type: ignore[type-var]  # that is the test
        with pytest.raises(ValidationFailed, match="takes a function"):
            register(None)  # type: ignore[type-var]  # that is the test

        def plain(*_: Any) -> None:
            return None

        assert register(plain) is plain


def test_a_handler_that_returns_a_coroutine_is_told(
    inside: dict[str, Any],
) -> None:
    server = Server("load", **inside)

    async def work() -> dict[str, Any]:
        return {}

    handler: Any = lambda client, message: work()  # noqa: E731 - untyped
    server.on_message(handler)

    async def main() -> None:
        async with Client("load", **inside) as client:
            with pytest.raises(RequestFailed, match="a coroutine"):
                await client.request({})

    with server:
        asyncio.run(main())


def test_a_snapshot_is_the_first_message(world: dict[str, Any]) -> None:
    server = Server("load", **world)

    @server.snapshot
    def _(client: ClientInfo) -> dict[str, Any]:
        assert client.id is not None
        server.send(client.id, {"said": "behind it"})
        return {"state": len(server.clients)}

    async def main() -> None:
        async with Client("load", **world) as client:
            assert (await client.receive(timeout=20)).data == {"state": 0}
            assert (await client.receive(timeout=20)).data == {
                "said": "behind it"
            }

    with server:
        asyncio.run(main())


def test_a_snapshot_cannot_wait_for_the_loop(inside: dict[str, Any]) -> None:
    server = Server("load", **inside)
    told: list[str] = []

    @server.snapshot
    def _(client: ClientInfo) -> None:
        try:
            server.flush()
        except PlugwireError as error:
            told.append(str(error))

    async def main() -> None:
        async with Client("load", **inside):
            pass

    with server:
        asyncio.run(main())
    assert len(told) == 1
    assert "loop's own thread" in told[0]


@contextmanager
def blocked(count: int) -> Iterator[tuple[threading.Semaphore, Any]]:
    """A semaphore that handlers release when they block, and the gate at
    which they do."""
    gate = threading.Event()
    try:
        yield threading.Semaphore(0), gate
    finally:
        gate.set()


def test_a4_a_handler_that_blocks_costs_its_client_alone(
    world: dict[str, Any],
) -> None:
    server = Server("load", handler_threads=2, **world)

    async def main(entered: threading.Semaphore, gate: Any) -> None:
        async with (
            Client("load", **world) as one,
            Client("load", **world) as two,
            Client("load", **world) as three,
        ):
            first = asyncio.create_task(one.request({"block": True}))
            await blocking(lambda: entered.acquire(timeout=20))
            # One of two threads is taken: the others are served.
            assert (await two.request({})).data == {"ok": 1}
            second = asyncio.create_task(two.request({"block": True}))
            await blocking(lambda: entered.acquire(timeout=20))
            # Both are: others' handlers wait, and broadcasts go on.
            third = asyncio.create_task(three.request({}))
            server.broadcast({"i": 1})
            assert (await three.receive(timeout=20)).data == {"i": 1}
            assert not third.done()
            gate.set()
            for task in (first, second, third):
                assert (await task).data == {"ok": 1}

    with blocked(2) as (entered, gate), server:

        @server.on_message
        def _(client: ClientInfo, message: Message) -> dict[str, int]:
            if message.data.get("block"):
                entered.release()
                assert gate.wait(20)
            return {"ok": 1}

        asyncio.run(main(entered, gate))


@pytest.mark.parametrize(
    ("limit", "parting", "heard"),
    [
        ("CLIENTS", 1, [0, 1, 2]),
        ("CLIENTS", 0, [0]),
        ("BYTES", 1000, [0, 1, 2]),
        ("BYTES", 100, [0]),
    ],
)
def test_what_clients_said_before_they_left_is_bounded(
    inside: dict[str, Any],
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    parting: int,
    heard: list[int],
) -> None:
    name = f"plugwire.aio.incarnation.PARTING_{limit}"
    monkeypatch.setattr(name, parting)
    handled: list[int] = []

    async def main() -> None:
        async with Client("load", **inside) as client:
            for number in range(3):
                await client.send({"i": number})
            await blocking(lambda: entered.acquire(timeout=20))

    with blocked(1) as (entered, gate), Server("load", **inside) as server:

        @server.on_message
        def _(client: ClientInfo, message: Message) -> None:
            entered.release()
            assert gate.wait(20)
            handled.append(message.data["i"])

        over = threading.Event()
        server.on_disconnect(lambda client, reason: over.set())
        asyncio.run(main())
        until(lambda: not server.has_clients and server.stats.received == 3)
        gate.set()
        assert over.wait(20)
        until(lambda: len(handled) >= len(heard))
    assert handled == heard


def test_on_disconnect_is_the_last_of_a_clients_handlers(
    world: dict[str, Any], until: Until
) -> None:
    """Also behind what ran, and what waited, when its client went."""
    server = Server("load", **world)
    calls: list[str] = []

    async def main() -> None:
        client = Client("load", **world)
        await client.connect()
        await client.send({})
        await client.send({"still": "handled"})
        await blocking(lambda: entered.acquire(timeout=20))
        await client.disconnect()

    with blocked(1) as (entered, gate), server:

        @server.on_message
        def _(client: ClientInfo, message: Message) -> None:
            entered.release()
            assert gate.wait(20)
            calls.append("message")

        @server.on_disconnect
        def _(client: ClientInfo, reason: str) -> None:
            calls.append("disconnect")

        asyncio.run(main())
        until(lambda: not server.has_clients)
        assert calls == []
        gate.set()
        until(lambda: "disconnect" in calls)
    assert calls == ["message", "message", "disconnect"]


# ----------------------------------------------------------- serve_forever


def test_b8_serve_forever_takes_the_callers_thread(
    world: dict[str, Any],
) -> None:
    server = Server("load", **world)
    threads: list[list[str]] = []

    async def main() -> None:
        async with Client("load", default_timeout=20, **world) as client:
            threads.append(threads_of("load"))
            server.broadcast({"i": 1})
            assert (await client.receive(timeout=20)).data == {"i": 1}
            server.attach(client.client_id or 0, "room")
        await blocking(server.stop)

    thread = beside(main())
    server.serve_forever()
    assert not server.running
    thread.join()
    assert threads == [[]]


def test_blocking_mode_starts_in_the_callers_thread(
    inside: dict[str, Any], until: Until
) -> None:
    server = Server("load", blocking_mode=True, **inside)
    serving = threading.Thread(target=server.start)
    serving.start()
    until(lambda: server.running)
    assert serving.is_alive()
    with pytest.raises(AlreadyRunning):
        Server("load", **inside).start()
    server.stop()
    serving.join(20)
    assert not serving.is_alive()


def test_serve_forever_waits_for_a_server_that_was_started(
    inside: dict[str, Any], until: Until
) -> None:
    server = Server("load", **inside)
    server.start()
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    asyncio.run(_visit(inside))
    assert serving.is_alive()
    server.stop()
    serving.join(20)
    assert not serving.is_alive()


async def _visit(settings: dict[str, Any]) -> None:
    async with Client("load", **settings):
        pass


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a3_serve_forever_heeds_signals(
    inside: dict[str, Any],
    started: bool,
    number: int,
    loop: str,
    until: Until,
) -> None:
    former = signal.getsignal(number)
    server = Server("load", event_loop=loop, **inside)
    reasons: list[str] = []
    loops: list[str] = []

    @server.snapshot
    def _(client: ClientInfo) -> None:
        loops.append(type(asyncio.get_running_loop()).__module__)

    async def main() -> None:
        client = Client("load", default_timeout=20, reconnect=False, **inside)
        async with client:
            await blocking(until, lambda: signal.getsignal(number) != former)
            os.kill(os.getpid(), number)
            try:
                await client.receive(timeout=20)
            except ConnectionClosed as error:
                reasons.append(error.reason)

    if started:
        server.start()
    thread = beside(main())
    server.serve_forever()
    thread.join()
    assert not server.running
    assert reasons == ["the server stops"]
    assert signal.getsignal(number) == former
    assert [name.partition(".")[0] for name in loops] == [loop]


@pytest.mark.parametrize("started", [False, True])
def test_a_second_signal_cuts_the_draining_short(
    told: dict[str, Any], started: bool, until: Until
) -> None:
    """A client that reads nothing would be drained for a minute."""
    number = signal.SIGTERM
    former = signal.getsignal(number)
    server = Server("load", drain_timeout=60, lag_grace=60, **told)

    async def main() -> None:
        client = Client(
            "load",
            default_timeout=20,
            buffer_size=1,
            reconnect=False,
            **told,
        )
        await client.connect()
        for _ in range(60):
            server.broadcast({"x": "x" * 100_000})
        await blocking(until, lambda: signal.getsignal(number) != former)
        os.kill(os.getpid(), number)
        await blocking(until, lambda: not server.running)
        os.kill(os.getpid(), number)
        await client.disconnect()

    if started:
        server.start()
    thread = beside(main())
    server.serve_forever()
    thread.join(20)
    assert not thread.is_alive()
    assert server.stats.lost > 0


async def test_in_a_loops_thread_serve_forever_says_no(
    inside: dict[str, Any],
) -> None:
    server = Server("load", **inside)
    with pytest.raises(PlugwireError, match="asyncio face"):
        server.serve_forever()
    with server:
        assert server.running


def test_serve_forever_that_cannot_start_leaves_the_signals(
    inside: dict[str, Any],
) -> None:
    former = signal.getsignal(signal.SIGTERM)
    with Server("load", **inside):
        other = Server("load", **inside)
        for _ in range(2):
            with pytest.raises(AlreadyRunning):
                other.serve_forever()
    assert signal.getsignal(signal.SIGTERM) is former


# ------------------------------------------------------------------ forks


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_a_check_that_would_end_its_loop_only_denies(
    inside: dict[str, Any], error: type[BaseException]
) -> None:
    class Guard(Welcoming):
        @hookimpl
        def authorize(self) -> Any:
            return self.check

        def check(self, peer: Any, verb: str, subject: Any) -> Any:
            if verb == "attach":
                raise error
            return ALLOW

    async def main() -> None:
        async with Client("load", **guarded) as client:
            with pytest.raises(Denied, match=error.__name__):
                await client.attach("room")
            assert server.broadcast({"load": 1}) == 1
            message = await client.receive(timeout=20)
            heard.append(message.data)

    heard: list[Any] = []
    guarded = {**inside, "permissions": (Guard(),)}
    with Server("load", **guarded) as server:
        beside(main()).join()
        assert heard == [{"load": 1}]
        assert server.running


FORKING = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of fork with threads
from plugwire.errors import ConnectionClosed
from plugwire.sync.server import Server

server = Server("load", socket_dir=sys.argv[1], transport=sys.argv[2])
with server:
    child = os.fork()
    if not child:
        for call in (
            lambda: server.broadcast({}),
            lambda: server.send(1, {}),
            lambda: server.attach(1, "s"),
            server.flush,
            server.start,
            server.serve_forever,
        ):
            try:
                call()
            except ConnectionClosed as error:
                print("child:", error, flush=True)
        server.stop()
        assert not server.running
        server.stats, server.clients, server.addresses
        own = Server("own", socket_dir=sys.argv[1], transport=sys.argv[2])
        with own:
            print("own:", own.running, flush=True)
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print("parent:", server.running, server.broadcast({}), flush=True)
print("left:", *os.listdir(sys.argv[1]))
"""


@pytest.mark.parametrize("transport", ["memory", "unix"])
def test_in_a_forked_child_it_is_dead(
    told: dict[str, Any], transport: str
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", FORKING, told["socket_dir"], transport]
        if transport == "unix"
        else [sys.executable, "-c", FORKING, "/", transport],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
    )
    lines = said.stdout.splitlines()
    assert sum("forked child" in line for line in lines) == 6
    assert "own: True" in lines
    assert "parent: True 0" in lines
    if transport == "unix":
        left = lines[-1].split()[1:]
        assert sorted(left) == ["load.lock", "own.lock"]
    assert said.stderr == ""
