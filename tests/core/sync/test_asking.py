"""How a blocking client asks, and waits for the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from peers import Call, Host, member_of, wait_until, waits

from plugwire import RequestFailed, TimedOut
from plugwire.sync import Client
from plugwire.sync.chair import Chair
from plugwire.sync.channel import Channel

Make = Callable[..., Client]


def counted(
    monkeypatch: pytest.MonkeyPatch, kind: type, *names: str
) -> Counter[str]:
    """How often the methods `names` of `kind` are called from now on."""
    found = Counter[str]()

    def count(name: str) -> None:
        real = getattr(kind, name)

        def call(*arguments: Any) -> Any:
            found[name] += 1
            return real(*arguments)

        monkeypatch.setattr(kind, name, call)

    for name in names:
        count(name)
    return found


@pytest.mark.parametrize(("fresh", "reads"), [(0.0, 2), (3600.0, 1)])
def test_who_asks_alone_sits_down_once_and_looks_writes_and_reads(
    host: Host,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    fresh: float,
    reads: int,
) -> None:
    """It does not look where the last answer has only just come."""
    monkeypatch.setattr("plugwire.sync.writing.FRESH", fresh)
    client.request({"a": 1}, timeout=20)
    seats = counted(monkeypatch, Chair, "sit", "leave", "queue")
    calls = counted(monkeypatch, Channel, "read", "write")
    assert client.request({"a": 2}, timeout=20).data == {"a": 2}
    assert seats == {"sit": 1, "leave": 1}
    assert calls == {"read": reads, "write": 1}
    member = member_of(client)
    assert member.chair.sitter == 0
    assert member.link is not None
    assert not member.link.users
    assert not member.asked


def test_who_asks_alone_takes_the_lock_twice(
    host: Host, client: Client
) -> None:
    client.request({"a": 1}, timeout=20)
    chair, taken = member_of(client).chair, list[int]()
    real = chair.lock

    class Counting:
        def __enter__(self) -> None:
            taken.append(1)
            real.acquire()

        def __exit__(self, *_: object) -> None:
            real.release()

    chair.lock = Counting()  # type: ignore[assignment]
    client.request({"a": 2}, timeout=20)
    chair.lock = real
    assert len(taken) == 2


def test_who_asks_tells_what_came_with_the_answer_before_it_returns(
    unix_host: Host, unix_client: Client
) -> None:
    seen = list[int | None]()
    unix_client.on_gap(lambda _, missed: seen.append(missed))
    member = member_of(unix_client)
    real = member._heard

    def heard(*arguments: Any) -> None:
        real(*arguments)
        member.standing.gap(3)

    member._heard = heard  # type: ignore[method-assign]
    unix_client.request({"a": 1}, timeout=20)
    assert seen == [3]


def test_who_asks_reads_for_who_receives_too(
    host: Host, client: Client
) -> None:
    """The receiver comes later, and has its message before the answer."""
    asking = Call(client.request, {"sleep": 0.5}, timeout=20)
    wait_until(waits(client))
    receiving = Call(client.receive, timeout=20)
    wait_until(waits(client, 2))
    host.broadcast(1)
    assert receiving.result().data == {"n": 1}
    assert asking.result().data == {"sleep": 0.5}


def test_who_asks_hands_the_chair_on_once_it_is_answered(
    host: Host, client: Client
) -> None:
    asking = Call(client.request, {"sleep": 0.2}, timeout=20)
    wait_until(waits(client))
    receiving = Call(client.receive, timeout=20)
    asking.result()
    wait_until(waits(client))
    host.broadcast(1)
    assert receiving.result().data == {"n": 1}


def test_who_asks_hands_the_chair_on_when_its_time_is_up(
    host: Host, client: Client
) -> None:
    asking = Call(client.request, {"sleep": 1}, timeout=0.2)
    wait_until(waits(client))
    receiving = Call(client.receive, timeout=20)
    assert isinstance(asking.error(), TimedOut)
    host.broadcast(1)
    assert receiving.result().data == {"n": 1}
    assert not member_of(client).asked


def test_without_any_time_it_asks_all_the_same(
    host: Host, client: Client
) -> None:
    with host.paused(), pytest.raises(TimedOut, match="within 0 s"):
        client.request({"a": 1}, timeout=0)
    wait_until(lambda: host.said == [{"a": 1}])
    assert client.request({"a": 2}, timeout=20).data == {"a": 2}


def test_each_answer_goes_to_its_asker_in_any_order(
    host: Host, client: Client
) -> None:
    """They are answered one after the other; askers ask all at once."""
    calls = [
        Call(client.request, {"sleep": 0.01, "n": n}, timeout=20)
        for n in range(8)
    ]
    receiving = Call(client.receive, timeout=20)
    for n, call in enumerate(calls):
        assert call.result().data["n"] == n
    host.broadcast(1)
    receiving.result()


def test_a_failed_request_says_what_the_handler_raised(
    host: Host, client: Client
) -> None:
    with pytest.raises(RequestFailed, match="it cannot be"):
        client.request({"raise": "it cannot be"})
    assert client.request({}).data == {}


def test_an_asker_that_finds_the_buffer_full_reads_no_more(
    make_host: Callable[..., Host], told: dict[str, Any], make_client: Make
) -> None:
    """It leaves the chair, and waits for who receives."""
    host = make_host(told, lag_grace=1000)
    client = make_client(told, buffer_size=2)
    client.connect()
    asking = Call(client.request, {"sleep": 0.3}, timeout=20)
    wait_until(waits(client))
    host.broadcast(*range(3))
    member = member_of(client)
    wait_until(lambda: member.chair.others)
    assert member.chair.sitter == 0
    found = [client.receive(timeout=20).data["n"] for _ in range(3)]
    assert found == [0, 1, 2]
    assert asking.result().data == {"sleep": 0.3}
