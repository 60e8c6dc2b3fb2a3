"""The plugin, composed and on the wire: one word of the configuration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugwire import Client, Denied, Server, hookimpl
from plugwire.compose import compose_server
from plugwire.interfaces import ALLOW, Deny
from plugwire.loading import gather
from plugwire.sync import Client as SyncClient
from plugwire.sync import Server as SyncServer
from plugwire_metrics import Metrics, MetricsSettings
from plugwire_metrics.layers import (
    CountingDecoder,
    CountingEncoder,
    CountingQueue,
)
from plugwire_msgpack import MsgpackDecoder, MsgpackEncoder
from plugwire_queue import Fifo


class Codec:
    """Hands over the very same things each time."""

    format = "msgpack"
    encoder = MsgpackEncoder(1 << 20)

    @hookimpl
    def encode(self) -> Any:
        return self.encoder

    @hookimpl
    def decode(self) -> Any:
        return self.decoder

    @staticmethod
    def decoder() -> Any:
        return MsgpackDecoder(1 << 20)


class Shelf:
    """A queue, the very same each time."""

    shelf = Fifo().queue()

    @hookimpl
    def queue(self) -> Any:
        return self.shelf


class Quiet:
    """Nobody may send."""

    @hookimpl
    def authorize(self) -> Any:
        return self.check

    @staticmethod
    def check(peer: Any, verb: str, subject: Any) -> Any:
        return Deny("listen") if verb in ("send", "attach") else ALLOW


def composed(**overrides: Any) -> Any:
    words = {
        "codec": Codec(),
        "queue": Shelf(),
        "permissions": ["anyone", Quiet()],
        **overrides,
    }
    settings, problems = gather({}, words)
    return compose_server("status", settings, problems)


def test_without_it_the_layers_are_the_very_same_objects() -> None:
    pipeline = composed()
    (door,) = pipeline.doors
    assert door.encoder is Codec.encoder
    assert door.decoder is Codec.decoder
    assert pipeline.queue is Shelf.shelf
    (check,) = door.checks
    assert check is Quiet.check


def test_one_word_wraps_them_all() -> None:
    pipeline = composed(extensions=["metrics"])
    (door,) = pipeline.doors
    assert type(door.encoder) is CountingEncoder
    assert type(door.decoder()) is CountingDecoder
    assert type(pipeline.queue) is CountingQueue
    assert len(door.checks) == 1
    assert door.checks[0] is not Quiet.check
    # It changes no byte, so a peer need not have it.
    assert door.extensions == ()


def test_a_program_without_the_word_imports_nothing_of_it() -> None:
    program = (
        "import sys, plugwire; plugwire.Server('x'); "
        "print([n for n in sys.modules "
        "if n.startswith(('plugwire_metrics', 'opentelemetry'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def words(place: Path, telemetry: SimpleNamespace, **more: Any) -> Any:
    settings = MetricsSettings(latency_per_second=1_000_000)
    return {
        "extensions": [Metrics(settings, telemetry.provider)],
        "socket_dir": str(place),
        **more,
    }


SERVER = {"side": "server", "destination_name": "status"}
CLIENT = {"side": "client", "destination_name": "status"}


async def test_both_ends_count_what_was_said(
    place: Path, telemetry: SimpleNamespace
) -> None:
    given = words(place, telemetry)
    async with Server("status", **given) as server:

        @server.on_message
        async def answer(client: Any, message: Any) -> dict[str, Any]:
            return {"n": message.data["n"] + 1}

        async with Client("status", **given) as client:
            for number in range(3):
                server.broadcast({"n": number})
            server.broadcast({"wrong": True}, message_type="error")
            got = [await client.receive(timeout=20) for _ in range(4)]
            await client.request({"n": 41}, timeout=20)
            seen = telemetry.collect()
    assert len(got) == 4
    assert _of(seen, SERVER, "send", "data") == 4  # with the answer
    assert _of(seen, SERVER, "send", "error") == 1
    assert _of(seen, CLIENT, "receive", "data") == 4
    assert _of(seen, CLIENT, "receive", "error") == 1
    assert _of(seen, CLIENT, "send", "data") == 1
    assert _of(seen, SERVER, "receive", "data") == 1
    io = {
        (side, operation): seen.value(
            "plugwire.io", side=side, operation_type=operation
        )
        for side in ("server", "client")
        for operation in ("send", "receive")
    }
    assert io["server", "send"] == io["client", "receive"] > 0
    assert io["client", "send"] == io["server", "receive"] > 0
    latency = seen.points("plugwire.latency", side="client")
    assert sum(point.count for point in latency) >= 1
    assert 0 <= latency[0].sum < 3600


def _of(seen: Any, where: Any, operation: str, kind: str) -> Any:
    return seen.value(
        "plugwire.messages",
        operation_type=operation,
        message_type=kind,
        **where,
    )


def test_attributes_are_few_and_of_the_configuration(
    place: Path, telemetry: SimpleNamespace
) -> None:
    given = words(place, telemetry)
    with SyncServer("status", **given) as server:
        server.on_message(lambda client, message: None)
        for number in range(5):
            with SyncClient("status", **given) as client:
                client.attach(f"session{number}")
                client.request({"n": number}, timeout=20)
    seen = telemetry.collect()
    found = {
        frozenset(point.attributes)
        for name in seen.metrics
        for point in seen.points(name)
    }
    assert frozenset().union(*found) == {
        "messaging.system",
        "messaging.destination.name",
        "messaging.operation.type",
        "plugwire.side",
        "plugwire.door",
        "plugwire.codec",
        "plugwire.message.type",
    }
    # Five clients and their sessions are in them together.
    assert len(seen.points("plugwire.io")) == 4
    sending = seen.points("plugwire.io", side="server", operation_type="send")
    (point,) = sending
    assert "plugwire.door" not in point.attributes


async def test_kept_and_lost_are_told(
    place: Path, telemetry: SimpleNamespace
) -> None:
    given = words(place, telemetry, fifo={"size": 3})
    async with Server("status", **given) as server:
        for number in range(5):
            server.broadcast({"n": number})
        seen = telemetry.collect()
        assert seen.value("plugwire.queue.kept") == server.kept == 3
        assert seen.value("plugwire.queue.lost") == server.stats.dropped == 2
        async with Client("status", **given) as client:
            got = [await client.receive(timeout=20) for _ in range(3)]
        assert [message.data["n"] for message in got] == [2, 3, 4]
        assert telemetry.collect().value("plugwire.queue.kept") == 0


async def test_what_was_denied_is_told_by_verb(
    place: Path, telemetry: SimpleNamespace
) -> None:
    given = words(place, telemetry, permissions=["anyone", Quiet()])
    bare = {"socket_dir": str(place), "permissions": ["anyone"]}
    async with Server("status", **given), Client("status", **bare) as client:
        with pytest.raises(Denied):
            await client.attach("work")
        before = telemetry.collect()
        with pytest.raises(Denied):
            await client.attach("play")
        after = telemetry.collect()
    where = {"verb": "attach", "door": "main", "side": "server"}
    assert before.value("plugwire.denied", **where) == 1
    assert after.value("plugwire.denied", **where) == 2
    # A newcomer is told whether it may send.
    assert after.value("plugwire.denied", verb="send") == 1


def test_latency_can_be_left_out(
    place: Path, telemetry: SimpleNamespace
) -> None:
    none = MetricsSettings(latency_per_second=0)
    given = words(place, telemetry)
    given["extensions"] = [Metrics(none, telemetry.provider)]
    with (
        SyncServer("status", **given) as server,
        SyncClient("status", **given) as client,
    ):
        server.broadcast({"n": 1})
        client.receive(timeout=20)
    seen = telemetry.collect()
    assert seen.points("plugwire.latency") == []
    assert _of(seen, CLIENT, "receive", "data") == 1


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
async def test_it_stands_on_either_side_of_compress(
    place: Path, telemetry: SimpleNamespace, order: list[int]
) -> None:
    both = [Metrics(None, telemetry.provider), "compress"]
    given = words(place, telemetry)
    given["extensions"] = [both[at] for at in order]
    text = "again and again " * 1000
    async with (
        Server("status", **given) as server,
        Client("status", **given) as client,
    ):
        server.broadcast({"text": text})
        got = await client.receive(timeout=20)
        seen = telemetry.collect()
    assert got.data == {"text": text}
    sent = seen.value("plugwire.io", side="server", operation_type="send")
    heard = seen.value("plugwire.io", side="client", operation_type="receive")
    assert sent == heard
    # What is named last is outermost, and sees what goes over the wire.
    assert (sent < len(text)) is (order == [1, 0])
