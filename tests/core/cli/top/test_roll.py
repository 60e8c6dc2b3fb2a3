"""Asking a server for its clients, with real servers."""

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest

from plugwire import Client, Server, load_settings
from plugwire.cli.top import roll
from plugwire.cli.top.roll import MAX_SHOWN, call_roll, read


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(roll, "EVERY", 0.01)
    monkeypatch.setattr(roll, "PATIENCE", 0.01)


@asynccontextmanager
async def calling():
    """The event that wishes, and what is told, one after the other."""
    wanted, told = asyncio.Event(), asyncio.Queue()
    settings = load_settings()
    task = asyncio.create_task(
        call_roll("load", settings, None, wanted, told.put_nowait)
    )
    try:
        yield wanted, told
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(told, look):
    """The first that is told and pleases."""
    async with asyncio.timeout(20):
        while not look(found := await told.get()):
            pass
    return found


async def test_clients_are_told_while_it_is_wanted():
    async with Server("load") as server, Client("load"), calling() as call:
        wanted, told = call
        await asyncio.sleep(0)
        assert told.empty()
        wanted.set()
        found = await until(told, lambda roll: roll.total == 1)
        assert found.fellows[0].door == "main"
        assert (found.trouble, found.asked) == ("", True)
        server.broadcast({"a": 1})
        await until(told, lambda roll: roll.totals.broadcasts == 1)
        async with Client("load"):
            found = await until(told, lambda roll: roll.total == 2)
            assert [fellow.id for fellow in found.fellows] == [1, 2]
        wanted.clear()
        await server_has(server, services=0)


async def server_has(server, *, services):
    """Until so many control connections are open."""
    async with asyncio.timeout(20):
        while len(server._host.connections) - len(server.clients) != services:
            await asyncio.sleep(0.01)


async def test_a_server_that_goes_and_comes_back():
    async with calling() as (wanted, told):
        async with Server("load"), Client("load", reconnect=False):
            wanted.set()
            last = await until(told, lambda roll: roll.total == 1)

        def is_trouble(roll):
            nonlocal last
            if not roll.trouble:
                last = roll
            return "cannot connect" in roll.trouble

        found = await until(told, is_trouble)
        # What was known stays.
        assert found.totals == last.totals is not None
        assert found.fellows == last.fellows
        async with Server("load"):
            found = await until(told, lambda roll: not roll.trouble)
            assert found.total == 0


async def test_a_server_that_does_not_answer_us_says_so():
    rules = {"allow": [{"who": "*", "verbs": ["connect", "receive"]}]}
    more = {"permissions": ["peer", "rules"], "rules": rules}
    async with Server("load", **more), calling() as (wanted, told):
        wanted.set()
        found = await until(told, lambda roll: roll.trouble)
        assert "control" in found.trouble
        assert (found.asked, found.totals) == (True, None)


def client(number, **more):
    plain = {
        "id": number, "door": "main", "peer": "x", "session": None,
        "connected_since": 0, "queued": 0, "sent": 0, "received": 0,
        "dropped": 0,
    }  # fmt: skip
    return plain | more


def test_who_lost_most_comes_first_and_many_are_cut():
    clients = [client(n) for n in range(1, MAX_SHOWN + 50)]
    clients[-1]["dropped"] = 5
    found = read({"clients": clients, "total": 5000}, {"broadcasts": 3})
    assert len(found.fellows) == MAX_SHOWN
    assert [fellow.id for fellow in found.fellows[:3]] == [
        MAX_SHOWN + 49,
        1,
        2,
    ]
    assert (found.total, found.totals.broadcasts) == (5000, 3)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"clients": 3, "total": 1},
        {"clients": [{"id": 1}], "total": 1},
        {"clients": [client("x")], "total": 1},
        {"clients": [], "total": "many"},
    ],
)
def test_an_answer_that_is_none_is_refused(answer):
    with pytest.raises(msgspec.ValidationError):
        read(answer, {})
