"""How a blocking client writes: whole messages, one thread at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from peers import Call, Host, member_of, wait_until

from plugwire import (
    ConnectionClosed,
    Denied,
    MessageError,
    MessageType,
    TimedOut,
)
from plugwire.sync import Client
from plugwire.sync.channel import Channel
from plugwire.sync.link import Link
from plugwire.sync.turns import AT_ONCE
from plugwire.sync.writing import Late, Writer

PAST = 0.0
BIG = {"pad": "x" * 15_000_000}


def writer_of(client: Client) -> Writer:
    backend: Any = client._backend
    writer = backend._writer
    assert isinstance(writer, Writer)
    return writer


def message(client: Client, data: dict[str, Any]) -> Any:
    return partial(client._way.say, data, MessageType.DATA)


def entered(client: Client) -> tuple[Writer, Link]:
    writer = writer_of(client)
    return writer, writer.enter(None)


@pytest.fixture
def big_client(
    make_host: Callable[..., Host],
    place: dict[str, Any],
    make_client: Callable[..., Client],
) -> tuple[Host, Client]:
    """One that may send a message that no kernel takes in one go."""
    host = make_host(place, max_message_bytes=16_000_000)
    client = make_client(
        place, drain_timeout=0.2, max_message_bytes=16_000_000
    )
    client.connect()
    return host, client


def test_who_writes_while_another_reads_is_a_user_meanwhile(
    host: Host, client: Client
) -> None:
    member = member_of(client)
    reading = Call(client.receive, timeout=20)
    wait_until(lambda: member.chair.sitter)
    writer, link = entered(client)
    assert link.has_guests
    assert threading.get_ident() in link.users
    writer.write(link, message(client, {"a": 1}), None, checked=True)
    assert threading.get_ident() not in link.users
    assert not link.order.locked()
    wait_until(lambda: host.said == [{"a": 1}])
    host.broadcast(1)
    reading.result()


def test_who_writes_alone_sits_in_the_chair_all_the_time(
    host: Host, client: Client
) -> None:
    member = member_of(client)
    writer, link = entered(client)
    assert member.chair.is_mine
    writer.write(link, message(client, {"a": 1}), None, checked=True)
    assert member.chair.is_mine
    assert not link.order.locked()
    member.let_go()
    assert member.chair.sitter == 0
    assert not link.users
    wait_until(lambda: host.said == [{"a": 1}])


@pytest.mark.parametrize(("fresh", "looks"), [(0.0, 3), (3600.0, 1)])
def test_a_look_is_not_repeated_at_once(
    host: Host,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    fresh: float,
    looks: int,
) -> None:
    monkeypatch.setattr("plugwire.sync.writing.FRESH", fresh)
    member_of(client).link.looked = -fresh  # type: ignore[union-attr]
    found, read = list[float | None](), Channel.read

    def counted(
        channel: Channel, into: deque[Any], seconds: float | None
    ) -> bool:
        found.append(seconds)
        return read(channel, into, seconds)

    monkeypatch.setattr(Channel, "read", counted)
    for number in range(3):
        client.send({"n": number})
    assert found == [AT_ONCE] * looks


def test_who_asks_behind_an_answer_sees_what_came_with_it(
    host: Host, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read brought the answer and, behind it, the end."""
    monkeypatch.setattr("plugwire.sync.writing.FRESH", 3600.0)
    member = member_of(client)
    link = member.link
    assert link is not None
    link.looked = time.monotonic()
    link.chunks.append(b"")
    client.send({"n": 1})  # over another connection
    assert member.link is not link


def test_what_waits_to_be_told_is_told_before_anything_is_written(
    host: Host, client: Client
) -> None:
    member, seen = member_of(client), list[bool]()
    member.teller.add("f", lambda: seen.append(member.chair.is_mine))
    entered(client)
    assert seen == [False]
    assert member.chair.is_mine
    member.let_go()


def test_who_has_to_wait_for_writing_lets_another_one_read(
    big_client: tuple[Host, Client],
) -> None:
    """For its turn, and for the room."""
    host, client = big_client
    link, chair = member_of(client).link, member_of(client).chair
    assert link is not None
    with host.paused():
        sending = [Call(client.send, BIG)]
        wait_until(lambda: link.is_torn)
        wait_until(lambda: chair.sitter == 0)
        sending.append(Call(client.send, {"a": 1}))
        wait_until(lambda: len(link.users) == 2)
        wait_until(lambda: chair.sitter == 0)
        reading = Call(client.receive, timeout=20)
        wait_until(lambda: chair.sitter)
    host.broadcast(1)
    assert reading.result().data == {"n": 1}
    for call in sending:
        call.result()
    wait_until(lambda: host.said == [BIG, {"a": 1}])
    assert not link.users


def test_one_thread_at_a_time_encodes(host: Host, client: Client) -> None:
    """An encoder is nobody's own: who waits for its turn to write waits with
    that, too."""
    go, made = threading.Event(), list[str]()

    def slow(limit: int) -> bytes:
        made.append("slow")
        assert go.wait(20)
        made.append("made")
        frame: bytes = message(client, {"a": 1})(limit)
        return frame

    def quick(limit: int) -> bytes:
        made.append("quick")
        frame: bytes = message(client, {"a": 2})(limit)
        return frame

    def write(framed: Callable[[int], bytes]) -> None:
        writer, link = entered(client)
        writer.write(link, framed, None, checked=True)
        member_of(client).let_go()

    link = member_of(client).link
    assert link is not None
    first = Call(write, slow)
    wait_until(lambda: made)
    second = Call(write, quick)
    wait_until(lambda: len(link.users) == 2)
    assert made == ["slow"]
    go.set()
    first.result()
    second.result()
    assert made == ["slow", "made", "quick"]
    wait_until(lambda: host.said == [{"a": 1}, {"a": 2}])


@pytest.mark.parametrize("final", [True, False])
def test_the_goodbye_reaches_who_writes_and_noticed_first(
    final: bool, host: Host, client: Client
) -> None:
    writer, link = entered(client)  # with a look, which sees nothing
    if final:
        host.throw_out("no more of you")
    else:
        host.stop()
    errors = list[ConnectionClosed]()
    # TCP takes what is written behind the end, once.
    for _ in range(100):
        try:
            writer.write(link, message(client, {}), None, checked=True)
        except ConnectionClosed as error:
            errors.append(error)
            break
        with client._backend._member.chair.lock:  # type: ignore[attr-defined]
            link.enter()
    (error,) = errors
    assert error.final is final
    assert error.reason == ("no more of you" if final else error.reason)
    assert "broke" not in error.reason
    assert not link.users
    if final:
        with pytest.raises(ConnectionClosed, match="no more of you"):
            client.receive(timeout=20)


def test_the_goodbye_reaches_who_writes_while_another_reads(
    unix_host: Host, unix_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = unix_client
    member: Any = client._backend._member  # type: ignore[attr-defined]
    link, writer = member.link, writer_of(client)
    real = link.channel.read
    entered, gone, go = list[int](), list[int](), list[int]()

    def write() -> None:
        link = writer.enter(None)
        entered.append(1)
        wait_until(lambda: gone)
        writer.write(link, message(client, {}), None, checked=True)

    # The reader sits in the chair, and is slow to read what has come.

    def slow(self: Any, into: Any, seconds: float | None) -> bool:
        wait_until(lambda: go)
        return bool(real(into, seconds))

    monkeypatch.setattr(type(link.channel), "read", slow)
    reading = Call(client.receive, timeout=20)
    wait_until(lambda: member.chair.sitter)
    writing = Call(write)
    wait_until(lambda: entered)
    unix_host.throw_out("no more of you")
    wait_until(lambda: unix_host.left)
    gone.append(1)
    wait_until(lambda: writing.is_over or member.chair.others)
    go.append(1)
    error = writing.error()
    assert isinstance(error, ConnectionClosed)
    assert (error.reason, error.final) == ("no more of you", True)
    assert str(reading.error()) == "no more of you"


def test_a_full_buffer_hides_the_goodbye_and_blocks_nobody(
    make_host: Callable[..., Host],
    told: dict[str, Any],
    make_client: Callable[..., Client],
) -> None:
    host = make_host(told)
    client = make_client(told, buffer_size=2)
    client.connect()
    host.broadcast(*range(10))
    first = client.receive(timeout=20)
    wait_until(lambda: client.connected and client.buffered >= 2)
    host.throw_out("no more of you")
    wait_until(lambda: host.left)

    def send() -> None:
        while True:
            client.send({})

    with pytest.raises(ConnectionClosed, match="broke"):
        send()
    rest = [client.receive(timeout=20) for _ in range(9)]
    assert [m.data["n"] for m in (first, *rest)] == list(range(10))
    with pytest.raises(ConnectionClosed, match="no more of you"):
        client.receive(timeout=20)


def test_a_time_out_before_the_first_byte_costs_nothing(
    big_client: tuple[Host, Client],
) -> None:
    host, client = big_client
    writer, link = entered(client)
    link.order.acquire()  # another one is at it
    with pytest.raises(Late):
        writer.write(link, message(client, {}), PAST, checked=True)
    with pytest.raises(TimedOut, match=r"within 0\.01 s"):
        client.request({}, timeout=0.01)
    link.order.release()
    assert client.connected
    assert client.request({"a": 1}, timeout=20).data == {"a": 1}
    assert host.left == []


def test_a_time_out_in_the_middle_ends_the_connection(
    big_client: tuple[Host, Client],
) -> None:
    host, client = big_client
    reasons = list[str]()
    client.on_disconnect(lambda _, reason: reasons.append(reason))
    first = client.client_id
    with host.paused():
        with pytest.raises(TimedOut):
            client.request(BIG, timeout=0.2)
        assert not client.connected
        assert reasons == ["a message was cut off half-way"]
    assert client.request({"a": 1}, timeout=20).data == {"a": 1}
    assert client.client_id != first
    assert host.said == [{"a": 1}]


def test_who_wrote_half_a_message_and_could_not_say_so_is_found_out(
    big_client: tuple[Host, Client],
) -> None:
    host, client = big_client
    writer, link = entered(client)
    with host.paused():
        # As after two interruptions: nobody has ended the connection.
        assert not link.write(b"x" * 15_000_000, time.monotonic() + 0.1, [])
        with pytest.raises(ConnectionClosed, match="cut off half-way"):
            writer.write(link, message(client, {}), None, checked=True)
    assert not client.connected


def test_who_waits_for_its_turn_is_told_when_the_connection_goes(
    big_client: tuple[Host, Client],
) -> None:
    host, client = big_client
    link = client._backend._member.link  # type: ignore[attr-defined]
    with host.paused():
        first = Call(client.send, BIG)
        wait_until(link.order.locked)
        others = [Call(client.send, {}), Call(client.flush)]
        wait_until(lambda: len(link.users) == 3)
        client.disconnect()
        for call in (first, others[0]):
            error = call.error()
            assert isinstance(error, ConnectionClosed)
            assert error.reason == "disconnected"
        others[1].result()


@pytest.mark.parametrize(
    ("data", "kind"),
    [({"a": object()}, MessageError), ({"a": "x" * 2_000_000}, MessageError)],
)
def test_what_cannot_be_sent_costs_nothing(
    data: dict[str, Any], kind: type[Exception], host: Host, client: Client
) -> None:
    for call in (client.send, client.request):
        with pytest.raises(kind):
            call(data)
    link = client._backend._member.link  # type: ignore[attr-defined]
    assert not link.users
    assert client.request({"a": 1}, timeout=20).data == {"a": 1}


def test_who_may_not_send_is_told(
    make_host: Callable[..., Host],
    place: dict[str, Any],
    make_client: Callable[..., Client],
) -> None:
    make_host(place, allow_client_send=False)
    client = make_client(place)
    client.connect()
    assert not client.can_send
    with pytest.raises(Denied, match="'event' does not let this client"):
        client.send({})
    with pytest.raises(Denied, match="clients of 'event' may not send"):
        client.request({})
    client.attach("place")  # no sending


def test_one_that_was_late_hands_the_chair_on(
    unix_client: Client, unix_host: Host
) -> None:
    """Woken for the chair just when its time was up."""
    client = unix_client
    member: Any = client._backend._member  # type: ignore[attr-defined]
    unix_host.stop()
    with pytest.raises(ConnectionClosed):
        client.request({})
    chair = member.chair
    chair.lock.acquire()
    chair.sitter = -1  # somebody connects
    chair.lock.release()
    late = Call(client.request, {}, timeout=0.2)
    patient = Call(client.send, {})
    wait_until(lambda: len(chair.others) == 2)
    with chair.lock:
        for turn in tuple(chair.others):
            if turn.thread == late._thread.ident:
                time.sleep(0.3)  # the lock held: its time is up meanwhile
                chair.wake(turn)
        chair.sitter = 0
    assert isinstance(late.error(), TimedOut)
    assert isinstance(patient.error(), ConnectionClosed)


def test_flushing_waits_for_what_others_write(
    big_client: tuple[Host, Client],
) -> None:
    host, client = big_client
    client.flush()
    link = client._backend._member.link  # type: ignore[attr-defined]
    with host.paused():
        sending = Call(client.send, BIG)
        wait_until(link.order.locked)
        flushing = Call(client.flush)
        wait_until(lambda: len(link.users) == 2)
        assert not flushing.is_over
    flushing.result()
    sending.result()
    wait_until(lambda: host.said == [BIG])


def test_while_away_flushing_says_so(
    unix_client: Client, unix_host: Host
) -> None:
    unix_host.stop()
    assert not unix_client.connected
    with pytest.raises(ConnectionClosed, match="is away"):
        unix_client.flush()
