"""What several terminals of a shell see, and what comes after a return."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import termios
import threading
from pathlib import Path

import pytest

from plugwire import Client

SECONDS = 20.0
DETACH = b"\x1d"
RESET = b"\x1bc"  # comes before each screen
COUNT = b"i=0; while :; do i=$((i+1)); echo $i; done\n"

# Many processes start here, on a machine that may be busy.
pytestmark = pytest.mark.timeout(180)


def lines_are_contiguous(shown: bytes) -> int:
    """The last of the numbers that a terminal showed, after each screen one
    by one; the first and the last line may be cut."""
    last = 0
    for part in shown.split(RESET):
        lines = re.sub(rb"[^\d\n]", b"", part).split(b"\n")[1:-1]
        numbers = list(map(int, filter(None, lines)))
        if numbers:
            assert numbers == list(range(numbers[0], numbers[-1] + 1))
            last = numbers[-1]
    return last


def test_a7_terminals_of_a_shell_see_the_same(server, attach) -> None:
    one, two = attach(), attach()
    one.run(b"seen=by")
    two.until(b"theend\r\n")
    for typist in (one, two):
        typist.type(b"echo $seen-two\n")
        for terminal in (one, two):
            terminal.until(b"by-two\r\n")


def test_a8_a_shell_is_heard_by_its_own_terminals_only(server, attach) -> None:
    one, other = attach("one"), attach("other")
    assert b"secret" in one.run(b"echo se'cret'")
    assert b"cret" not in other.run(b"echo mine")


def test_a5_a_terminal_types_while_output_goes_on(server, attach) -> None:
    terminal = attach()
    terminal.type(COUNT)
    terminal.until(b"1000\r\n")
    terminal.type(b"\x03")  # Ctrl-C is the shell's, not ours
    assert b"alive" in terminal.run(b"echo ali've'")


def test_the_shell_knows_how_large_its_window_is(server, attach) -> None:
    terminal = attach()
    assert b"24 80\r\n" in terminal.run(b"stty size")
    terminal.type(b"while :; do stty size; done\n")
    terminal.until(b"24 80\r\n")
    termios.tcsetwinsize(terminal.theirs, (40, 132))
    terminal.process.send_signal(signal.SIGWINCH)
    terminal.until(b"40 132\r\n")


def test_a_long_paste_waits_for_its_shell_alone(
    server, attach, mux, place: Path
) -> None:
    os.mkfifo(place / "gate")
    terminal = attach()
    terminal.type(
        b"stty raw -echo; echo rea'dy'; read go < %s; head -c 300000 | cksum\n"
        % os.fsencode(place / "gate")
    )
    terminal.until(b"ready\n")
    paste = bytes(range(32, 112)) * 3750
    typing = threading.Thread(target=terminal.type, args=[paste])
    typing.start()
    # Nobody reads the paste yet, and the server has time for others.
    assert b"there" in attach("other").run(b"echo the're'")
    assert mux("list").stdout == "work: 1 attached\nother: 1 attached\n"
    (place / "gate").write_text("go\n")
    done = subprocess.run(["cksum"], input=paste, capture_output=True)
    terminal.until(done.stdout.strip())
    typing.join(SECONDS)


def test_a_terminal_comes_back_to_the_screen_so_far(server, attach) -> None:
    first = attach()
    first.run(b"echo kept && cd /")
    first.type(DETACH)
    first.until(b"[detached from work]\r\n")
    assert first.ended() == 0
    assert first.modes == first.before
    second = attach()
    assert b"kept\r\n" in second.until(b"theend\r\n")
    assert b"\r\n/\r\n" in second.run(b"pwd")


def test_screen_and_live_join_with_no_gap_and_no_duplicate(
    server, attach
) -> None:
    terminal = attach()
    terminal.type(COUNT)
    terminal.until(b"1000\r\n")
    seen = 0
    for _ in range(3):
        terminal.type(DETACH)
        terminal.until(b"[detached from work]\r\n")
        terminal = attach()
        last = lines_are_contiguous(terminal.show(200_000))
        assert last > seen
        seen = last


async def test_every_attach_is_one_step(
    shell_environment: dict[str, str], serve
) -> None:
    # Being cut for reading slowly is another test's.
    shell_environment["PLUGWIRE_OUTBOX_MESSAGES"] = "1000000"
    shell_environment["PLUGWIRE_OUTBOX_BYTES"] = "200000000"
    serve()
    sockets = Path(shell_environment["XDG_RUNTIME_DIR"]) / "plugwire"
    settings = {"socket_dir": str(sockets), "reconnect": False}
    ask = {"attach": "work", "pid": 0, "size": [24, 80]}
    async with Client("multiplexer", settings=settings) as client:
        await client.send(ask)
        await client.send({"keys": COUNT, "size": [24, 80]})
        said = b""
        while b"1000\r\n" not in said:
            said += (await client.receive(timeout=SECONDS)).data["output"]
        await client.send(ask)
        shown, screens, end = [], 0, b""
        # A busy machine's shell may say nothing between them.
        while screens < 100 or b"2000\r\n" not in end:
            message = await client.receive(timeout=SECONDS)
            shown.append(message.data["output"])
            if b"2000\r\n" not in end:
                end = end[-8:] + shown[-1]
            if "pid" in message.data:
                screens += 1
                if screens < 100:
                    await client.send(ask)
    assert lines_are_contiguous(b"".join(shown)) >= 2000


def test_a9_a_terminal_that_does_not_read_costs_itself_alone(
    shell_environment: dict[str, str], serve, attach
) -> None:
    shell_environment["PLUGWIRE_OUTBOX_MESSAGES"] = "32"
    serve()
    slow, quick = attach(), attach()
    slow.process.send_signal(signal.SIGSTOP)
    # Far more than sockets and an outbox of 32 messages take.
    quick.type(b"seq 300000; echo 'the'end\n")
    quick.until(b"300000\r\ntheend\r\n")
    slow.process.send_signal(signal.SIGCONT)
    slow.until(RESET)  # it was cut, and has come back by itself
    shown = slow.until(b"300000\r\ntheend\r\n")
    assert lines_are_contiguous(shown) == 300_000
    slow.type(b"echo ba'ck'\n")
    quick.until(b"back\r\n")
    slow.until(b"back\r\n")


def test_who_was_cut_is_not_given_another_shell(
    shell_environment: dict[str, str], serve, attach, mux
) -> None:
    shell_environment["PLUGWIRE_OUTBOX_MESSAGES"] = "32"
    serve()
    slow, quick = attach(), attach()
    slow.process.send_signal(signal.SIGSTOP)
    quick.type(b"seq 300000; exit\n")
    quick.until(b"[the shell has exited]\r\n")
    other = attach()  # of the same name, while the slow one is cut
    slow.process.send_signal(signal.SIGCONT)
    slow.until(b"[the shell has exited]\r\n")
    assert slow.ended() == 1
    assert b"alive" in other.run(b"echo ali've'")
    assert mux("list").stdout == "work: 1 attached\n"
