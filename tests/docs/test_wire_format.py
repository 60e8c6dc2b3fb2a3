"""docs/wire-format.md is what the code does: its dumps are computed again,
its keys compared, and its client run against a server."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from plugwire import (
    Client,
    Message,
    MessageType,
    Refused,
    Server,
    TooManyConnections,
)
from plugwire import doorsfile as doors
from plugwire.framing import MAX_DEPTH, MAX_FRAME_MESSAGES, frame_limit
from plugwire.handshake import (
    MAX_BYTES,
    VERSION,
    Hello,
    Joined,
    Refusal,
    RefusalKind,
    Welcome,
)
from plugwire.message import MAX_EVENT_NAME, MAX_ISO
from plugwire_json import JsonEncoder
from plugwire_msgpack import MsgpackEncoder

PAGE = "docs/wire-format.md"
TEXT = (Path(__file__).parents[2] / PAGE).read_text("utf-8")
LIMIT = 1 << 20


def shown(load: float, seq: int) -> Message:
    return Message(
        event_name="status",
        timestamp_ms=1767960000123,
        timestamp_iso="2026-01-09T12:00:00.123+00:00",
        message_type=MessageType.DATA,
        data={"load": load},
        seq=seq,
    )


def hexdump(data: bytes) -> str:
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        digits = f"{row[:8].hex(' ')}  {row[8:].hex(' ')}".rstrip()
        text = "".join(chr(b) if 32 <= b < 127 else "." for b in row)
        lines.append(f"{at:04x}  {digits:<48}   {text}\n")
    return "".join(lines)


def section(title: str) -> str:
    found = re.search(
        rf"^#+ {title}\n(.*?)(?=^#|\Z)", TEXT, re.DOTALL | re.MULTILINE
    )
    assert found, title
    return found[1]


def keys(title: str) -> set[str]:
    """The words in the first column of a section's table."""
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section(title), re.M)
    return set(re.findall(r"`(\w+)`", " ".join(rows)))


def test_the_dumps_are_the_encoders(page) -> None:
    encoder = MsgpackEncoder(LIMIT)
    first = encoder.encode(shown(0.42, 7))
    two = encoder.frame([first, encoder.encode(shown(0.5, 8))])
    dumps = [b.text for b in page(PAGE) if b.language == "hexdump"]
    assert dumps == [hexdump(encoder.frame([first])), hexdump(two[:5])]
    assert f"{len(two) - 4} bytes, an array of two" in TEXT


def test_the_line_is_the_encoders() -> None:
    encoder = JsonEncoder(LIMIT)
    line = encoder.frame([encoder.encode(shown(0.42, 7))]).decode()
    assert line in section("JSON: lines")


@pytest.mark.parametrize(
    ("title", "part"),
    [("welcome", Welcome), ("hello", Hello), ("joined", Joined)],
)
def test_the_keys_of_the_handshake_are_all_told(
    title: str, part: type[msgspec.Struct]
) -> None:
    assert keys(title) == set(part.__struct_fields__)


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("welcome", Welcome),
        ("hello", Hello),
        ("joined", Joined),
        ("refused", Refusal),
    ],
)
def test_the_lines_of_the_handshake_are_ones(
    title: str, part: type[msgspec.Struct]
) -> None:
    (line,) = re.findall(r"```json\n(.*?)```", section(title), re.DOTALL)
    read = msgspec.json.decode(line, type=part)
    if part is not Hello:
        assert msgspec.json.encode(read) == line.strip().encode()


def test_the_keys_of_a_message_are_all_told() -> None:
    # `kept` is set on receipt, never on the wire.
    assert keys("Messages") == {*Message.__struct_fields__} - {"kept"}


def test_the_kinds_of_refusal_are_all_told() -> None:
    assert keys("refused") == set(RefusalKind.__args__)


def test_the_doors_file_shown_is_one() -> None:
    (text,) = re.findall(
        r"```json\n(.*?)```", section("Where to connect"), re.DOTALL
    )
    read = doors._decoder.decode(text)
    assert [door.endpoint for door in read.doors] == [
        "status",
        "status.remote",
    ]


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("at most\n{:,} bytes from either side", MAX_BYTES),
        ("an array of 1 to {:,} messages", MAX_FRAME_MESSAGES),
        ("describes version {}", VERSION),
        ("text keys, at most {} levels deep", MAX_DEPTH),
        ("sender's zone, at most {} characters", MAX_ISO),
        ("1 to {} of `a-z A-Z 0-9 _ -`", MAX_EVENT_NAME),
    ],
)
def test_the_limits_are_the_codes(words: str, number: int) -> None:
    assert words.format(number) in TEXT


@pytest.mark.parametrize("most", [1000, 1 << 20])
def test_the_length_of_a_frame_is_the_codes(most: int) -> None:
    (formula,) = re.findall(r"\| the length of a frame \| `(.*?)` \|", TEXT)
    names = {"max": max, "max_message_bytes": most}
    assert eval(formula, names) == frame_limit(most)


async def read_line(reader: asyncio.StreamReader) -> dict[str, Any]:
    async with asyncio.timeout(10):
        return json.loads(await reader.readline())


async def test_a_client_in_plain_python_does_it_all(page, place: Path) -> None:
    (program,) = [b for b in page(PAGE) if b.name == "tiny_client.py"]
    assert "plugwire import" not in program.text
    path = place / program.name
    path.write_text(program.text)
    ready = asyncio.Event()
    server = Server(
        "status", codec="json", settings={"socket_dir": str(place)}
    )

    @server.on_message
    def answer(client: object, message: Message) -> dict[str, int] | None:
        if "ready" in message.data:
            ready.set()
            return None
        return {"sum": message.data["a"] + message.data["b"]}

    async with server:
        server.broadcast({"early": 1})
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            str(path),
            server.addresses["main"].removeprefix("unix:"),
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            await ready.wait()
        server.broadcast({"load": 0.42})
        server.broadcast({"make": "done"}, session="build")
    said, _ = await child.communicate()
    assert said.decode() == (
        "client 1 of status\n"
        "kept {'early': 1}\n"
        "answer {'sum': 42}\n"
        "error 'b'\n"
        "attached build\n"
        "heard 2 {'load': 0.42}\n"
        "heard None {'make': 'done'}\n"
        "end the server stops\n"
    )
    assert child.returncode == 0


async def test_operations_are_answered_as_told(place: Path) -> None:
    settings = {"socket_dir": str(place), "codec": "json"}
    async with Server("status", settings=settings) as server:
        path = server.addresses["main"].removeprefix("unix:")
        reader, writer = await asyncio.open_unix_connection(path)
        welcome = await read_line(reader)
        assert re.fullmatch("[0-9a-f]{32,128}", welcome["nonce"])
        writer.write(b'{"plugwire": 1, "role": "control"}\n')
        assert (await read_line(reader))["client_id"] is None

        async def ask(op: str | None) -> dict[str, Any]:
            message = {
                "event_name": "status",
                "timestamp_ms": 0,
                "timestamp_iso": "",
                "message_type": "control",
                "data": {},
                "id": 5,
            } | ({"op": op} if op else {})
            writer.write(json.dumps(message).encode() + b"\n")
            reply = await read_line(reader)
            assert reply["reply_to"] == 5
            return reply

        async with Client("status", settings=settings):
            clients = (await ask("clients"))["data"]
            stats = (await ask("stats"))["data"]
            denied = await ask("attach")
        writer.close()
    told = section("Questions").replace("\n", " ")
    assert set(clients) == {"clients", "total"}
    assert " ".join(clients["clients"][0]) in told
    for key in ("event", "incarnation", "clients", "kept", "seq", "doors"):
        assert key in stats
        assert f"`{key}`" in told
    assert (denied["op"], denied["message_type"]) == ("denied", "error")
    assert denied["data"]["error"] == "Denied"


async def test_refusals_say_their_kind(place: Path) -> None:
    settings = {"socket_dir": str(place), "max_connections": 1}
    async with Server("status", settings=settings) as server:
        path = server.addresses["main"].removeprefix("unix:")

        async def refused(hello: bytes) -> str:
            reader, writer = await asyncio.open_unix_connection(path)
            await read_line(reader)
            writer.write(hello)
            answer = await read_line(reader)
            assert set(answer) == {"refused", "mend", "kind"}
            assert await reader.read() == b""
            writer.close()
            return answer["kind"]

        assert await refused(b"GET / HTTP/1.1\r\n") == "protocol"
        assert await refused(b'{"plugwire": 2}\n') == "version"
        assert await refused(b'{"plugwire":1,"codec":"json"}\n') == "codec"
        named = b'{"plugwire":1,"extensions":["zip"]}\n'
        assert await refused(named) == "extensions"
        async with Client("status", settings=settings):
            assert await refused(b'{"plugwire": 1}\n') == "full"
            with pytest.raises(TooManyConnections):
                await Client("status", settings=settings).connect()

        @server.on_connect
        def never(client: object) -> None:
            raise ValueError("not today")

        assert await refused(b'{"plugwire": 1}\n') == "denied"
        with pytest.raises(Refused):
            await Client("status", settings=settings).connect()
