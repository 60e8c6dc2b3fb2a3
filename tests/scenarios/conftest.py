"""Fixtures of the scenarios: a world for each face, transport and codec."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Scenarios import these from this folder, which is no package.
for _name in ("threads", "worlds"):
    if _name not in sys.modules:
        _spec = importlib.util.spec_from_file_location(
            _name, Path(__file__).with_name(f"{_name}.py")
        )
        assert _spec is not None
        assert _spec.loader is not None
        sys.modules[_name] = importlib.util.module_from_spec(_spec)
        _spec.loader.exec_module(sys.modules[_name])

if TYPE_CHECKING:
    from worlds import World

Make = Callable[[str, str], "World"]

FACES = ("asyncio", "threads")
TRANSPORTS = ("unix", "tcp", "memory")
CODECS = ("msgpack", "json")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty place with a short path, since a socket's may have 108 bytes
    in all; nothing else of this machine's configuration is seen."""
    place = Path(tempfile.mkdtemp(prefix="pw-"))
    for name in tuple(os.environ):
        if name.startswith("PLUGWIRE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place))
    monkeypatch.chdir(place)
    yield place
    shutil.rmtree(place)


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=CODECS)
def codec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(face: str, folder: Path) -> Iterator[Make]:
    """Makes worlds; at the end no call of theirs is blocked any more."""
    worlds, threads = sys.modules["worlds"], sys.modules["threads"]
    yield lambda transport, codec: worlds.World(
        face, transport, codec, folder / "run"
    )
    threads.all_ended(worlds.DEADLINE)


@pytest.fixture
def world(make: Make, transport: str, codec: str) -> World:
    """Every face with every transport and every codec."""
    return make(transport, codec)


@pytest.fixture(params=("unix", "tcp"))
def socket_world(
    request: pytest.FixtureRequest, make: Make, codec: str
) -> World:
    """The transports that other processes reach."""
    return make(request.param, codec)


@pytest.fixture
def unix_world(make: Make) -> World:
    """One is enough: the defaults."""
    return make("unix", "msgpack")
