"""docs/examples/wallpaper: a desktop's processes, as a person runs them."""

from __future__ import annotations

import ast
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugwire.sync import Client

FOLDER = Path(__file__).parents[2] / "docs" / "examples" / "wallpaper"
SECONDS = 20.0
LINES = 200
CHANGES = 40


class Program:
    """One of the example's processes, still running."""

    def __init__(
        self, environment: dict[str, str], place: Path, *arguments: object
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", *map(str, arguments)],
            cwd=place,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """The next line of its standard output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def until(self, words: str) -> str:
        """The line of its standard error that has `words`."""
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if words in line:
                return line
        raise AssertionError("".join(said))

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit status, and what it said besides, after a signal."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out, err


class Desktop:
    """Starts the example's programs; pictures are files in `place`."""

    def __init__(self, place: Path, environment: dict[str, str]) -> None:
        self.place = place
        self.environment = environment
        self.begun: list[Program] = []
        environment["XDG_STATE_HOME"] = str(place / "state")
        environment["PYTHONUNBUFFERED"] = "1"
        for name in ("beach.png", "hills.png", "night.png"):
            (place / name).write_bytes(b"\x89PNG")

    def start(self, name: str, *arguments: object) -> Program:
        program = Program(
            self.environment, self.place, FOLDER / f"{name}.py", *arguments
        )
        self.begun.append(program)
        return program

    def daemon(self) -> Program:
        """A daemon that serves: its door accepts."""
        program = self.start("daemon")
        program.until("wallpaper: started")
        return program

    def set(self, path: object) -> subprocess.CompletedProcess[str]:
        """A run of `set.py`, to its end."""
        return subprocess.run(
            [sys.executable, "-W", "error", FOLDER / "set.py", str(path)],
            cwd=self.place,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    def picture(self, name: str) -> str:
        return str(self.place / f"{name}.png")

    def client(self, **overrides: object) -> Client:
        settings = {"socket_dir": str(self.place / "plugwire")}
        return Client("wallpaper", settings=settings, **overrides)

    def left(self) -> list[str]:
        return sorted(
            path.name for path in (self.place / "plugwire").iterdir()
        )


@pytest.fixture
def desktop(place: Path, environment: dict[str, str]) -> Iterator[Desktop]:
    desktop = Desktop(place, environment)
    yield desktop
    for program in desktop.begun:
        program.process.kill()
        program.process.communicate()


def test_b4_listeners_show_what_the_sender_sets(desktop: Desktop) -> None:
    daemon = desktop.daemon()
    listeners = [desktop.start("listen") for _ in range(3)]
    for _ in listeners:
        daemon.until("joined")
    for name in ("beach", "hills"):
        done = desktop.set(f"{name}.png")  # relative to where it is called
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "told to 3 listeners\n"
        assert [listener.line() for listener in listeners] == (
            [desktop.picture(name)] * 3
        )


def test_b7_a_listener_that_starts_late_is_not_too_late(
    desktop: Desktop,
) -> None:
    desktop.daemon()
    for name in ("beach", "hills"):
        assert desktop.set(desktop.picture(name)).returncode == 0
    # It gets the wallpaper of now, and not those before it; each does.
    with desktop.client() as client:
        message = client.receive(timeout=SECONDS)
        assert message.data == {"path": desktop.picture("hills")}
    for _ in range(2):
        listener = desktop.start("listen")
        assert listener.line() == desktop.picture("hills")
        assert listener.end()[:2] == (0, "")


def test_b10_a_listener_may_be_first_and_outlives_the_daemon(
    desktop: Desktop,
) -> None:
    listener = desktop.start("listen")
    daemon = desktop.daemon()
    daemon.until("joined")
    assert desktop.set("beach.png").returncode == 0
    assert listener.line() == desktop.picture("beach")
    daemon.end(signal.SIGKILL)
    assert "wallpaper.sock" in desktop.left()
    again = desktop.daemon()  # over the stale socket
    again.until("joined")
    # The same wallpaper comes again, and is shown already.
    assert desktop.set("hills.png").stdout == "told to 1 listeners\n"
    assert listener.line() == desktop.picture("hills")


def test_b8_many_who_change_it_at_once_leave_all_with_the_same(
    desktop: Desktop,
) -> None:
    desktop.daemon()
    names = [f"{number}.png" for number in range(CHANGES)]
    for name in names:
        (desktop.place / name).write_bytes(b"\x89PNG")

    taken = []

    def change(mine: list[str]) -> None:
        with desktop.client(receive=False) as sender:
            for name in mine:
                path = str(desktop.place / name)
                taken.append(sender.request({"path": path}).data["path"])

    with desktop.client() as watcher:
        threads = [
            threading.Thread(target=change, args=(names[start::4],))
            for start in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        state = desktop.place / "state" / "plugwire-wallpaper"
        last = state.read_text("utf-8")
        # Who was there may have been spared some on the way (keep_latest),
        # but not the last; and it is the last.
        while watcher.receive(timeout=SECONDS).data["path"] != last:
            pass
        assert desktop.set("night.png").returncode == 0
        after = watcher.receive(timeout=SECONDS).data["path"]
        assert after == desktop.picture("night")
        assert len(taken) == CHANGES


def test_a_restarted_desktop_has_its_wallpaper(desktop: Desktop) -> None:
    first = desktop.daemon()
    desktop.set("night.png")
    assert first.end()[0] == 0
    desktop.daemon()
    assert desktop.start("listen").line() == desktop.picture("night")


def test_a_command_is_run_with_the_path(desktop: Desktop) -> None:
    desktop.daemon()
    desktop.set("beach.png")
    program = "import json, sys; print(json.dumps(sys.argv[1:]))"
    listener = desktop.start(
        "listen", "--run", f"'{sys.executable}' -c '{program}' --fill"
    )
    assert json.loads(listener.line()) == ["--fill", desktop.picture("beach")]


def test_a_command_that_fails_does_not_end_the_listener(
    desktop: Desktop,
) -> None:
    desktop.daemon()
    desktop.set("beach.png")
    listener = desktop.start(
        "listen", "--run", f"'{sys.executable}' -c 'raise SystemExit(3)'"
    )
    assert "status 3" in listener.until("listen: ")
    desktop.set("hills.png")
    assert desktop.picture("hills") in listener.until("listen: ")
    nobody = desktop.start("listen", "--run", "/nowhere/at/all")
    assert "/nowhere/at/all" in nobody.until("listen: ")


def test_what_is_no_picture_is_refused_with_the_daemons_words(
    desktop: Desktop,
) -> None:
    daemon = desktop.daemon()
    desktop.set("beach.png")
    done = desktop.set("nothing.png")
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f"set: there is no file {desktop.place}/nothing.png\n"
    )
    assert desktop.start("listen").line() == desktop.picture("beach")
    assert "Traceback" not in daemon.end()[2]


def test_without_a_daemon_the_sender_fails_and_says_where_it_looked(
    desktop: Desktop,
) -> None:
    done = desktop.set("beach.png")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"set: .*wallpaper\.sock.*\n", done.stderr)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_b8_a_signal_ends_the_daemon_and_its_socket_is_gone(
    desktop: Desktop, number: int
) -> None:
    daemon = desktop.daemon()
    listener = desktop.start("listen")
    daemon.until("joined")
    assert daemon.end(number)[0] == 0
    assert desktop.left() == ["wallpaper.lock"]
    assert listener.process.poll() is None  # it waits for the next


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)]
)
def test_b17_a_signal_ends_a_listener_that_waits(
    desktop: Desktop, number: int, status: int
) -> None:
    daemon = desktop.daemon()
    desktop.set("beach.png")
    listener = desktop.start("listen")
    listener.line()  # it is in its loop: what follows interrupts a wait
    assert listener.end(number) == (status, "", "")
    daemon.until(" left ")


def test_a_second_daemon_leaves_the_first_alone(desktop: Desktop) -> None:
    first = desktop.daemon()
    second = desktop.start("daemon")
    _, complaint = second.process.communicate(timeout=SECONDS)
    assert second.process.returncode == 1
    assert complaint.startswith("daemon: ")
    assert f"{first.process.pid}" in complaint
    assert desktop.set("beach.png").returncode == 0


def test_it_is_short_and_there_is_no_asyncio_in_sight() -> None:
    lines = 0
    for path in FOLDER.glob("*.py"):
        text = path.read_text("utf-8")
        lines += text.count("\n")
        assert text.startswith('"""')
        nodes = list(ast.walk(ast.parse(text)))
        assert not any(
            isinstance(node, ast.AsyncFunctionDef | ast.Await)
            for node in nodes
        )
        assert "asyncio" not in text
    assert 0 < lines < LINES
