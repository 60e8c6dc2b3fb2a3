"""`plugwire top`, as a real process on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator

import pytest

from plugwire.cli import main

SECONDS = 20.0
ALTERNATE, NORMAL = "\x1b[?1049h", "\x1b[?1049l"
HIDDEN, SEEN = "\x1b[?25l", "\x1b[?25h"
TOKEN = re.compile(
    r"\x1b\[(?P<csi>[0-?]*)[ -/]*(?P<end>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[PX^_][^\x1b]*\x1b\\"
    r"|\x1b[^\[\]PX^_]"
    r"|(?P<text>[^\x1b])"
)


class Screen:
    """As much of a terminal as the drawing needs: where text ends up."""

    def __init__(self, columns: int, lines: int) -> None:
        self.resize(columns, lines)
        self._rest = ""

    def resize(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.clear()

    def clear(self) -> None:
        self.cells = [[" "] * self.columns for _ in range(self.lines)]
        self.x = self.y = 0

    def feed(self, text: str) -> None:
        text = self._rest + text
        at = 0
        while at < len(text) and (token := TOKEN.match(text, at)):
            at = token.end()
            if token["text"]:
                self._put(token["text"])
            elif token["end"] == "H":
                y, _, x = token["csi"].partition(";")
                self.x, self.y = int(x or 1) - 1, int(y or 1) - 1
            elif token["end"] == "J":
                self.clear()
        self._rest = text[at:]  # a sequence that is not whole yet

    def _put(self, text: str) -> None:
        if text == "\r":
            self.x = 0
        elif text == "\n":
            self.y += 1
        else:
            if self.x < self.columns and self.y < self.lines:
                self.cells[self.y][self.x] = text
            self.x += 1

    @property
    def text(self) -> str:
        return "\n".join("".join(line).rstrip() for line in self.cells)


class Terminal:
    """A `plugwire top` on a terminal of its own."""

    def __init__(self, *args: str, size: tuple[int, int] = (100, 30)) -> None:
        self._ours, theirs = pty.openpty()
        self._fd = theirs
        self.screen = Screen(*size)
        self.said = ""
        self._set_size(*size)
        self.before = termios.tcgetattr(theirs)
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("COLUMNS", "LINES", "NO_COLOR")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "plugwire", "top", *args],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment | {"TERM": "xterm-256color"},
            start_new_session=True,
        )

    def _set_size(self, columns: int, lines: int) -> None:
        packed = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, packed)

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(columns, lines)
        self._set_size(columns, lines)
        self.process.send_signal(signal.SIGWINCH)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def _read(self, seconds: float) -> bool:
        """Take what is there; False if nothing came."""
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        text = os.read(self._ours, 65536).decode("utf-8", "replace")
        self.said += text
        self.screen.feed(text)
        return True

    def until(self, *words: str) -> str:
        """The screen once it shows all of `words`."""
        return self.until_so(lambda text: all(word in text for word in words))

    def until_so(self, look: Callable[[str], bool]) -> str:
        """The screen once it pleases."""
        end = time.monotonic() + SECONDS
        while not look(self.screen.text):
            left = end - time.monotonic()
            assert left > 0, f"it never came:\n{self.screen.text}"
            self._read(left)
        return self.screen.text

    def end(self) -> tuple[int, str]:
        """The status, and what was said after the screen was left."""
        end = time.monotonic() + SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < end, self.screen.text
            self._read(0.1)
        while self._read(0):
            pass
        assert termios.tcgetattr(self._fd) == self.before
        after = ""
        if ALTERNATE in self.said:
            _, found, after = self.said.rpartition(NORMAL)
            assert found, "the alternate screen was not left"
            assert ALTERNATE not in after
            assert self.said.rfind(SEEN) > self.said.rfind(HIDDEN)
        else:
            after = self.said
        return self.process.returncode, re.sub(r"\x1b\[[^a-z]*.", "", after)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._fd)


@pytest.fixture
def top(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Terminal]]:
    monkeypatch.setenv("PLUGWIRE_RECONNECT_CAP", "0.2")
    begun = []

    def begin(*args: str, **more: object) -> Terminal:
        begun.append(Terminal(*args, **more))
        return begun[-1]

    yield begin
    for terminal in begun:
        terminal.close()


def test_c7_the_numbers_of_an_event_are_on_screen(serving, top):
    server = serving("--keep")
    terminal = top("load")
    terminal.until("load  ● connected to main (msgpack)")
    server.write('{"cpu": {"user": 41.5}, "tier": "calm"}\n')
    terminal.until("cpu.user", "41.5", "tier  ", "calm", "1 received")
    server.write('{"cpu": {"user": 7.25}}\n')
    shown = terminal.until("2 received")
    terminal.until("missed 0", "lag ", "msg/s")
    assert "1 numbers  2 clients  p pause  q quit" in shown
    terminal.press("q")
    assert terminal.end() == (0, "")


def test_c7_the_clients_are_on_the_second_page(serving, start, top):
    server = serving("--keep")
    start("listen", "load", "--session", "living_room")
    server.until("joined")
    terminal = top("load")
    terminal.until("● connected")
    terminal.press("2")
    shown = terminal.until("living_room", "2 connected")
    assert "QUEUED" in shown
    assert shown.count(f"unix uid {os.getuid()} pid ") == 2
    terminal.press("1")
    terminal.until("NOW")
    terminal.press("q")
    assert terminal.end() == (0, "")


def test_ctrl_c_is_quiet(serving, top):
    serving("--keep")
    terminal = top("load")
    terminal.until("● connected")
    terminal.press("\x03")
    assert terminal.end() == (130, "")


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)]
)
def test_signals_restore_the_terminal(serving, top, number, status):
    serving("--keep")
    terminal = top("load")
    terminal.until("● connected")
    terminal.process.send_signal(number)
    assert terminal.end() == (status, "")


def test_a_restart_of_the_server_is_survived_and_told(serving, top):
    server = serving("--keep")
    terminal = top("load")
    terminal.until("● connected")
    server.write('{"a": 1}\n')
    terminal.until("1 received")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    terminal.until("● away ", "reconnecting", "connection lost: ")
    server = serving("--keep")
    terminal.until("● connected to main", "missed unknown")
    server.write('{"a": 2}\n')
    terminal.until("2 received")
    terminal.press("q")
    assert terminal.end() == (0, "")


def fills(text: str, columns: int, lines: int) -> bool:
    """Whether the screen is drawn for this size, and whole."""
    first, second, heads, *rest = text.split("\n")
    return (
        len(first) == columns - 2  # two blanks end it
        and first.startswith(" load  ● connected")
        and first.endswith("2 clients")
        and "missed 0" in second
        and ("MIN" in heads) is (columns > 56)
        and sum("first" in line for line in rest) == 1
        and sum("second  two" in line for line in rest) == 1
        and rest[-1].split()[-2:] == ["q", "quit"]
        and len(rest) == lines - 3
    )


def test_a_resize_is_drawn_anew_and_whole(serving, top):
    server = serving("--keep")
    server.write('{"first": 1, "second": "two"}\n')
    terminal = top("load")
    assert "MIN" in terminal.until("first", "second  two", "q quit")
    for size in ((50, 12), (140, 45), (100, 30)):
        terminal.resize(*size)
        terminal.until_so(lambda text, size=size: fills(text, *size))
    terminal.press("q")
    assert terminal.end() == (0, "")


def test_what_peers_say_moves_no_cursor(serving, top):
    server = serving("--keep")
    server.write('{"k\\u001b[2J": "[red]v\\u001b]0;title\\u0007[/red]"}\n')
    terminal = top("load")
    terminal.until("k\\x1b[2J  [red]v\\x1b]0;title\\x07[/red]")
    terminal.press("q")
    assert terminal.end() == (0, "")
    assert "title\x07" not in terminal.said


def test_no_server_is_one_line_once_the_screen_is_left(top, folder):
    terminal = top("load", "--set", "default_timeout=0.3")
    status, after = terminal.end()
    assert status == 1
    (line,) = after.split("\r\n")[:-1]
    assert line.startswith("plugwire: no connection to 'load' within 0.3 s")
    assert str(folder / "load.sock") in line


def test_a_refusal_is_one_line_once_the_screen_is_left(serving, top):
    serving("--keep", "--listen", "unix", "--listen", "unix:json:plain")
    terminal = top("load", "--door", "unix")
    status, after = terminal.end()
    assert (status, after.count("\n")) == (1, 1)
    assert after.startswith("plugwire: ")
    assert "is plain" in after


def test_wrong_settings_and_names_never_leave_the_screen(top):
    for args in (["load", "--set", "lag=never"], ["no/name"]):
        terminal = top(*args)
        status, after = terminal.end()
        assert status == 2
        assert after.startswith("plugwire: ")
        assert ALTERNATE not in terminal.said


@pytest.mark.parametrize("missing", ["stdin", "stdout", "stderr"])
def test_it_draws_on_terminals_only(missing):
    ours, theirs = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    with subprocess.Popen(
        [sys.executable, "-m", "plugwire", "top", "load"],
        **streams | {missing: subprocess.PIPE},
        env=os.environ | {"TERM": "xterm"},
    ) as process:
        assert process.wait(SECONDS) == 2
        if missing == "stderr":
            said = process.stderr.read()
        else:
            said = os.read(ours, 4096)
    os.close(ours)
    os.close(theirs)
    line = said.decode().rstrip()
    assert "\n" not in line
    words = {"stdin": "input", "stdout": "output", "stderr": "error"}[missing]
    assert line.startswith("plugwire: top draws on a terminal, ")
    assert f"standard {words} is none" in line
    assert "plugwire listen load" in line


def pretend_terminals(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("TERM", term)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)


def test_a_dumb_terminal_is_refused(monkeypatch, capsys):
    pretend_terminals(monkeypatch, "dumb")
    assert main(["top", "load"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "TERM=dumb" in line


def test_without_textual_the_mend_is_told(monkeypatch, capsys):
    pretend_terminals(monkeypatch, "xterm")
    monkeypatch.setitem(sys.modules, "textual", None)
    assert main(["top", "load"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("plugwire: ")
    assert line.endswith('pip install "plugwire[top]"')


def test_help_and_other_commands_do_without_textual():
    program = (
        "import sys\n"
        "from plugwire.cli import main\n"
        "assert main(['top', '--help']) == 0\n"
        "assert main(['list']) == 0\n"
        "print({'textual', 'rich', 'asyncio'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert "plugwire top [" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"
