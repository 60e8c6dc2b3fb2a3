"""A codec from outside: plugwire-cbor, from its wheel."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1] / "fixtures" / "third_party" / "cbor"

# Knows nothing of codecs: what the environment says is used.
PROGRAM = """
import asyncio
import os
from pathlib import Path

from plugwire import Client, Server

DOORS = Path(os.environ["XDG_RUNTIME_DIR"], "plugwire", "load.doors")


async def main():
    server = Server("load")

    @server.on_message
    def answer(client, message):
        return {"sum": sum(message.data["numbers"])}

    async with server, Client("load") as client:
        server.broadcast({"load": 0.42, "raw": b"\\x00\\xff", "none": None})
        print((await client.receive(timeout=20)).data)
        print((await client.request({"numbers": [1, 2.5]})).data)
        print(DOORS.read_text())


asyncio.run(main())
"""

HOSTILE = """
import cbor2
from plugwire.errors import MessageError
from plugwire.framing import frame
from plugwire_cbor import Cbor

def fields(data):
    return {"event_name": "x", "timestamp_ms": 0, "timestamp_iso": "",
            "message_type": "data", "data": data}

def fed(value, **more):
    payload = cbor2.dumps([fields(value)], **more)
    return Cbor().decode(1 << 20)().feed(frame(payload))

shared = []
for _ in range(50):  # each level twice the last one: 2^50 lists in all
    shared = [shared, shared]
cyclic = {}
cyclic["in"] = [cyclic, cyclic]
words = ["x" * 1000] * 1000
assert fed({"words": words})[0].data["words"] == words
for value, more in (
    ({"a": shared}, {"value_sharing": True}),
    (cyclic, {"value_sharing": True}),
    ({"a": words}, {"string_referencing": True}),
    ({"a": cbor2.CBORTag(65000, 1)}, {}),
    ({"a": cbor2.CBORSimpleValue(99)}, {}),
    ({"a": cbor2.undefined}, {}),
):
    try:
        fed(value, **more)
    except MessageError as error:
        print("refused")
"""


def code_lines(path: Path) -> int:
    """Lines that are no comment, no docstring, and not blank."""
    text = path.read_text("utf-8")
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE}
    quiet |= {tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in quiet:
            lines |= set(range(token.start[0], token.end[0] + 1))
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            said = node.body[0]
            lines -= set(range(said.lineno, (said.end_lineno or 0) + 1))
    return len(lines)


def test_it_is_as_short_as_promised() -> None:
    assert code_lines(PROJECT / "plugwire_cbor.py") <= 25
    text = (PROJECT / "test_conformance.py").read_text("utf-8")
    assert len(text.splitlines()) <= 15


def test_the_rule_counts_code(tmp_path: Path) -> None:
    path = tmp_path / "made_up.py"
    path.write_text(
        '"""A\ndocstring."""\n\nimport os  # said\n\n# a comment\n'
        'def f():\n    """Another\n    one."""\n    return """two\nlines"""\n'
    )
    assert code_lines(path) == 4


def test_it_is_listed_without_an_import(install, run, place) -> None:
    env = install("cbor")
    module = place / "site" / "plugwire_cbor.py"
    module.write_text("raise SystemExit('it was imported')\n")
    listed = run(env, "-m", "plugwire", "plugins", "--json")
    [found] = [p for p in json.loads(listed) if p["name"] == "cbor"]
    assert found["distribution"] == "plugwire-cbor"
    assert (found["kind"], found["version"]) == ("codec", "1.2.0")
    assert (found["state"], found["why"]) == ("available", "")
    words = [
        line.split()
        for line in run(env, "-m", "plugwire", "plugins").splitlines()
    ]
    assert ["codec", "cbor", "plugwire-cbor", "1.2.0", "available"] in words


def test_it_is_explained(install, run) -> None:
    env = install("cbor") | {"PLUGWIRE_CODEC": "cbor"}
    said = json.loads(run(env, "-m", "plugwire", "explain", "--json"))
    answers = [
        answer
        for door in said["server"]["doors"]
        for answer in door["answers"]
        if answer["kind"] == "codec"
    ]
    assert {a["hook"] for a in answers} == {"encode", "decode"}
    for answer in answers:
        assert answer["plugin"] == "cbor"
        assert answer["distribution"] == "plugwire-cbor 1.2.0"
        assert "PLUGWIRE_CODEC" in answer["chosen_by"]
    assert "plugwire-cbor 1.2.0" in run(env, "-m", "plugwire", "explain")


@pytest.mark.parametrize("codec", ["cbor", "msgpack"])
def test_an_unchanged_program_uses_it(
    install, run, place: Path, codec: str
) -> None:
    program = place / "program.py"
    program.write_text(PROGRAM)
    env = install("cbor") | {"PLUGWIRE_CODEC": codec}
    heard, answered, doors = run(env, program).splitlines()
    assert heard == "{'load': 0.42, 'raw': b'\\x00\\xff', 'none': None}"
    assert answered == "{'sum': 3.5}"
    [door] = json.loads(doors)["doors"]
    assert (door["codec"], door["format"]) == (codec, codec)


def test_a_file_names_it_too(install, run, place: Path) -> None:
    program = place / "program.py"
    program.write_text(PROGRAM)
    file = place / "plugwire" / "plugwire.toml"
    file.parent.mkdir()
    file.write_text('[plugwire]\ncodec = "cbor"\n')
    *_, doors = run(install("cbor"), program).splitlines()
    assert json.loads(doors)["doors"][0]["codec"] == "cbor"


def test_tags_make_no_bombs(install, run, place: Path) -> None:
    program = place / "hostile.py"
    program.write_text(HOSTILE)
    assert run(install("cbor"), program) == "refused\n" * 6


def test_its_own_tests_pass_where_it_is_installed(install, conform) -> None:
    ended = conform(install("cbor"), "cbor")
    assert len(ended) > 200
    skipped = {n: why for n, why in ended.items() if why != "passed"}
    # It spares no copies by a `head`, nor does it pack stamps once.
    assert "`head`" in skipped.pop("test_a_head_and_its_body_are_a_frame")
    skipped = {
        n: why
        for n, why in skipped.items()
        if "no `encode_stamped`" not in why
    }
    assert all("lines" in why for why in skipped.values()), skipped
    assert len(skipped) <= 5
