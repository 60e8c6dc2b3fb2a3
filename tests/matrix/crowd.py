"""Distributions of strangers: `python crowd.py SITE MARKS` puts ten that work
and fifty that do harm into SITE, where installed packages are; each of the
fifty leaves a file in MARKS once it is imported.

`python -I crowd.py meet` then has a message carried by each of the ten, and
`python -I crowd.py list` has the command tell of all sixty.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SECONDS = 40.0
POISON = 50
HARM = (
    "raise RuntimeError('poison')",
    "raise SystemExit(3)",
    "import os; os._exit(7)",
    "import time; time.sleep(3600)",
    "while True: pass",
)
GROUPS = ("transports", "codecs", "queues", "permissions", "extensions")
STRANGERS = {
    "stranger_0": "transport",
    "stranger_1": "transport",
    "stranger_2": "transport",
    "stranger_3": "codec",
    "stranger_4": "codec",
    "stranger_5": "codec",
    "stranger_6": "codec",
    "stranger_7": "queue",
    "stranger_8": "queue",
    "stranger_9": "queue",
}
SOURCES = {
    "transport": """
from plugwire.memory import Memory

class Plugin(Memory):
    pass
""",
    "codec": """
from plugwire import hookimpl
from plugwire.testing.companions import Lines

class Plugin(Lines):
    @hookimpl
    def encode(self, max_message_bytes):
        made = super().encode(max_message_bytes)
        made.format = __name__
        return made
""",
    "queue": """
from plugwire.testing.companions import Shelf

class Plugin(Shelf):
    pass
""",
}


def install(site: Path, name: str, group: str, source: str) -> None:
    """A distribution of one module, as an installer leaves it."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    )
    (info / "entry_points.txt").write_text(
        f"[plugwire.{group}]\n{name} = {name}_module:Plugin\n"
    )
    (site / f"{name}_module.py").write_text(source)


def gather(site: Path, marks: Path) -> None:
    """Install all sixty."""
    for name, kind in STRANGERS.items():
        install(site, name, f"{kind}s", SOURCES[kind])
    for number in range(POISON):
        mark = f"open({str(marks / str(number))!r}, 'w').close()\n"
        harm = HARM[number // len(GROUPS) % len(HARM)]
        group = GROUPS[number % len(GROUPS)]
        install(site, f"poison_{number}", group, f"{mark}{harm}\n")


async def meet() -> None:
    """Each of the ten, asked for by its name, carries a message."""
    from plugwire import Client, Server

    for name, kind in STRANGERS.items():
        with tempfile.TemporaryDirectory(prefix="pw-") as folder:
            settings: dict[str, Any] = {
                "transport": "memory",
                "socket_dir": folder,
                kind: name,
            }
            async with (
                asyncio.timeout(SECONDS),
                Server("event", settings=settings) as server,
                Client("event", settings=settings) as client,
            ):
                server.broadcast({"by": name})
                assert (await client.receive()).data == {"by": name}
        print(f"{kind} {name} carried a message")


def said(*words: str) -> str:
    """What the command says, which ends well."""
    done = subprocess.run(
        [sys.executable, "-I", "-m", "plugwire", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def list_all() -> None:
    """The command tells of all, whoever they are."""
    found = {
        plugin["name"] for plugin in json.loads(said("plugins", "--json"))
    }
    wanted = {*STRANGERS, *(f"poison_{n}" for n in range(POISON))}
    assert wanted <= found, f"not listed: {sorted(wanted - found)}"
    assert {"unix", "tcp", "msgpack", "json", "fifo", "peer"} <= found
    assert "stranger_3" in said("explain", "--codec", "stranger_3")
    print(f"{len(found)} plugins are listed")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["meet"]:
            asyncio.run(meet())
        case ["list"]:
            list_all()
        case [site, marks]:
            gather(Path(site), Path(marks))
