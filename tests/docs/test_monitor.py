"""docs/examples/monitor: the daemon, as a process with its real readers."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from plugwire import Client, Denied, Message, load_settings
from plugwire.aio.control import ask
from plugwire.protocol import STATS

FOLDER = Path(__file__).parents[2] / "docs" / "examples" / "monitor"
SECONDS = 20.0
LINES = 200
TIERS = ("calm", "busy", "strained", "critical")
KEPT = 30
ALWAYS = {"tier", "stress", "cpu_percent", "load_1", "memory_percent"}
FAST = ("--interval", "0.02")


class Daemon:
    """The monitor, serving: its doors accept."""

    def __init__(
        self, place: Path, environment: dict[str, str], *arguments: str
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", *arguments],
            cwd=place,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []

    def until(self, word: str) -> None:
        """Read what it says until `word` is in it."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if word in line:
                return
        raise AssertionError("".join(self.said))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit status, after a signal; the rest of its words are read."""
        self.process.send_signal(number)
        _, rest = self.process.communicate(timeout=SECONDS)
        self.said.append(rest)
        return self.process.returncode


@pytest.fixture
def begin(
    place: Path, environment: dict[str, str]
) -> Iterator[Callable[..., Daemon]]:
    """Starts `monitor.py` with arguments, or another `program`."""
    begun: list[Daemon] = []

    def start(*arguments: str, program: str = "") -> Daemon:
        what = ("-c", program) if program else (str(FOLDER / "monitor.py"),)
        daemon = Daemon(place, environment, *what, *arguments)
        begun.append(daemon)
        daemon.until("(readers)")  # the second door, the last of its lines
        return daemon

    yield start
    for daemon in begun:
        daemon.process.kill()
        daemon.process.wait()
        assert daemon.process.stderr is not None
        daemon.process.stderr.close()


@pytest.fixture
def reader(place: Path) -> Callable[[], Client]:
    """A client that takes what it needs to know from the doors file."""
    return lambda: Client(
        "machine", settings={"socket_dir": str(place / "plugwire")}
    )


def left(place: Path) -> list[str]:
    return sorted(path.name for path in (place / "plugwire").iterdir())


async def take(client: Client, count: int) -> list[Message]:
    return [await client.receive(timeout=SECONDS) for _ in range(count)]


def numbers(messages: list[Message]) -> list[int]:
    return [message.seq or 0 for message in messages]


async def until(
    place: Path, good: Callable[[dict[str, int]], bool]
) -> dict[str, int]:
    """What the server says of itself, as `plugwire ping` asks it: nobody
    joins. Asked until it is `good`."""
    settings = load_settings({"socket_dir": str(place / "plugwire")})
    async with asyncio.timeout(SECONDS):
        while True:
            stats = await ask("machine", settings, None, STATS)
            if good(stats):
                return stats


async def test_c1_each_sample_is_pushed_as_it_is_made(begin, reader) -> None:
    begin(*FAST)
    async with reader() as client:
        messages = await take(client, 2 * KEPT)
    first = numbers(messages)[0]
    assert numbers(messages) == list(range(first, first + 2 * KEPT))
    assert all(message.data.keys() >= ALWAYS for message in messages)
    assert {message.data["tier"] for message in messages} <= set(TIERS)
    # A live message is a sample of its own, with a time of its own.
    times = [message.timestamp_ms for message in messages]
    assert times == sorted(times)
    assert len(set(times)) > KEPT


async def test_c1_what_the_kernel_tells_is_told(begin, reader) -> None:
    begin(*FAST)
    there = set()
    for kind in ("cpu", "memory", "io"):
        try:
            Path(f"/proc/pressure/{kind}").read_text("ascii")
        except OSError:
            continue
        there.add(f"pressure_{kind}")
    async with reader() as client:
        (message,) = await take(client, 1)
    told = {key for key in message.data if key.startswith("pressure")}
    assert told == there


async def test_c2_what_is_dear_is_spared_while_nobody_looks(
    begin, reader, place: Path
) -> None:
    daemon = begin(*FAST)
    async with reader() as client:
        message = (await take(client, 1))[0]
        while not message.data.get("heaviest"):
            message = await client.receive(timeout=SECONDS)
        assert not message.kept
    rows = message.data["heaviest"]
    assert 0 < len(rows) <= 3
    shares = [row["cpu_percent"] for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] > 0
    # Once the monitor has noticed that nobody is there, it is not in what
    # history keeps, which goes on.
    gone = await until(place, lambda stats: stats["clients"] == 0)
    last = gone["seq"] + 1 + KEPT
    await until(place, lambda stats: stats["seq"] > last)
    async with reader() as client:
        past = await take(client, KEPT)
    assert all(one.kept and "heaviest" not in one.data for one in past)
    assert daemon.process.poll() is None


async def test_c3_the_first_who_comes_has_the_past_already(
    begin, reader, place: Path
) -> None:
    begin(*FAST)
    await until(place, lambda stats: stats["seq"] > KEPT)
    async with reader() as client:
        messages = await take(client, KEPT + 1)
    assert [message.kept for message in messages] == [True] * KEPT + [False]


async def test_c3_a_newcomer_has_three_seconds_of_past_and_no_gap(
    begin, reader
) -> None:
    begin(*FAST)
    async with reader() as first:
        while (await first.receive(timeout=SECONDS)).seq <= KEPT:
            pass
        async with reader() as newcomer:
            messages = await take(newcomer, 2 * KEPT)
    start = numbers(messages)[0]
    assert numbers(messages) == list(range(start, start + 2 * KEPT))
    kept = [message.kept for message in messages]
    assert kept == [True] * KEPT + [False] * KEPT


def test_c4_nc_reads_lines_of_json_at_the_plain_door(begin, place) -> None:
    begin(*FAST)
    with socket.socket(socket.AF_UNIX) as nc:  # what `nc -U` does
        nc.settimeout(SECONDS)
        nc.connect(str(place / "plugwire" / "machine.readers.sock"))
        with nc.makefile("rb") as lines:
            messages = [json.loads(lines.readline()) for _ in range(50)]
    first = messages[0]["seq"]
    assert [m["seq"] for m in messages] == list(range(first, first + 50))
    assert all(m["data"].keys() >= ALWAYS for m in messages)


async def test_c5_a_reader_that_stalls_is_cut_and_delays_nobody(
    begin, reader, place: Path, environment: dict[str, str]
) -> None:
    environment["PLUGWIRE_LAG_GRACE"] = "0.5"
    begin("--interval", "0.01")
    with socket.socket(socket.AF_UNIX) as stalled:
        stalled.connect(str(place / "plugwire" / "machine.readers.sock"))
        hung_up = select.poll()
        hung_up.register(stalled, 0)  # 0: nothing but the end, POLLHUP
        async with reader() as client:
            messages = []
            while not hung_up.poll(0):
                messages += await take(client, 1)
            messages += await take(client, 10)
            first = numbers(messages)[0]
            assert numbers(messages) == list(
                range(first, first + len(messages))
            )
            assert client.missed == 0


async def test_c5_nobody_writes_to_a_monitor(begin, reader) -> None:
    begin(*FAST)
    async with reader() as client:
        assert not client.can_send
        with pytest.raises(Denied):
            await client.send({"tier": "calm"})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_c6_a_signal_ends_it_and_the_sockets_are_gone(
    begin, reader, place: Path, number: int
) -> None:
    daemon = begin(*FAST)
    assert left(place) == [
        "machine.doors",
        "machine.lock",
        "machine.readers.sock",
        "machine.sock",
    ]
    async with reader() as client:
        await take(client, 1)
        assert daemon.end(number) == 0
    assert daemon.said[-1].endswith("stopped\n")
    assert left(place) == ["machine.lock"]


async def test_c6_a_restart_takes_over_from_one_that_crashed(
    begin, reader, place: Path
) -> None:
    begin(*FAST).end(signal.SIGKILL)
    assert "machine.sock" in left(place)
    again = begin(*FAST)
    async with reader() as client:
        assert (await take(client, 1))[0].data.keys() >= ALWAYS
    assert again.end() == 0
    assert left(place) == ["machine.lock"]


async def test_c6_a_reader_comes_back_after_a_restart(begin, reader) -> None:
    daemon = begin(*FAST)
    async with reader() as client:
        await take(client, 1)
        assert daemon.end() == 0
        begin(*FAST)
        while client.missed is not None:  # another server: nobody can know
            await take(client, 1)


def test_c6_a_second_one_leaves_the_first_alone(
    begin, place: Path, environment: dict[str, str]
) -> None:
    first = begin(*FAST)
    second = subprocess.run(
        [sys.executable, str(FOLDER / "monitor.py")],
        env=environment,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert second.returncode == 1
    assert second.stderr.startswith("monitor: ")
    assert f"{first.process.pid}" in second.stderr
    assert second.stderr.count("\n") == 1
    assert first.process.poll() is None


def test_c7_plugwire_top_draws_its_figures_until_q(
    begin, place: Path, environment: dict[str, str]
) -> None:
    begin()
    environment["TERM"] = "xterm-256color"
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    top = subprocess.Popen(
        [sys.executable, "-m", "plugwire", "top", "machine"],
        env=environment,
        cwd=place,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    drawn = ""
    try:
        for word in ("stress", "cpu_percent", "load_1"):
            while word not in drawn:
                drawn += os.read(ours, 65536).decode(errors="replace")
        os.write(ours, b"q")
        # Nobody may be left to read: the terminal is drained to its end.
        with suppress(OSError):  # Linux's word for it
            while os.read(ours, 65536):
                pass
        assert top.wait(SECONDS) == 0
    finally:
        top.kill()
        top.wait()
        os.close(ours)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "soon"])
def test_an_interval_that_is_none_is_refused(
    text: str, place: Path, environment: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "monitor.py"), f"--interval={text}"],
        env=environment,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 2
    assert "--interval" in done.stderr.splitlines()[-1]


async def test_the_tiers_are_told_and_logged_as_they_come(
    begin, reader
) -> None:
    # A machine whose every figure is the worst.
    daemon = begin(
        program=f"import sys; sys.path.insert(0, {str(FOLDER)!r})\n"
        "import stress, monitor\n"
        "stress.SCALES = {'memory_percent': (-2.0, -1.0)}\n"
        "sys.argv = ['monitor.py', '--interval', '0.05']\n"
        "monitor.main()\n"
    )
    async with reader() as client:
        tiers = []
        while "critical" not in tiers:
            tiers.append((await take(client, 1))[0].data["tier"])
    ranks = [TIERS.index(tier) for tier in tiers]
    assert ranks == sorted(ranks)
    daemon.end()
    said = "".join(daemon.said)
    assert "calm -> " in said
    assert " -> critical {" in said


# --------------------------------------------------------------- the README


def test_it_is_short() -> None:
    programs = [path.read_text("utf-8") for path in FOLDER.glob("*.py")]
    assert sum(text.count("\n") for text in programs) < LINES
    assert all(text.startswith('"""') for text in programs)
