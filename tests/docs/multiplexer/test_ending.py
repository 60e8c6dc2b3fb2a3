"""How shells, terminals and the server end, by crashes and signals too."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

SECONDS = 20.0
COUNT = b"i=0; while :; do i=$((i+1)); echo $i; done\n"

# Many processes start here, on a machine that may be busy.
pytestmark = pytest.mark.timeout(180)


def test_list_and_kill(server, attach, mux, ended) -> None:
    assert mux("list").stdout == ""
    one, _, other = attach("one"), attach("one"), attach("other")
    assert mux("list").stdout == "one: 2 attached\nother: 1 attached\n"
    shells = server.children()
    assert mux("kill", "one").returncode == 0
    one.until(b"[the shell has exited]\r\n")
    one.ended()
    assert one.modes == one.before
    assert mux("list").stdout == "other: 1 attached\n"
    assert ended(shells[:1])
    assert b"on" in other.run(b"echo 'o'n")


def test_kill_tells_that_there_is_no_such_shell(server, mux) -> None:
    done = mux("kill", "nobody")
    assert done.returncode == 1
    assert done.stderr == "[there is no shell 'nobody']\n"


def test_a_shell_that_exits_ends_its_session(
    server, attach, mux, ended
) -> None:
    one, two = attach(), attach()
    (shell,) = server.children()
    # A child of the shell's that keeps the terminal open changes nothing.
    one.run(b"sleep 1000 & :")
    (sleeper,) = shell.children()
    one.type(b"echo last 'wor'ds; exit\n")
    for terminal in (one, two):
        assert b"last words\r\n" in terminal.until(b"[the shell has exited]")
        terminal.ended()
        assert terminal.modes == terminal.before
    assert ended([shell])
    assert mux("list").stdout == ""
    sleeper.kill()


def test_a4_a_terminal_that_crashes_harms_nobody(server, attach, mux) -> None:
    one, two = attach(), attach()
    one.process.kill()
    one.ended()
    assert b"alive" in two.run(b"echo ali've'")
    assert mux("list").stdout == "work: 1 attached\n"


def test_a2_a_server_that_was_killed_starts_again(
    server, attach, servers, ended, place: Path
) -> None:
    terminal = attach()
    terminal.run(b"gone=with")
    shells = server.children()
    server.kill()
    terminal.until(b"[gave up on 'multiplexer'")
    assert terminal.ended() == 1
    assert terminal.modes == terminal.before
    assert ended(shells)
    assert (place / "plugwire" / "multiplexer.sock").is_socket()
    # Over what the dead one left; `attach` starts it.
    again = attach()
    assert b"<>" in again.run(b'echo "<$gone>"')
    assert len(servers()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a3_a_signal_ends_server_and_shells(
    server, attach, ended, place: Path, number: int
) -> None:
    one, two = attach("one"), attach("two")
    one.type(b"sh -c 'echo run''ning; exec sleep 1000'\n")
    one.until(b"running\r\n")
    two.type(COUNT)  # it ends under load, too
    two.until(b"1000\r\n")
    children = server.children(recursive=True)
    assert len(children) == 3
    server.send_signal(number)
    for terminal in (one, two):
        terminal.until(b"[gave up on 'multiplexer'")
        terminal.ended()
        assert terminal.modes == terminal.before
    assert ended([server, *children])
    left = [path.name for path in (place / "plugwire").iterdir()]
    assert left == ["multiplexer.lock"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(
    server, attach, number: int
) -> None:
    terminal = attach()
    assert terminal.modes != terminal.before
    terminal.process.send_signal(number)
    assert terminal.ended() == 128 + number
    assert terminal.modes == terminal.before
    assert attach().run(b"echo")
