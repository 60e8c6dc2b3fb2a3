"""The kit's codec of frames."""

from __future__ import annotations

import pytest

from plugwire import MessageError
from plugwire.framing import MAX_FRAME_MESSAGES, TICK_BYTES, frame
from plugwire.message import Message, MessageType
from plugwire.testing.frames import Frames

SAID = Message(
    event_name="kit",
    timestamp_ms=1,
    timestamp_iso="2026-01-09T12:00:00.123+00:00",
    message_type=MessageType.DATA,
    data={"n": 1},
)


def test_frames_come_back() -> None:
    encoder, decoder = Frames().encode(1024), Frames().decode(1024)()
    assert not encoder.lines
    body = encoder.encode(SAID)
    few = min(MAX_FRAME_MESSAGES, TICK_BYTES // len(body))
    data = encoder.frame([body] * few)
    assert decoder.feed(data[:100]) == []
    assert decoder.feed(data[100:]) == [SAID] * few
    assert decoder.taken == len(data)


@pytest.mark.parametrize("data", [frame(b""), frame(b"{}\n"), b"\xff" * 4])
def test_frames_trust_nothing(data) -> None:
    with pytest.raises(MessageError):
        Frames().decode(1024)().feed(data)
