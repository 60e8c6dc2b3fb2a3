"""Frames and lines: any cut of a stream gives the same, bounded."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugwire import rooms
from plugwire.errors import MessageError
from plugwire.framing import (
    FRAME_SLACK,
    HEADER_BYTES,
    LARGE,
    MAX_MESSAGE_BYTES,
    MAX_PAYLOAD,
    TICK_BYTES,
    FrameSplitter,
    LineSplitter,
    frame,
    frame_limit,
)

LIMIT = 40


@pytest.fixture(autouse=True)
def _no_spare_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_local", rooms._Local())


class Splitter(Protocol):
    def feed(self, data: bytes) -> list[bytes]: ...

    @property
    def pending(self) -> int: ...


PAYLOADS = [b"one", b"", b"x" * LIMIT, b"\x00\x00\x00\x05", b"five!"]
FRAMES = b"".join(map(frame, PAYLOADS))
LINES = b'{"a":1}\n' + b"x" * LIMIT + b"\n\n\r\n" + b"y" * LIMIT + b"\r\nz\n"
WHOLE_LINES = [b'{"a":1}', b"x" * LIMIT, b"y" * LIMIT, b"z"]

STREAMS = pytest.mark.parametrize(
    ("make", "stream", "expected"),
    [
        pytest.param(FrameSplitter, FRAMES, PAYLOADS, id="frames"),
        pytest.param(LineSplitter, LINES, WHOLE_LINES, id="lines"),
    ],
)
MakeSplitter = Callable[[int], Splitter]


@STREAMS
def test_whole_stream_in_one_read(
    make: MakeSplitter, stream: bytes, expected: list[bytes]
) -> None:
    splitter = make(LIMIT)
    assert splitter.feed(stream) == expected
    assert splitter.pending == 0


@STREAMS
def test_one_byte_at_a_time(
    make: MakeSplitter, stream: bytes, expected: list[bytes]
) -> None:
    splitter = make(LIMIT)
    found = []
    for at in range(len(stream)):
        found += splitter.feed(stream[at : at + 1])
        found += splitter.feed(b"")
    assert found == expected
    assert splitter.pending == 0


@STREAMS
def test_every_cut_in_two_gives_the_same(
    make: MakeSplitter, stream: bytes, expected: list[bytes]
) -> None:
    for cut in range(len(stream) + 1):
        splitter = make(LIMIT)
        found = splitter.feed(stream[:cut]) + splitter.feed(stream[cut:])
        assert found == expected, cut


@STREAMS
def test_what_is_incomplete_stays_pending(
    make: MakeSplitter, stream: bytes, expected: list[bytes]
) -> None:
    splitter = make(LIMIT)
    rest = frame(b"unfinished")[:-1] if make is FrameSplitter else b"unfinish"
    assert splitter.feed(stream + rest) == expected
    assert splitter.pending == len(rest)
    assert splitter.feed(rest[:0]) == []
    assert splitter.pending == len(rest)


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({c % (len(stream) + 1) for c in cuts} | {len(stream)})
    return [stream[a:b] for a, b in zip([0, *ends], ends, strict=False)]


CUTS = st.lists(st.integers(0, 1 << 16), max_size=8)


@given(st.lists(st.binary(max_size=LIMIT), max_size=20), CUTS)
def test_frames_survive_any_cuts(payloads: list[bytes], at: list[int]) -> None:
    splitter = FrameSplitter(LIMIT)
    stream = b"".join(map(frame, payloads))
    found = [p for part in cut(stream, at) for p in splitter.feed(part)]
    assert found == payloads
    assert splitter.pending == 0


@given(st.binary(max_size=200), CUTS)
def test_lines_are_those_of_split_whatever_the_cuts(
    stream: bytes, at: list[int]
) -> None:
    expected = [line.removesuffix(b"\r") for line in stream.split(b"\n")[:-1]]
    splitter = LineSplitter(200)
    found = [p for part in cut(stream, at) for p in splitter.feed(part)]
    assert found == [line for line in expected if line]
    assert splitter.pending == len(stream) - stream.rfind(b"\n") - 1


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_b12_rubbish_ends_in_a_message_error_or_is_held_in_bounds(
    parts: list[bytes],
) -> None:
    for splitter in (FrameSplitter(LIMIT), LineSplitter(LIMIT)):
        try:
            for part in parts:
                splitter.feed(part)
                assert splitter.pending <= LIMIT + HEADER_BYTES
        except MessageError:
            continue


class Reader:
    """Reads a stream into a splitter's room, as a connection does, `sizes`
    bytes at a time, or elsewhere; and copies what is complete."""

    def __init__(self, limit: int) -> None:
        self.splitter = FrameSplitter(limit)
        self.scratch = memoryview(bytearray(rooms.AHEAD_BYTES))
        self.landed = 0

    def read(self, stream: bytes, sizes: list[int]) -> list[bytes]:
        found: list[bytes] = []
        at = turn = 0
        while at < len(stream):
            room = self.splitter.room()
            self._bound(room)
            if room is not None:
                self.landed += 1
            into = self.scratch if room is None else room
            assert into
            size = min(sizes[turn % len(sizes)], len(into), len(stream) - at)
            into[:size] = stream[at : at + size]
            data: bytes | memoryview = into[:size]
            if turn % 5 == 4:  # and now and then from anywhere
                data = bytes(data)
            found += map(bytes, self.splitter.feed(data))
            self.scratch[:] = bytes(len(self.scratch))
            at += size
            turn += 1
        self._bound(self.splitter.room())
        return found

    def _bound(self, room: memoryview | None) -> None:
        if room is not None:
            held = len(room) + self.splitter.pending
            assert held <= rooms.SHARE * self.splitter.pending


BIG = st.sampled_from([0, 9, LARGE, LARGE + 1, 90_000, 300_000, 700_000])
READS = st.lists(
    st.sampled_from([1, 5, 4096, 65_540, 70_000, 219_264, 1 << 20]),
    min_size=1,
    max_size=4,
)


@given(st.lists(BIG, max_size=6), READS)
@settings(max_examples=60, deadline=None)
def test_b12_large_frames_survive_any_reads_into_their_room(
    lengths: list[int], sizes: list[int]
) -> None:
    payloads = [
        bytes((at % 251,)) * (length // 2) + bytes(length - length // 2)
        for at, length in enumerate(lengths)
    ]
    reader = Reader(1 << 20)
    sizes = [*sizes, 65_000]
    assert reader.read(b"".join(map(frame, payloads)), sizes) == payloads
    assert reader.splitter.pending == 0


def test_most_of_a_large_frame_is_read_into_its_room() -> None:
    payload = bytes(range(256)) * 4096
    reader = Reader(1 << 20)
    assert reader.read(frame(payload) * 2, [219_264]) == [payload] * 2
    assert reader.landed >= 6


@pytest.mark.parametrize("more", [0, 1, 100, 16_000])
def test_b12_a_header_alone_takes_no_memory(more: int) -> None:
    rooms.give(memoryview(bytearray(rooms.SPARE_BYTES)))
    splitter = FrameSplitter(MAX_PAYLOAD)
    header = MAX_PAYLOAD.to_bytes(4, "big")
    tracemalloc.start()
    splitter.feed(memoryview(header + bytes(more)))
    assert splitter.room() is None
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < more + 4096


def test_b12_a_room_holds_a_few_times_what_came() -> None:
    splitter = FrameSplitter(MAX_PAYLOAD)
    splitter.feed(memoryview(MAX_PAYLOAD.to_bytes(4, "big") + bytes(20_000)))
    while splitter.pending < MAX_PAYLOAD // 2:
        room = splitter.room()
        assert room is not None
        assert len(room) <= rooms.SHARE * splitter.pending
        splitter.feed(room[: min(len(room), 200_000)])


def test_a_room_is_left_when_its_frame_is_complete() -> None:
    splitter = FrameSplitter(1 << 20)
    stream = frame(bytes(500_000)) + frame(b"small")
    splitter.feed(memoryview(stream[:200_000]))
    room = splitter.room()
    assert room is not None
    rest = stream[200_000:-1]
    room[: len(rest)] = rest
    assert list(map(len, splitter.feed(room[: len(rest)]))) == [500_000]
    assert splitter.room() is None
    assert splitter.pending == HEADER_BYTES + 4
    assert splitter.feed(stream[-1:]) == [b"small"]


def test_what_a_frame_lacks() -> None:
    splitter = FrameSplitter(LIMIT)
    stream = frame(bytes(10))
    assert splitter.missing == 0
    splitter.feed(stream[:3])
    assert splitter.missing == 1  # of the header: no more is known
    splitter.feed(stream[3:7])
    assert splitter.missing == 7
    splitter.feed(stream[7:])
    assert splitter.missing == 0


@pytest.mark.parametrize("length", [LIMIT + 1, MAX_PAYLOAD])
def test_b12_a_long_frame_is_refused_wherever_it_was_read(
    length: int,
) -> None:
    splitter = FrameSplitter(100_000)
    large = frame(bytes(100_000))
    splitter.feed(memoryview(large[:50_000]))
    room = splitter.room()
    assert room is not None
    rest = large[50_000:] + (length + 100_000).to_bytes(4, "big")
    room[: len(rest)] = rest
    with pytest.raises(MessageError):
        splitter.feed(room[: len(rest)])


@pytest.mark.parametrize("length", [LIMIT + 1, MAX_PAYLOAD])
def test_b12_a_long_frame_is_refused_on_its_header(length: int) -> None:
    with pytest.raises(MessageError, match=f"{length} bytes.* {LIMIT} "):
        FrameSplitter(LIMIT).feed(length.to_bytes(4, "big"))


@pytest.mark.parametrize("header", [1 << 24, 1 << 31, (1 << 32) - 1])
def test_b12_flags_are_refused_on_the_header(header: int) -> None:
    with pytest.raises(MessageError, match="flags 0x"):
        FrameSplitter(MAX_PAYLOAD).feed(header.to_bytes(4, "big"))


def test_b12_a_header_in_pieces_is_refused_when_it_is_there() -> None:
    splitter = FrameSplitter(LIMIT)
    assert splitter.feed(b"GE") == []
    with pytest.raises(MessageError, match="another protocol"):
        splitter.feed(b"T ")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_b12_a_line_may_be_as_long_as_the_limit(end: bytes) -> None:
    assert LineSplitter(3).feed(b"abc" + end) == [b"abc"]
    with pytest.raises(MessageError, match="over the 3"):
        LineSplitter(3).feed(b"abcd" + end)


def test_b12_an_endless_line_is_refused_before_it_ends() -> None:
    splitter = LineSplitter(3)
    splitter.feed(b"abc")
    splitter.feed(b"\r")
    with pytest.raises(MessageError, match="a line of 5 bytes or more"):
        splitter.feed(b"x")


def test_only_one_carriage_return_before_the_newline_is_cut_off() -> None:
    assert LineSplitter(9).feed(b"a\rb\r\r\n") == [b"a\rb\r"]


def test_a_frame_has_a_header_of_its_length() -> None:
    assert frame(b"") == b"\0\0\0\0"
    assert frame(b"ab" * 200) == b"\0\0\x01\x90" + b"ab" * 200


def test_a_payload_past_24_bits_is_refused() -> None:
    assert len(frame(bytes(MAX_PAYLOAD))) == MAX_PAYLOAD + HEADER_BYTES
    with pytest.raises(MessageError, match="24 bits"):
        frame(bytes(MAX_PAYLOAD + 1))


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        (1, TICK_BYTES + FRAME_SLACK),
        (TICK_BYTES + 1, TICK_BYTES + 1 + FRAME_SLACK),
        (MAX_MESSAGE_BYTES, MAX_PAYLOAD),
    ],
)
def test_frame_limit_holds_a_tick_or_one_message(
    message: int, limit: int
) -> None:
    assert frame_limit(message) == limit
