"""Fixtures of the scenarios: a world for each face, transport and codec."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
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

HERE = Path(__file__).parent
Make = Callable[[str, str], "World"]
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Heard where this folder is named: `pytest tests/scenarios …`."""
    parser.addoption(
        "--loop",
        choices=("asyncio", "uvloop"),
        default="asyncio",
        help="the event loop of every scenario, its servers and its children",
    )
    for part in ("transport", "codec"):
        parser.addoption(
            f"--{part}", help=f"only the scenarios that have this {part}"
        )


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, LoopFactory]:
    """The loop of `--loop`; all of them for a scenario that asks so."""
    import uvloop

    there: dict[str, LoopFactory] = {
        "asyncio": asyncio.new_event_loop,
        "uvloop": uvloop.new_event_loop,
    }
    if sys.version_info >= (3, 12):
        there["eager"] = _eager
    marker = item.get_closest_marker("asyncio")
    if marker is not None and "loop_factories" in marker.kwargs:
        return there
    name = config.getoption("loop", "asyncio")
    return {name: there[name]}


def _eager() -> asyncio.AbstractEventLoop:
    """A loop that begins its tasks at once, as some programs have it."""
    loop = asyncio.new_event_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    return loop


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Mark, and leave out, before anybody asks for marks."""
    _mark_once([item for item in items if item.path.parent == HERE])
    _leave_out(config, items)


def _mark_once(items: list[pytest.Item]) -> None:
    """Mark what one Python is enough for: of a scenario's worlds all but one
    on each face, which are others for each scenario."""
    alike: dict[tuple[str, str, str], list[pytest.Item]] = {}
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is None or "face" not in callspec.params:
            continue
        others = sorted(
            (name, at)
            for name, at in callspec.indices.items()
            if name not in ("face", "transport", "codec")
        )
        name = item.nodeid.partition("[")[0]
        key = name, str(others), callspec.params["face"]
        alike.setdefault(key, []).append(item)
    for (name, others, face), ways in alike.items():
        turn = zlib.crc32(f"{name} {others}".encode())
        chosen = (turn + 3 * (face == "threads")) % len(ways)
        for at, item in enumerate(ways):
            if at != chosen:
                item.add_marker("once")


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what `--transport` and `--codec` do not name, and what has
    no choice of them."""
    for part in ("transport", "codec"):
        if (chosen := config.getoption(part, None)) is None:
            continue
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for item in items:
            callspec = getattr(item, "callspec", None)
            own = callspec.params if callspec is not None else {}
            found = own.get(part)
            if part == "transport" and found is None:
                found = own.get("socket_world")
            (kept if found == chosen else dropped).append(item)
        items[:] = kept
        config.hook.pytest_deselected(items=dropped)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The transports and codecs of a scenario that does not say its own."""
    worlds = sys.modules["worlds"]
    said: set[str] = set()
    for marker in metafunc.definition.iter_markers("parametrize"):
        names = marker.args[0]
        said.update(names.split(",") if isinstance(names, str) else names)
    open_ = {"transport", "codec"}.intersection(metafunc.fixturenames) - said
    if open_ == {"transport", "codec"}:
        option = metafunc.config.getoption
        asked = option("transport", None), option("codec", None)
        ways = (asked,) if all(asked) else worlds.WAYS
        metafunc.parametrize(("transport", "codec"), ways)
    elif "transport" in open_:
        metafunc.parametrize("transport", worlds.TRANSPORTS)
    elif "codec" in open_:
        metafunc.parametrize("codec", worlds.CODECS)


@pytest.fixture(scope="session", autouse=True)
def libuv() -> None:
    """From a process's first loop of uvloop on, it keeps a pipe for signals:
    what counts descriptors is not to meet it half-way."""
    import uvloop

    uvloop.new_event_loop().close()


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


@pytest.fixture(params=sys.modules["worlds"].FACES)
def face(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(
    face: str, folder: Path, request: pytest.FixtureRequest
) -> Iterator[Make]:
    """Makes worlds; at the end no call of theirs is blocked any more."""
    worlds, threads = sys.modules["worlds"], sys.modules["threads"]
    loop = request.config.getoption("loop", "asyncio")
    yield lambda transport, codec: worlds.World(
        face, transport, codec, folder / "run", loop
    )
    threads.all_ended(worlds.DEADLINE)


@pytest.fixture
def world(make: Make, transport: str, codec: str) -> World:
    """Every face with every transport and every codec, see `worlds.WAYS`."""
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
