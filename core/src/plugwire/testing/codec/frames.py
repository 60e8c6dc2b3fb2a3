"""Messages in frames, and frames in whatever pieces a connection brings."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from plugwire.errors import MessageError
from plugwire.framing import LARGE, MAX_FRAME_MESSAGES, TICK_BYTES
from plugwire.message import Message
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.model import message, rich

SEED = 20260109
"""What a check draws is the same in each run."""


def numbered(count: int) -> list[Message]:
    """Messages that can be told apart."""
    return [message({"n": n}, seq=n) for n in range(count)]


def in_pieces(bench: Bench, pieces: Iterable[bytes]) -> list[Message]:
    """What one decoder makes of all `pieces`."""
    decoder = bench.decoder()
    return [got for piece in pieces for got in decoder.feed(piece)]


class Frames(Benched):
    """What goes in comes out, once, whole and in order."""

    @pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 31, 32, 255, 256])
    def test_frames_of_so_many(self, bench: Bench, count: int) -> None:
        """The header of an array changes with its length."""
        sent = numbered(count)
        assert bench.read(bench.wire(*sent)) == sent

    def test_the_fullest_frame(self, bench: Bench) -> None:
        """As many messages as one frame may hold, and as many bytes as are
        joined in one."""
        bodies = [bench.encoder.encode(m) for m in numbered(600)]
        room = TICK_BYTES // max(map(len, bodies))
        want = min(room, MAX_FRAME_MESSAGES, len(bodies))
        got = bench.read(bench.encoder.frame(bodies[:want]))
        assert got == numbered(want)

    def test_as_many_messages_as_a_frame_may_hold(self, bench: Bench) -> None:
        """A receiver takes them, where `max_message_bytes` has room."""
        body = bench.encoder.encode(message())
        data = bench.encoder.frame([body] * MAX_FRAME_MESSAGES)
        assert bench.read(data) == [message()] * MAX_FRAME_MESSAGES

    def test_too_many_messages_are_refused(self, bench: Bench) -> None:
        """What one read decodes to is bounded, however small a message is
        on the wire. (Each line is a frame of its own.)"""
        if bench.encoder.lines:
            pytest.skip("each line is a frame")
        body = bench.encoder.encode(message())
        try:
            data = bench.encoder.frame([body] * (MAX_FRAME_MESSAGES + 1))
        except MessageError:
            return
        bench.is_refused(data)

    def test_a_body_is_good_for_many_frames(self, bench: Bench) -> None:
        """A broadcast is encoded once, and stands in the frames of all
        clients, with others before and behind it."""
        one, two = (bench.encoder.encode(m) for m in numbered(2))
        for bodies, want in (([one], [0]), ([two, one], [1, 0]), ([one], [0])):
            got = bench.read(bench.encoder.frame(bodies))
            assert [m.seq for m in got] == want

    def test_frames_need_not_come_from_this_encoder(
        self, bench: Bench
    ) -> None:
        """Bodies are kept in queues and framed by whoever sends them."""
        body = bench.encoder.encode(rich())
        for _ in range(3):
            bench.encoder.encode(message({"other": "x" * 999}))
        assert bench.read(bench.encoder.frame((body,))) == [rich()]

    def test_several_frames_in_one_read(self, bench: Bench) -> None:
        """A client that was busy reads what came meanwhile."""
        sent = numbered(9)
        data = b"".join(bench.wire(m) for m in sent)
        assert bench.read(data) == sent

    def test_a_read_may_end_anywhere(self, bench: Bench) -> None:
        """Each cut of two frames in two reads."""
        sent = [rich(), message({"n": 2})]
        data = bench.wire(sent[0]) + bench.wire(sent[1])
        for cut in range(len(data) + 1):
            got = in_pieces(bench, (data[:cut], data[cut:]))
            assert got == sent, f"cut at {cut} of {len(data)}: {got}"

    def test_byte_by_byte(self, bench: Bench) -> None:
        """The slowest of peers is understood."""
        sent = [rich(), message()]
        data = bench.wire(*sent) + bench.wire(*sent)
        pieces = (data[at : at + 1] for at in range(len(data)))
        assert in_pieces(bench, pieces) == sent * 2

    def test_pieces_of_any_size(self, bench: Bench) -> None:
        """A stream of small and large frames, cut in ten random ways."""
        draw = random.Random(SEED)
        large = message({"text": "x" * (LARGE + 99)})
        sent = [message(), large, rich(), message(), large, rich()]
        data = b"".join(map(bench.wire, sent))
        for _ in range(10):
            cuts = sorted(draw.sample(range(len(data)), 12))
            spans = zip([0, *cuts], [*cuts, len(data)], strict=True)
            got = in_pieces(bench, (data[a:b] for a, b in spans))
            assert got == sent, f"cut at {cuts}"

    def test_half_a_frame_gives_nothing(self, bench: Bench) -> None:
        """No message is made of what did not come yet, and none is lost."""
        data = bench.wire(rich())
        decoder = bench.decoder()
        assert decoder.feed(data[:-1]) == []
        assert decoder.feed(data[-1:]) == [rich()]

    def test_a_read_of_nothing_gives_nothing(self, bench: Bench) -> None:
        """At the beginning, amidst a frame, between two."""
        data = bench.wire(rich())
        decoder = bench.decoder()
        half = len(data) // 2
        for piece, want in ((data[:half], []), (data[half:], [rich()])):
            assert decoder.feed(b"") == []
            assert decoder.feed(piece) == want
        assert decoder.feed(b"") == []

    def test_a_message_is_handed_out_as_soon_as_it_is_whole(
        self, bench: Bench
    ) -> None:
        """Not when the next one begins: it may be the last."""
        decoder = bench.decoder()
        for sent in numbered(5):
            assert decoder.feed(bench.wire(sent)) == [sent]

    def test_the_end_of_one_frame_and_the_start_of_another(
        self, bench: Bench
    ) -> None:
        """In one read: the first is handed out, the second is waited for."""
        one, two = (bench.wire(m) for m in numbered(2))
        decoder = bench.decoder()
        got = [
            [m.seq for m in decoder.feed(piece)]
            for piece in (one[:3], one[3:] + two[:3], two[3:])
        ]
        assert got == [[], [0], [1]], f"found {got}"
