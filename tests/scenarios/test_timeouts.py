"""What ran out of time is as if it had not been tried: row B4.

This is what a program with threads has in the place of cancellation.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import DEADLINE, World, numbers

from plugwire import ClientInfo, Message, TimedOut

TURNS = st.lists(
    st.tuples(
        st.sampled_from(["receive", "request"]),
        st.sampled_from([0.0, 1e-5, 1e-4, 1e-3]),
        st.integers(0, 6),
    ),
    max_size=30,
)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(turns=TURNS)
def test_b4_timed_out_nothing_is_lost(
    world: World, turns: list[tuple[str, float, int]]
) -> None:
    world.run(_hurry(world, turns))


async def _hurry(world: World, turns: list[tuple[str, float, int]]) -> None:
    async with world.server() as server, world.client(buffer_size=4) as client:
        server.on_message(lambda client, message: message.data)
        seen: list[int] = []
        said = 0
        for act, seconds, count in turns:
            for _ in range(count):
                server.broadcast({"i": said})
                said += 1
            try:
                if act == "receive":
                    message = await client.receive(timeout=seconds)
                    seen += numbers([message])
                else:
                    await client.request({"i": -1}, timeout=seconds)
            except TimedOut:
                continue
        seen += numbers(await world.take(client, said - len(seen)))
        assert seen == list(range(said))


async def test_b4_a_late_answer_is_nobody_elses(world: World) -> None:
    async with world.server() as server, world.client() as client:
        go = world.Event()

        @server.on_message
        async def _(info: ClientInfo, message: Message) -> dict[str, int]:
            if message.data["i"] == 0:
                await go.wait()
            return {"i": message.data["i"]}

        with pytest.raises(TimedOut, match=r"within 0\.01 s"):
            await client.request({"i": 0}, timeout=0.01)
        go.set()
        answer = await client.request({"i": 1}, timeout=DEADLINE)
        assert numbers([answer]) == [1]
