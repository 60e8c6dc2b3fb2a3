"""A newcomer's way, timed: from `plugwire new` to a codec of one's own that a
program talks over without a changed line, by the commands of the pages and
of the new project's README."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import environments
import nox
import own_codec

SECONDS = 300.0
"""For all of the way, which is to take no longer."""

# Knows nothing of codecs.
PROGRAM = """\
import asyncio

from plugwire import Client, Server


async def main():
    async with Server("newcomer") as server, Client("newcomer") as client:
        server.broadcast({"load": 0.42, "raw": b"\\x00\\xff"})
        message = await client.receive(timeout=20)
        print(client.server.codec, message.data)


asyncio.run(main())
"""
RECEIVED = "{'load': 0.42, 'raw': b'\\x00\\xff'}"


class Way:
    """The folder it is gone in, the checkout's wheels, and the time."""

    def __init__(
        self, session: nox.Session, place: Path, wheels: list[Path]
    ) -> None:
        self.session = session
        self.steps: list[tuple[str, float]] = []
        self.uris = {environments.distribution(w): w.as_uri() for w in wheels}
        constraint = place / "constraint.txt"
        lines = [f"{name} @ {uri}\n" for name, uri in self.uris.items()]
        constraint.write_text("".join(lines))
        # No index is asked for plugwire, and this user's settings not at all.
        own = [key for key in os.environ if key.startswith("PLUGWIRE_")]
        self.env: dict[str, str | None] = {
            **dict.fromkeys(own),
            "PIP_CONSTRAINT": str(constraint),
            "UV_CONSTRAINT": str(constraint),
            "XDG_CONFIG_HOME": str(place),
            "XDG_DATA_HOME": str(place),
            "XDG_RUNTIME_DIR": str(place),
            "CI": None,  # with it a Python that is not here is a failure
        }

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done within."""
        self.session.log(f"{len(self.steps) + 1}. {name}")
        begun = time.monotonic()
        yield
        self.steps.append((name, time.monotonic() - begun))

    def run(self, *words: object) -> str:
        """What a command says, which is shown too."""
        told = map(str, words)
        said = self.session.run(
            *told, env=self.env, silent=True, external=True
        )
        print(said)
        return str(said)

    def install(self, name: str, extra: str, *others: object) -> Path:
        """A fresh environment with core's wheel; the folder of its
        commands."""
        self.run(sys.executable, "-m", "venv", name)
        folder = Path(name).resolve() / "bin"
        # pip takes no extra of what a constraint says the place of.
        core = f"plugwire[{extra}] @ {self.uris['plugwire']}"
        self.run(folder / "pip", "install", "-q", core, *others)
        return folder


def newcomer(session: nox.Session) -> None:
    """All the steps; an index would have plugwire's wheels already."""
    wheels = environments.build_wheels(session)
    # Its path is short, for the sockets of what is tested in it.
    with tempfile.TemporaryDirectory(prefix="pw-") as name:
        way = Way(session, Path(name), wheels)
        with session.chdir(name):
            _use(way, _write(way))
    total = sum(seconds for _, seconds in way.steps)
    for step, seconds in (*way.steps, ("all of the way", total)):
        session.log(f"{seconds:6.1f} s  {step}")
    if total > SECONDS:
        session.error(f"that was to take {SECONDS:.0f} s at most")


def _write(way: Way) -> Path:
    """The author's part: make it, edit it, prove it, build it. The wheel."""
    with way.step('pip install "plugwire[new]"'):
        commands = way.install("author", "new")
    with way.step("plugwire new codec cbor"):
        way.run(commands / "plugwire", "new", "codec", "cbor")
    project = Path("plugwire-cbor").resolve()
    with way.step("the edits"):
        own_codec.write(project)
    with way.step('pip install "nox[uv]" build'):
        way.run(commands / "pip", "install", "-q", "nox[uv]", "build")
    with way.session.chdir(project):
        with way.step("nox: the conformance kit on each Python, ruff, mypy"):
            way.session.run(str(commands / "nox"), env=way.env, external=True)
        with way.step("python -m build"):
            way.run(commands / "python", "-m", "build")
    [wheel] = project.glob("dist/*.whl")
    return wheel


def _use(way: Way, wheel: Path) -> None:
    """A user's part: install it, look at it, talk over it."""
    with way.step('pip install "plugwire[standard]" and the wheel'):
        commands = way.install("user", "standard", wheel)
    Path("program.py").write_text(PROGRAM)
    with way.step("plugwire plugins, plugwire explain, a message"):
        before = way.run(commands / "python", "program.py")
        Path("plugwire.toml").write_text('[plugwire]\ncodec = "cbor"\n')
        listed = way.run(commands / "plugwire", "plugins")
        told = way.run(commands / "plugwire", "explain", "newcomer")
        after = way.run(commands / "python", "program.py")
    for said, line in (
        (before, f"msgpack {RECEIVED}"),
        (listed, "codec cbor plugwire-cbor 0.1.0 available"),
        (told, "encode codec cbor plugwire-cbor 0.1.0 plugwire.codec"),
        (after, f"cbor {RECEIVED}"),
    ):
        if line not in " ".join(said.split()):
            way.session.error(f"nothing says: {line}")
