"""What a codec may do to be quicker: spare large messages their copies, and
many small ones what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from plugwire.errors import MessageError
from plugwire.framing import HEADER, LARGE, frame_limit
from plugwire.interfaces import (
    Encoder,
    LeanEncoder,
    RoomyDecoder,
    StampingEncoder,
)
from plugwire.message import Message, MessageType, Stamp
from plugwire.rooms import AHEAD_BYTES
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.model import message, rich

READ = 64 * 1024
"""Bytes of a buffer that is read into again and again."""
HUGE = 1024 * 1024
"""Bytes of a message that several reads bring."""


class Views(Benched):
    """`LeanEncoder`, `StampingEncoder` and `RoomyDecoder` of
    `plugwire.interfaces`: each is checked where the codec has it."""

    @pytest.fixture
    def roomy(self, benches: Callable[..., Bench]) -> Bench:
        """A bench of a codec whose decoders have a `room`."""
        bench = benches(2 * HUGE)
        if not hasattr(bench.decoder(), "room"):
            pytest.skip("its decoders have no `room`")
        return bench

    def test_a_head_and_its_body_are_a_frame(
        self, benches: Callable[..., Bench]
    ) -> None:
        """A large message is written as these two, not as `frame`."""
        bench = benches(2 * HUGE)
        if not hasattr(bench.encoder, "head"):
            pytest.skip("its encoder has no `head`")
        encoder = cast("LeanEncoder", bench.encoder)
        for size in (0, 1, 250, LARGE, LARGE + 1, HUGE):
            body = encoder.encode(message({"text": "x" * size}))
            pieces = encoder.head(body) + body
            assert pieces == encoder.frame([body]), (
                f"of a body of {len(body)} bytes, `head` makes a frame that "
                "`frame` does not"
            )

    def test_what_is_stamped_is_what_is_encoded(
        self, benches: Callable[..., Bench]
    ) -> None:
        """Nearly all that is sent is sent so: of an event and a type, within
        a millisecond, then of others, with a number and without."""
        stamping, plain = twins(benches)
        other = rich()
        datas: list[dict[str, Any]] = [{}, {"a": 1, "b": 0.5}, other.data]
        datas += [{"c": "new"}, {"a": 2, "b": -0.0}, {"text": "x" * LARGE}]
        for stamp in stamps() * 2:
            for data in datas:
                for number in ({}, {"seq": 7}, {"id": 8}, {"reply_to": 0}):
                    body = stamping.encode_stamped(stamp, data, **number)
                    whole = message(data, **vars_of(stamp), **number)
                    assert body == plain.encode(whole), (
                        f"stamped, {whole!r:.300} is other bytes"
                    )

    @pytest.mark.parametrize(
        "data",
        [
            {"a": {1, 2}},
            {"a": object()},
            {"a": {"b": 1j}},
            {1: "no text"},
            {"a": 1 << 65},
            {"text": "x" * HUGE},
        ],
        ids=["set", "object", "complex", "key", "int", "size"],
    )
    def test_what_cannot_be_sent_cannot_be_stamped(
        self, benches: Callable[..., Bench], data: dict[str, Any]
    ) -> None:
        """Nor after a good one, and good ones go on after it."""
        stamping, plain = twins(benches, HUGE)
        (stamp, *_) = stamps()
        for _ in range(2):
            body = stamping.encode_stamped(stamp, {"a": 1}, 5)
            assert body == plain.encode(message({"a": 1}, seq=5))
            with pytest.raises(MessageError):
                stamping.encode_stamped(stamp, data, 6)

    def test_a_view_is_read_as_bytes_are(self, roomy: Bench) -> None:
        """What is read next into the same memory changes no message."""
        sent = stream()
        decoder, buffer = roomy.decoder(), bytearray(READ)
        got: list[Message] = []
        for piece in pieces(roomy, sent):
            view = memoryview(buffer)[: len(piece)]
            view[:] = piece
            got += decoder.feed(cast("Any", view))
            buffer[:] = b"\xaa" * READ
        assert got == sent

    @pytest.mark.parametrize("plain", [0, 3])
    def test_what_is_read_in_its_room_arrives(
        self, roomy: Bench, plain: int
    ) -> None:
        """Whatever the decoder has of it already, in and out of rooms: each
        read of `plain` is one that does not ask for a room."""
        sent = stream()
        decoder = cast("RoomyDecoder", roomy.decoder())
        wire = memoryview(b"".join(pieces(roomy, sent)))
        got: list[Message] = []
        reads = at = 0
        while at < len(wire):
            reads += 1
            asks = not plain or reads % plain
            room = decoder.room() if asks else None
            count = READ if room is None else min(READ, len(room))
            assert count, "a room of nothing: a read there is the end"
            read = wire[at : at + count]
            at += len(read)
            if room is None:
                got += decoder.feed(bytes(read))
            else:
                room[: len(read)] = read
                got += decoder.feed(room[: len(read)])
        assert got == sent

    def test_a_header_alone_has_no_large_room(self, roomy: Bench) -> None:
        """A thousand peers may say that they send the largest frame, and
        send nothing."""
        if "frames" not in self.capabilities:
            pytest.skip("what its frames begin with is not known here")
        decoder = cast("RoomyDecoder", roomy.decoder())
        decoder.feed(HEADER.pack(frame_limit(roomy.limit)))
        room = decoder.room()
        size = 0 if room is None else len(room)
        assert size <= AHEAD_BYTES, (
            f"{size} bytes of room after {HEADER.size} bytes of a frame, "
            f"where {AHEAD_BYTES} are the most"
        )


def twins(
    benches: Callable[..., Bench], limit: int = 2 * HUGE
) -> tuple[StampingEncoder, Encoder]:
    """Two encoders of a codec that stamps."""
    one, other = benches(limit).encoder, benches(limit).encoder
    if not hasattr(one, "encode_stamped"):
        pytest.skip("its encoder has no `encode_stamped`")
    return cast("StampingEncoder", one), other


def stamps() -> list[Stamp]:
    """Of one moment and the next, of other types, and of another event."""
    usual = message()
    moment = usual.timestamp_ms, usual.timestamp_iso
    later = 1767960000124, "2026-01-09T12:00:00.124+00:00"
    return [
        Stamp("kit", *moment, MessageType.DATA),
        Stamp("kit", *later, MessageType.DATA),
        Stamp("kit", *later, MessageType.CONTROL),
        Stamp("another", *later, MessageType.ERROR),
    ]


def vars_of(stamp: Stamp) -> dict[str, Any]:
    """The fields of `stamp`."""
    return {name: getattr(stamp, name) for name in Stamp.__struct_fields__}


def stream() -> list[Message]:
    """Small and large messages, in turn and in a row."""
    large = message({"text": "x" * HUGE, "n": 1})
    middle = message({"text": "y" * (LARGE + 1)})
    return [message(), large, rich(), middle, large, large, message(), middle]


def pieces(bench: Bench, sent: list[Message]) -> list[bytes]:
    """The frames of `sent` as reads bring them."""
    wire = b"".join(map(bench.wire, sent))
    return [wire[at : at + READ] for at in range(0, len(wire), READ)]
