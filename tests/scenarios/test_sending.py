"""What a server says reaches whom it should: rows A5, A9, C1, C2, C5."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest
from worlds import ALL_LOOPS, DEADLINE, FILLER, World, numbers, total

from plugwire import (
    Client,
    ConnectionClosed,
    Message,
    MessageError,
    TimedOut,
    ValidationFailed,
)


@ALL_LOOPS
async def test_a5_requests_are_answered_while_broadcasts_go_out(
    world: World,
) -> None:
    async with world.server() as server:
        server.on_message(
            lambda client, message: {"twice": 2 * message.data["i"]}
        )

        async def talk() -> None:
            for number in range(500):
                server.broadcast({"i": number})
                if number % 50 == 49:
                    await server.flush()
                await asyncio.sleep(0)

        async with world.client() as client:
            talking = asyncio.create_task(talk())
            answers = await asyncio.gather(
                *(client.request({"i": number}) for number in range(200))
            )
            assert [a.data["twice"] for a in answers] == [
                2 * number for number in range(200)
            ]
            assert numbers(await world.take(client, 500)) == list(range(500))
            await talking


async def test_a5_one_sequence_of_unicasts_sessions_and_broadcasts(
    world: World,
) -> None:
    async with world.server() as server, world.clients(2) as (one, two):
        first = one.client_id or 0
        wanted = []
        for number in range(300):
            match number % 5:
                case 0 | 3:
                    server.broadcast({"i": number})
                case 1:
                    server.send(first, {"i": number})
                case 2:
                    server.attach(first, "work")
                    server.broadcast({"i": number}, session="work")
                case 4:
                    server.detach(first)
                    server.broadcast({"i": number}, session="work")
                    continue
            wanted.append(number)
        assert numbers(await world.take(one, len(wanted))) == wanted
        to_all = [number for number in wanted if number % 5 in (0, 3)]
        assert numbers(await world.take(two, len(to_all))) == to_all


@pytest.mark.parametrize("outbox", [32, 1000])
async def test_a9_flush_loses_nothing_with_any_outbox(
    world: World, outbox: int
) -> None:
    async with (
        world.server(outbox_messages=outbox) as server,
        world.client(buffer_size=8) as slow,
        world.client() as quick,
    ):
        total = 40 * outbox if outbox == 32 else 4 * outbox

        async def talk() -> None:
            for number in range(total):
                server.broadcast({"i": number, "fill": FILLER})
                if number % (outbox // 2) == outbox // 2 - 1:
                    await server.flush()

        talking = asyncio.create_task(talk())
        reads = [
            asyncio.create_task(world.take(c, total)) for c in (slow, quick)
        ]
        for read in reads:
            assert numbers(await read) == list(range(total))
        await talking
        await server.flush(low=0)
        assert all(info.queued == 0 for info in server.clients.values())
        assert server.stats.dropped == server.stats.lost == 0


@pytest.mark.parametrize("outbox", [32, 1000])
async def test_a9_disconnect_lets_a_full_client_go(
    world: World, outbox: int
) -> None:
    async with (
        world.server(outbox_messages=outbox) as server,
        world.client(buffer_size=1, reconnect=False) as client,
    ):
        said = await world.fill(server)
        while server.has_clients:
            server.broadcast({"i": said, "fill": FILLER})
            said += 1
            await world.turn(server)
            assert all(c.queued <= outbox for c in server.clients.values())
        assert server.stats.overfull == 1
        seen: list[Message] = []
        with pytest.raises(ConnectionClosed):
            await world.drain(client, seen)
        assert numbers(seen) == list(range(len(seen)))
        assert len(seen) < said


@pytest.mark.parametrize("outbox", [32, 1000])
@pytest.mark.parametrize("lag", ["drop_oldest", "drop_newest"])
async def test_a9_dropping_counts_and_tells(
    world: World, lag: str, outbox: int
) -> None:
    async with (
        world.server(outbox_messages=outbox, lag=lag) as server,
        world.client(buffer_size=1) as client,
    ):
        gaps: list[int | None] = []
        client.on_gap(lambda client, missed: gaps.append(missed))
        said = await world.fill(server)
        for number in range(said, said + 2 * outbox):
            server.broadcast({"i": number, "fill": FILLER})
            if number % 16 == 0:
                await asyncio.sleep(0)
        said += 2 * outbox
        await world.turn(server)
        (info,) = server.clients.values()
        assert info.queued <= outbox
        assert info.dropped == server.stats.dropped > 0
        seen = numbers(await world.take(client, said - info.dropped))
        if lag == "drop_oldest":
            assert seen[-1] == said - 1
        else:
            assert seen == list(range(len(seen)))
        assert seen == sorted(set(seen))
        server.broadcast({"i": -1})
        assert numbers(await world.take(client, 1)) == [-1]
        assert client.missed == info.dropped
        await world.until(lambda: total(gaps) == client.missed)
        assert client.connected


async def test_a9_keep_latest_has_one_of_each_event(world: World) -> None:
    async with (
        world.server(lag="keep_latest") as server,
        world.client(buffer_size=1) as client,
    ):
        said = await world.fill(server)
        for number in range(said, said + 100):
            server.broadcast({"i": number, "fill": FILLER})
            server.broadcast({"i": number}, event_name="other")
            await world.turn(server)
            # The kernel may take what waits at any moment.
            assert server.clients[1].queued <= 2
        (info,) = server.clients.values()
        assert info.dropped
        total = said + 200 - info.dropped
        seen = await world.take(client, total)
        assert numbers(seen)[-2:] == [said + 99, said + 99]
        assert {m.event_name for m in seen[-2:]} == {"load", "other"}
        server.broadcast({"i": 0})
        await world.take(client, 1)
        assert client.missed == info.dropped


async def test_a9_all_outboxes_together_are_bounded(world: World) -> None:
    limit = 256 * 1024
    async with (
        world.server(
            total_outbox_bytes=limit, outbox_messages=10_000
        ) as server,
        world.client(buffer_size=1, reconnect=False),
        world.client() as quick,
    ):
        assert quick.client_id == 2
        read = asyncio.create_task(world.take(quick, 2000))
        for number in range(2000):
            server.broadcast({"i": number, "fill": FILLER})
            if number % 8 == 7:
                await world.turn(server)
                await world.until(lambda: server.clients[2].queued < 16)
        assert numbers(await read) == list(range(2000))
        assert server.stats.overfull == 1
        assert tuple(server.clients) == (quick.client_id,)


async def test_a9_all_outboxes_together_drop_by_their_policy(
    world: World,
) -> None:
    limit = 128 * 1024
    async with (
        world.server(
            total_outbox_bytes=limit, outbox_messages=10_000, lag="drop_oldest"
        ) as server,
        world.clients(2, buffer_size=1) as crowd,
    ):
        for number in range(1500):
            server.broadcast({"i": number, "fill": FILLER})
            if number % 8 == 7:
                await world.turn(server)
        server.broadcast({"i": 1500})
        await world.turn(server)
        assert len(server.clients) == 2
        assert all(info.dropped for info in server.clients.values())
        for client in crowd:
            seen = []
            while not seen or seen[-1] != 1500:
                seen += numbers(await world.take(client, 1))
            assert seen == sorted(set(seen))


async def test_a9_flush_waits_no_longer_than_it_is_told(world: World) -> None:
    async with (
        world.server(outbox_messages=10_000) as server,
        world.client(buffer_size=1),
    ):
        await world.fill(server)
        with pytest.raises(TimedOut, match="1 clients did not catch up"):
            await server.flush(low=0, timeout=0.01)
        assert len(server.clients) == 1


async def test_a9_flush_waits_for_no_stalled_client(world: World) -> None:
    async with (
        world.server(lag="drop_oldest", lag_grace=0.05) as server,
        world.client(buffer_size=1) as client,
    ):
        said = await world.fill(server)
        await server.flush(low=0)
        assert server.stats.stalled == 1
        assert client.connected
        seen = numbers(await world.take(client, said))
        assert seen == list(range(said))
        await server.flush(low=0, timeout=DEADLINE)
        await world.until(lambda: not server.clients[1].queued)


async def test_a9_no_patience_at_all_is_no_busy_loop(world: World) -> None:
    async with (
        world.server(lag="drop_oldest", lag_grace=0) as server,
        world.client(buffer_size=1) as client,
    ):
        said = await world.fill(server)
        await world.until(lambda: server.stats.stalled)
        stalled = server.stats.stalled
        for _ in range(50):
            await world.turn(server)
        assert server.stats.stalled == stalled
        assert numbers(await world.take(client, said)) == list(range(said))


async def test_c1_a_broadcast_goes_out_at_the_end_of_the_turn(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:
        for number in range(10):
            assert server.broadcast({"i": number}) == 1
            assert numbers(await world.take(client, 1)) == [number]


async def test_c2_has_clients_is_true_from_joined_to_left(
    world: World,
) -> None:
    server = world.server()
    assert not server.has_clients
    async with server:
        assert not server.has_clients
        async with world.client():
            assert server.has_clients
        await world.until(lambda: not server.has_clients)
    assert not server.has_clients


async def test_c5_who_takes_nothing_is_let_go_and_delays_nobody(
    world: World,
) -> None:
    async with (
        world.server(lag_grace=0.5, outbox_messages=1000) as server,
        world.client(buffer_size=1, reconnect=False) as stuck,
        world.clients(5) as crowd,
    ):
        reasons: list[str] = []
        server.on_disconnect(lambda client, reason: reasons.append(reason))
        reads = [asyncio.create_task(world.take(c, 2000)) for c in crowd]
        for number in range(2000):
            server.broadcast({"i": number, "fill": FILLER})
            if number % 100 == 99:
                await server.flush()
        for read in reads:
            assert numbers(await read) == list(range(2000))
        await world.until(lambda: reasons)
        assert reasons == ["it took nothing for lag_grace (lag)"]
        assert stuck.client_id not in server.clients
        assert len(server.clients) == 5


LISTENER = {
    "asyncio": """
import asyncio
from plugwire import Client
async def main():
    async with Client("load", settings=SETTINGS, reconnect=False) as client:
        print(client.client_id, flush=True)
        async for message in client:
            pass
asyncio.run(main())
""",
    "threads": """
from plugwire.sync import Client
with Client("load", settings=SETTINGS, reconnect=False) as client:
    print(client.client_id, flush=True)
    for message in client:
        pass
""",
}


@pytest.mark.parametrize(
    ("transport", "codec"), [("unix", "msgpack"), ("tcp", "json")]
)
async def test_c5_a_stopped_process_delays_none_of_a_hundred(
    world: World,
) -> None:
    total = 4_000
    async with (
        # The hundred share this process: the grace is for a busy machine too.
        world.server(max_connections=101, lag_grace=2.5) as server,
        world.child(LISTENER[world.face]) as child,
    ):
        stopped = int(await child.line())
        child.signal(signal.SIGSTOP)
        reasons: dict[int | None, str] = {}
        server.on_disconnect(
            lambda client, reason: reasons.update({client.id: reason})
        )
        while not server.clients[stopped].queued:
            server.send(stopped, {"fill": FILLER})
            await world.turn(server)
        async with world.clients(100) as crowd:

            async def hear(client: Client) -> list[int]:
                return numbers(await world.take(client, total))

            hearing = [asyncio.create_task(hear(c)) for c in crowd]
            for number in range(total):
                assert server.broadcast({"i": number, "pad": "x" * 90}) >= 100
                if number % 500 == 499:
                    await server.flush()
            wanted = list(range(total))
            for seen in await asyncio.gather(*hearing):
                assert seen == wanted
            assert len(server.clients) == 100
            assert server.stats.dropped == 0
        assert next(iter(reasons)) == stopped
        assert "(lag)" in reasons[stopped]


async def test_b8_broadcasts_of_four_threads_have_one_order(
    world: World,
) -> None:
    each = 400
    async with (
        world.server(outbox_messages=10_000) as server,
        world.clients(3) as crowd,
    ):
        sums: list[int] = []

        def talk(thread: int) -> None:
            for number in range(each):
                sums.append(server.broadcast({"t": thread, "i": number}))
                if number % 40 == 0:
                    server.send(1, {"t": -1, "i": number})

        threads = [threading.Thread(target=talk, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        total = 4 * each
        orders = []
        for place, client in enumerate(crowd):
            alone = 4 * each // 40 if client.client_id == 1 else 0
            seen = await world.take(client, total + alone)
            said = [(m.data["t"], m.data["i"]) for m in seen]
            orders.append([pair for pair in said if pair[0] >= 0])
            assert len(said) - len(orders[place]) == alone
            marks = [m.seq for m in seen if m.seq is not None]
            assert marks == list(range(1, total + 1))
        assert orders[0] == orders[1] == orders[2]
        for thread_number in range(4):
            own = [i for t, i in orders[0] if t == thread_number]
            assert own == list(range(each))
        await asyncio.to_thread(lambda: [t.join() for t in threads])
        assert set(sums) == {3}


async def test_what_cannot_be_sent_raises_at_the_caller_alone(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:
        wrong: list[tuple[type[Exception], Callable[[], object]]] = [
            (ValidationFailed, lambda: server.broadcast(cast(Any, [1]))),
            (ValidationFailed, lambda: server.broadcast({}, message_type="x")),
            (ValidationFailed, lambda: server.broadcast({}, event_name="a b")),
            (MessageError, lambda: server.broadcast({"o": object()})),
            (MessageError, lambda: server.send(1, {"o": object()})),
            (MessageError, lambda: server.broadcast({"x": "x" * (1 << 21)})),
        ]
        for error, act in wrong:
            with pytest.raises(error):
                act()
        with pytest.raises(MessageError):
            await client.send({"x": "x" * (1 << 21)})
        server.broadcast({"i": 1})
        (message,) = await world.take(client, 1)
        assert (message.data, message.seq) == ({"i": 1}, 1)


async def test_a_server_that_does_not_run_says_nothing(world: World) -> None:
    server = world.server()
    for act in (
        lambda: server.broadcast({}),
        lambda: server.send(1, {}),
        lambda: server.attach(1, "a"),
        lambda: server.detach(1),
        lambda: server.disconnect(1, "x"),
        lambda: server.clients_in("a"),
    ):
        with pytest.raises(ConnectionClosed, match="not running"):
            act()
    with pytest.raises(ConnectionClosed, match="not running"):
        await server.flush()


async def test_a9_who_only_ever_flushes_keeps_nobody_from_a_turn(
    world: World,
) -> None:
    async with world.server() as server, world.client() as client:
        leaving = asyncio.create_task(client.disconnect())
        for number in range(20_000):
            if not server.has_clients:
                break
            server.broadcast({"i": number})
            await server.flush()
        assert not server.has_clients
        await leaving
