"""Transports from outside, from their wheels: plugwire-pipes, which has no
socket, and plugwire-abstract, whose sockets have no file."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECTS = Path(__file__).parents[1] / "fixtures" / "third_party"
LINES = 60
TEST_LINES = 15
TRANSPORTS = ("pipes", "abstract")
SECONDS = 20.0

# Knows nothing of transports: what the environment or a file says is used.
SERVER = """
import asyncio
import sys

from plugwire import Server


async def main():
    server = Server("load")

    @server.on_message
    def answer(client, message):
        server.broadcast({"load": 0.42})
        return {"sum": sum(message.data["numbers"])}

    async with server:
        print(server.addresses["main"], flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
"""
CLIENTS = {
    "asyncio": """
import asyncio

from plugwire import Client


async def main():
    async with Client("load") as client:
        print((await client.request({"numbers": [1, 2.5]})).data)
        print((await client.receive(timeout=20)).data)


asyncio.run(main())
""",
    "threads": """
from plugwire.sync import Client

with Client("load") as client:
    print(client.request({"numbers": [1, 2.5]}).data)
    print(client.receive(timeout=20).data)
""",
}


def code_lines(text: str) -> int:
    """Lines that are no comment, no docstring, and not blank."""
    docs: set[int] = set()
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            said = node.body[0]
            docs |= set(range(said.lineno, (said.end_lineno or 0) + 1))
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#")
        for number, line in enumerate(text.splitlines(), 1)
        if number not in docs
    )


@pytest.fixture(params=TRANSPORTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def env(install, name: str) -> dict[str, str]:
    """The environment of a process that has it and is to use it."""
    return install(name) | {"PLUGWIRE_TRANSPORT": name}


@pytest.fixture
def address(env, place: Path) -> Iterator[str]:
    """That of a server in a process of its own."""
    program = place / "server.py"
    program.write_text(SERVER)
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=env,
        text=True,
    ) as server:
        try:
            yield server.stdout.readline().strip()
            server.stdin.close()
            assert server.wait(SECONDS) == 0
        finally:
            server.kill()


def test_it_is_as_short_as_promised(name: str) -> None:
    source = PROJECTS / name / f"plugwire_{name}.py"
    assert code_lines(source.read_text("utf-8")) <= LINES
    tests = (PROJECTS / name / "test_conformance.py").read_text("utf-8")
    assert len(tests.splitlines()) <= TEST_LINES


def test_the_rule_counts_code() -> None:
    text = (
        '"""A\ndocstring."""\n\nimport os  # said\n\n# a comment\n'
        'async def f():\n    """Another\n    one."""\n'
        '    return """two\nlines"""\n'
    )
    assert code_lines(text) == 4


def test_it_is_listed_without_an_import(env, name, run, place) -> None:
    module = place / "site" / f"plugwire_{name}.py"
    module.write_text("raise SystemExit('it was imported')\n")
    listed = json.loads(run(env, "-m", "plugwire", "plugins", "--json"))
    [found] = [p for p in listed if p["name"] == name]
    assert found["distribution"] == f"plugwire-{name}"
    assert (found["kind"], found["version"]) == ("transport", "0.3.0")
    assert (found["state"], found["why"]) == ("available", "")


def test_it_is_explained(env, name, run) -> None:
    said = json.loads(run(env, "-m", "plugwire", "explain", "--json"))
    ways = [*said["server"]["doors"], said["client"]]
    answers = [
        answer
        for way in ways
        for answer in way["answers"]
        if answer["kind"] == "transport"
    ]
    assert [answer["hook"] for answer in answers] == ["bind", "connect"]
    for answer in answers:
        assert answer["plugin"] == name
        assert answer["distribution"] == f"plugwire-{name} 0.3.0"
        assert "PLUGWIRE_TRANSPORT" in answer["chosen_by"]


@pytest.mark.parametrize("face", CLIENTS)
def test_unchanged_programs_use_it(
    env, name, address, run, place, face
) -> None:
    assert address.startswith(f"{name}:")
    program = place / "client.py"
    program.write_text(CLIENTS[face])
    answered, heard = run(env, program).splitlines()
    assert answered == "{'sum': 3.5}"
    assert heard == "{'load': 0.42}"


def test_a_file_names_it_too(install, name, run, place) -> None:
    file = place / "plugwire" / "plugwire.toml"
    file.parent.mkdir()
    file.write_text(f'[plugwire]\ntransport = "{name}"\n')
    said = run(install(name), "-m", "plugwire", "explain", "--json")
    assert json.loads(said)["client"]["transport"] == name


def test_its_own_tests_pass_where_it_is_installed(
    install, conform, name
) -> None:
    ended = conform(install(name), name)
    assert len(ended) > 120
    skipped = {n: why for n, why in ended.items() if why != "passed"}
    assert all("not claimed" in why for why in skipped.values()), skipped
