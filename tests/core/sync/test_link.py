"""A connection: messages after the handshake, and its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from peers import Call, Host, joined, wait_until

from plugwire import ConnectionClosed, Message, MessageError
from plugwire.protocol import Goodbye, Reply
from plugwire.sync.link import Link
from plugwire.way import Way

Joined = tuple[Way, Link]
OVER = ConnectionClosed("over")


@pytest.fixture
def line(host: Host, place: dict[str, Any]) -> Iterator[Joined]:
    way, link = joined(place)
    yield way, link
    link.end(OVER)


def file_of(link: Link) -> int:
    return link.channel._sock.fileno()


def read(link: Link) -> bytes:
    assert link.channel.read(link.chunks, 20)
    return link.chunks.popleft()


def test_it_knows_what_the_server_said(host: Host, line: Joined) -> None:
    _, link = line
    assert link.server.event == "event"
    assert link.can_send
    assert link.is_members
    assert link.seq == 0
    assert 0 < link.since <= time.monotonic()
    assert not link.is_torn


def test_it_digests_messages_and_what_else_is_said(
    host: Host, line: Joined
) -> None:
    way, link = line
    host.broadcast(1, 2)
    found: list[Message] = []
    while len(found) < 2:  # its loop may be woken between the two
        messages, size, events = link.digest(read(link))
        found += messages
        assert size > 0
        assert events == []
    assert [message.data for message in found] == [{"n": 1}, {"n": 2}]
    assert link.seq == 2
    frame = way.frame(way.messages.make({"a": 1}, id=7), 1000)
    assert link.write(frame, None, [])
    messages, _, (reply,) = link.digest(read(link))
    assert messages == []
    assert isinstance(reply, Reply)
    assert reply.id == 7
    assert isinstance(reply.answer, Message)
    assert reply.answer.data == {"a": 1}


def test_half_a_message_waits_for_the_rest(host: Host, line: Joined) -> None:
    _, link = line
    host.broadcast(1)
    data = read(link)
    assert link.digest(data[:7])[0] == []
    (message,), size, _ = link.digest(data[7:])
    assert message.data == {"n": 1}
    assert size == len(data)


@pytest.mark.parametrize("final", [False, True])
def test_its_end_is_what_the_goodbye_said(
    final: bool, host: Host, line: Joined
) -> None:
    _, link = line
    if final:
        host.throw_out("no more of you")
    else:
        host.stop()
    data = read(link)
    (goodbye,) = link.digest(data)[2]
    assert isinstance(goodbye, Goodbye)
    assert read(link) == b""
    with pytest.raises(ConnectionClosed) as caught:
        link.digest(b"")
    assert caught.value.final is final
    assert caught.value.reason == goodbye.reason
    assert goodbye.reason


def test_an_end_without_a_word_is_told_as_such(line: Joined) -> None:
    with pytest.raises(ConnectionClosed, match="server closed the conn"):
        line[1].digest(b"")


def test_bytes_that_are_no_message_are_an_error(line: Joined) -> None:
    with pytest.raises(MessageError):
        line[1].digest(b"\0\0\0\x05HELLO")


def test_a_frame_of_which_a_part_was_taken_is_torn(
    host: Host, line: Joined
) -> None:
    _, link = line
    written, none = list[int](), list[int]()
    big = b"x" * 40_000_000
    with host.paused():
        assert not link.write(big, time.monotonic() + 0.2, written)
        assert 0 < sum(written) < len(big)
        assert link.is_torn
        # Nothing of this one was taken: it is not torn.
        while link.write(b"y" * 1000, 0.0, []):
            pass
        assert not link.write(b"y", 0.0, none)
        assert none == []
        assert not link.is_torn
        link.end(OVER)


def test_a_frame_is_written_whole(host: Host, line: Joined) -> None:
    way, link = line
    data = {"pad": "x" * 900_000}
    frame = way.frame(way.messages.make(data), 1_000_000)
    for deadline in (None, time.monotonic() + 20):
        written: list[int] = []
        assert link.write(frame, deadline, written)
        assert sum(written) == len(frame)
        assert not link.is_torn
    wait_until(lambda: host.said == [data, data])


def test_the_last_one_out_closes_it(line: Joined) -> None:
    _, link = line
    link.enter()
    assert not link.has_guests
    other = Call(link.enter)
    other.result()
    assert link.has_guests
    link.end(OVER)
    link.end(ConnectionClosed("for another reason"))
    assert link.error is OVER
    assert file_of(link) >= 0, "who is in a call uses it still"
    link.leave()
    link.leave()  # no harm
    assert file_of(link) >= 0
    link.users.clear()  # the other thread's way out
    link.leave()
    assert file_of(link) == -1


def test_its_end_wakes_who_reads_and_nobody_reads_another_file(
    line: Joined,
) -> None:
    _, link = line

    def reading() -> bytes:
        link.enter()
        assert link.channel.read(link.chunks, None)
        number = file_of(link)
        link.leave()
        assert number >= 0
        return link.chunks.popleft()

    call = Call(reading)
    wait_until(lambda: link.users)
    link.end(OVER)
    assert call.result() == b""
    assert file_of(link) == -1


def test_an_end_that_was_interrupted_is_made_good(
    line: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, link = line
    shut = link.channel.shut

    def hit() -> None:
        monkeypatch.setattr(type(link.channel), "shut", lambda self: shut())
        raise KeyboardInterrupt

    monkeypatch.setattr(type(link.channel), "shut", lambda self: hit())
    with pytest.raises(KeyboardInterrupt):
        link.end(OVER)
    link.end(OVER)
    assert file_of(link) == -1


def test_a_peer_that_breaks_off_is_an_os_error(
    host: Host, line: Joined
) -> None:
    _, link = line
    host.hang_up()
    sock = link.channel._sock

    def write() -> None:
        while True:
            link.write(b"x" * 1000, None, [])

    with pytest.raises(OSError):
        write()
    assert sock.fileno() >= 0
