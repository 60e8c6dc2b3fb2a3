"""Fixtures of the scenarios: a world for each transport and codec."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Scenarios import `worlds` from this folder, which is no package.
_spec = importlib.util.spec_from_file_location(
    "worlds", Path(__file__).with_name("worlds.py")
)
assert _spec is not None
assert _spec.loader is not None
if "worlds" not in sys.modules:
    sys.modules["worlds"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["worlds"])

if TYPE_CHECKING:
    from worlds import World

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


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=CODECS)
def codec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(transport: str, codec: str, folder: Path) -> World:
    """Every transport with every codec."""
    return sys.modules["worlds"].World(transport, codec, folder / "run")


@pytest.fixture(params=("unix", "tcp"))
def socket_world(
    request: pytest.FixtureRequest, codec: str, folder: Path
) -> World:
    """The transports that other processes reach."""
    return sys.modules["worlds"].World(request.param, codec, folder / "run")


@pytest.fixture
def unix_world(folder: Path) -> World:
    """One is enough: the defaults."""
    return sys.modules["worlds"].World("unix", "msgpack", folder / "run")
