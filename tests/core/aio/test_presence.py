"""A joined client is answered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from plugwire import Server
from plugwire.logs import BURST


async def _joined(server: Server, role: str = "member") -> Any:
    place = server.addresses["main"].removeprefix("unix:")
    reader, writer = await asyncio.open_unix_connection(place)
    await reader.readline()
    writer.write(json.dumps({"plugwire": 1, "role": role}).encode() + b"\n")
    assert "client_id" in json.loads(await reader.readline())
    return reader, writer


def _message(**more: Any) -> bytes:
    message = {
        "event_name": "load",
        "timestamp_ms": 1,
        "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
        "message_type": "control" if "op" in more else "data",
        "data": {},
        **more,
    }
    return json.dumps(message).encode() + b"\n"


async def _ask(pair: Any, **message: Any) -> dict[str, Any]:
    reader, writer = pair
    writer.write(_message(**message))
    answer: dict[str, Any] = json.loads(await reader.readline())
    return answer


async def test_a_control_connection_asks_and_counts_nowhere(
    told: dict[str, Any],
) -> None:
    async with Server("load", codec="json", **told) as server:
        server.on_message(lambda client, message: {"never": True})
        control = await _joined(server, "control")
        member = await _joined(server)
        stats = await _ask(control, op="stats", id=1)
        assert stats["reply_to"] == 1
        assert stats["data"]["clients"] == 1
        assert stats["data"]["event"] == "load"
        clients = await _ask(control, op="clients", id=2)
        assert clients["data"]["total"] == 1
        assert clients["data"]["clients"][0]["id"] == 1
        denied = await _ask(control, id=3)
        assert (denied["op"], denied["reply_to"]) == ("denied", 3)
        denied = await _ask(member, op="stats", id=4)
        assert denied["op"] == "denied"
        for _, writer in (control, member):
            writer.close()


async def test_an_answer_that_does_not_fit_is_an_error(
    told: dict[str, Any],
) -> None:
    async with Server(
        "load", codec="json", max_message_bytes=320, **told
    ) as server:
        control = await _joined(server, "control")
        failure = await _ask(control, op="stats", id=1)
        assert failure["message_type"] == "error"
        assert "max_message_bytes" in failure["data"]["reason"]
        control[1].close()


async def test_an_answer_follows_all_that_was_said_before(
    told: dict[str, Any],
) -> None:
    async with Server("load", codec="json", **told) as server:

        @server.on_message
        def answer(client: Any, message: Any) -> dict[str, Any]:
            asked: int = message.data["n"]
            if asked % 2:
                server.broadcast({"of": asked})
            if asked == 3:
                server.send(client.id, {"alone": asked})
            return {"n": asked}

        asker, other = await _joined(server), await _joined(server)
        # Alone in a read, or the last of several, an answer goes out at
        # once: it must not overtake.
        for numbers in ((0,), (1,), (2, 3), (3,), (1, 2), (1, 3, 4)):
            asker[1].write(
                b"".join(_message(id=n + 1, data={"n": n}) for n in numbers)
            )
            wanted: list[dict[str, Any]] = []
            for n in numbers:
                wanted += [{"of": n}] * (n % 2)
                wanted += [{"alone": n}] * (n == 3)
                wanted.append({"n": n})
            for one, data in ((asker, wanted), (other, wanted)):
                if one is other:
                    data = [said for said in data if "of" in said]
                got = [json.loads(await one[0].readline()) for _ in data]
                assert [message["data"] for message in got] == data
        for _, writer in (asker, other):
            writer.close()


async def test_a_goodbye_ends_it_with_its_reason(
    told: dict[str, Any], until: Any
) -> None:
    async with Server("load", codec="json", **told) as server:
        reasons: list[str] = []
        server.on_disconnect(lambda client, reason: reasons.append(reason))
        for said in ({"reason": "tired"}, {}):
            reader, writer = await _joined(server)
            writer.write(_message(op="goodbye", data=said) + _message())
            assert await reader.read() == b""
            writer.close()
        await until(lambda: len(reasons) == 2)
        assert reasons == ["tired", "the client said goodbye"]


async def test_attaching_to_what_is_no_session(told: dict[str, Any]) -> None:
    async with Server("load", codec="json", **told) as server:
        pair = await _joined(server)
        wrong = await _ask(pair, op="attach", id=1, data={"session": "a b"})
        assert wrong["message_type"] == "error"
        right = await _ask(pair, op="attach", id=2, data={"session": "a"})
        assert right["data"] == {"session": "a"}
        assert server.clients_in("a") == (1,)
        pair[1].close()


async def test_b12_a_decoder_that_fails_in_its_own_way(
    told: dict[str, Any], caplog: Any
) -> None:
    from plugwire_json import Json

    class Odd(Json):
        from plugwire import hookimpl

        @hookimpl
        def decode(self, max_message_bytes: int) -> Any:
            return _Odd

    class _Odd:
        def feed(self, data: bytes) -> Any:
            raise ZeroDivisionError("a bug of its own")

    async with Server("load", codec=Odd(), **told) as server:
        reader, writer = await _joined(server)
        writer.write(_message())
        failure = json.loads(await reader.readline())
        assert "ZeroDivisionError" in failure["data"]["reason"]
        assert json.loads(await reader.readline())["op"] == "goodbye"
        writer.close()
    assert "a bug of its own" in caplog.text


async def test_a_client_cannot_fill_the_log_with_tracebacks(
    told: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async with Server("load", codec="json", **told) as server:

        @server.on_message
        def _(client: object, message: object) -> None:
            raise OSError("not so")

        member = await _joined(server)
        for number in range(2 * BURST):
            answer = await _ask(member, id=number + 1)
            assert answer["data"]["reason"] == "not so"
        told_of = [r for r in caplog.records if "on_message" in r.message]
        assert len(told_of) == BURST
        member[1].close()
