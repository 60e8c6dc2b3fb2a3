"""Large messages, read into their own room."""

from __future__ import annotations

from typing import Any

from peers import Host, joined

from plugwire import ConnectionClosed

BLOB = bytes(range(250)) * 4000


def test_a_large_message_is_read_into_its_room_and_small_ones_are_not(
    host: Host, place: dict[str, Any]
) -> None:
    _, link = joined(place)
    sent: list[dict[str, Any]] = [
        {"n": 1},
        {"n": 2, "blob": BLOB},
        {"n": 3, "blob": BLOB[:70_000]},
        {"n": 4},
    ]
    for data in sent:
        host.server.broadcast(data)
    found: list[dict[str, Any]] = []
    landed = 0
    while len(found) < len(sent):
        assert link.channel.read(link.chunks, 20)
        (chunk,) = link.chunks
        landed += type(chunk) is int
        messages, _, _ = link.digest(link.chunks.popleft())
        found += [message.data for message in messages]
    assert found == sent
    assert landed
    assert link.channel.landing is None
    link.end(ConnectionClosed("over"))
