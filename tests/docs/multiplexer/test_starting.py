"""How the multiplexer is started, and what is wrong to ask of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MUX = ROOT / "docs" / "examples" / "multiplexer" / "mux.py"
LINES = 200  # of Python, in all
DETACH = b"\x1d"
RESET = b"\x1bc"  # comes before each screen

# Many processes start here, on a machine that may be busy.
pytestmark = pytest.mark.timeout(180)


def test_the_first_terminal_starts_the_server(serve, attach, servers) -> None:
    terminal = attach()
    (server,) = servers()
    # It is of a session of its own: what ends the terminal spares it.
    assert os.getsid(server.pid) == server.pid
    terminal.type(DETACH)
    assert terminal.ended() == 0
    assert server.is_running()


def test_a2_a_second_server_gives_way(server, attach, servers) -> None:
    attach()
    attach()
    assert servers() == [server]


def test_a_newcomer_runs_it_in_two_commands(serve, open_terminal) -> None:
    text = (MUX.parent / "README.md").read_text("utf-8")
    block = text.split("install, and run it:\n\n")[1].split("\n\n")[0]
    install, start = [line.strip() for line in block.splitlines()]
    assert install.endswith("/pip install -q ./core ./plugins/*")
    python, *command = start.split()
    assert python == ".venv/bin/python"
    terminal = open_terminal(*command)
    terminal.until(RESET)
    assert b"hello" in terminal.run(b"echo he'llo'")
    terminal.type(DETACH)
    assert terminal.ended() == 0


@pytest.mark.parametrize("name", ["a b", "", "x" * 65])
def test_a_name_that_breaks_the_rule_is_told(
    server, open_terminal, name: str
) -> None:
    terminal = open_terminal(str(MUX), "attach", name)
    terminal.until(b"[")
    terminal.until(b" name")
    assert terminal.ended() == 1
    assert terminal.modes == terminal.before
    assert server.children() == []


def test_it_is_told_how_to_be_used(mux) -> None:
    done = mux("attack", "work")
    assert done.returncode == 1
    assert "mux.py attach NAME" in done.stderr


def test_a_terminal_is_needed(server, mux) -> None:
    done = mux("attach", "work")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert server.children() == []


def test_it_can_be_read_in_one_go() -> None:
    text = MUX.read_text("utf-8")
    assert len(text.splitlines()) < LINES
    assert text.startswith('"""')
    assert "# " in text
