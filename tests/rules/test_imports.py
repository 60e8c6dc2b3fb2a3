"""Imports go one way, and each library has its one room.

The rules are those of the architecture: they are read off the sources'
syntax trees, so an import inside a function or under `TYPE_CHECKING` counts
like any other.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core/src/plugwire"
PLUGINS = sorted((ROOT / "plugins").glob("*/src/*"))

LAYERS = (
    {"errors", "message"},
    {"interfaces"},
    {"hookspecs"},
    {"plugins"},
    {"compose"},
    {"aio", "sync"},
    {"cli"},
)
PURE = {
    "backoff",
    "buffer",
    "cancellation",
    "errors",
    "fanout",
    "framed",
    "framing",
    "handshake",
    "message",
    "outbox",
    "protocol",
    "registry",
    "rights",
    "values",
}
IMPURE = {"asyncio", "selectors", "socket", "threading"}
ROOMS = {
    "pluggy": {"hookspecs", "compose"},
    "importlib_metadata": {"distributions"},
    "importlib.metadata": {"distributions"},
    "dynaconf": {"reading"},
    "pydantic": {"validation", "cli"},
    "pydantic_core": {"validation", "cli"},
    "copier": {"cli"},
    "rich": {"cli"},
    "textual": {"cli"},
}
FIRST_PARTY = {
    "anyone",
    "compress",
    "fifo",
    "history",
    "json",
    "memory",
    "metrics",
    "msgpack",
    "msgspec",
    "peer",
    "rules",
    "tcp",
    "token",
    "unix",
}
Sources = dict[str, ast.Module]
SPOKEN = {"settings", "plugins"}  # the defaults, and the install hints


def imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Each import of a module: (module, name), name empty for `import x`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide where they lead"
            for alias in node.names:
                yield node.module or "", alias.name


def faces(face: ast.AST) -> dict[str, str]:
    """Where each public name of the package really lives."""
    return {
        name: module
        for module, name in imported(face)
        if module.startswith("plugwire.")
    }


def targets(tree: ast.AST, home: Mapping[str, str]) -> set[str]:
    """The core modules that a source leads to, without the `plugwire.`."""
    found = set()
    for module, name in imported(tree):
        if module == "plugwire" and name:
            module = home.get(name, f"plugwire.{name}")
        if module.startswith("plugwire."):
            found.add(module.removeprefix("plugwire."))
    return found


def room(module: str) -> str:
    """`aio.server` is in the room `aio`."""
    return module.partition(".")[0]


def rank(module: str) -> int | None:
    """How high a module stands, or None for one without a place."""
    for height, layer in enumerate(LAYERS):
        if room(module) in layer:
            return height
    return None


def wrong_ways(graph: Mapping[str, set[str]]) -> list[str]:
    """Every way up: from a module, by any road, to a higher layer."""
    wrong = []
    for start in sorted(graph):
        height = rank(start)
        if height is None:
            continue
        seen, roads = {start}, [(start, [start])]
        while roads:
            here, road = roads.pop()
            for there in sorted(graph.get(here, ())):
                if there in seen:
                    continue
                seen.add(there)
                peak = rank(there)
                if peak is not None and peak > height:
                    wrong.append(" -> ".join([*road, there]))
                else:
                    roads.append((there, [*road, there]))
    return wrong


def strays(module: str, tree: ast.AST) -> list[str]:
    """Libraries imported outside their rooms."""
    found = []
    for library, _ in imported(tree):
        for owned, rooms in ROOMS.items():
            inside = library == owned or library.startswith(f"{owned}.")
            if inside and room(module) not in rooms:
                found.append(f"{module} imports {library}")
        if room(library) in IMPURE and module in PURE:
            found.append(f"{module} imports {library}")
        if library.startswith("plugwire_"):
            found.append(f"{module} imports {library}")
    return found


def trespasses(package: str, tree: ast.AST) -> list[str]:
    """What a plugin must not import."""
    found = []
    for module, name in imported(tree):
        whole = f"{module}.{name}".strip(".")
        top = room(module)
        other = top.startswith("plugwire_") and top != package
        private = top == "plugwire" and any(
            part.startswith("_") and part != "__version__"
            for part in whole.split(".")
        )
        if other or private:
            found.append(whole)
    return found


def named_plugins(tree: ast.AST) -> list[str]:
    """First-party plugins that a comparison or a `case` names."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides: list[ast.expr] = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            sides = [node.value]
        else:
            continue
        for side in sides:
            items = (
                side.elts
                if isinstance(side, ast.Tuple | ast.List | ast.Set)
                else [side]
            )
            found += [
                f"line {node.lineno}: {item.value!r}"
                for item in items
                if isinstance(item, ast.Constant) and item.value in FIRST_PARTY
            ]
    return found


def name_of(path: Path) -> str:
    parts = path.relative_to(CORE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@pytest.fixture(scope="module")
def core() -> Sources:
    """Every core module but the face, with its syntax tree."""
    sources = {
        name_of(path): ast.parse(path.read_text("utf-8"))
        for path in sorted(CORE.rglob("*.py"))
    }
    del sources[""]
    return sources


@pytest.fixture(scope="module")
def home() -> dict[str, str]:
    return faces(ast.parse((CORE / "__init__.py").read_text("utf-8")))


def test_core_imports_go_one_way(core: Sources, home: dict[str, str]) -> None:
    graph = {name: targets(tree, home) for name, tree in core.items()}
    assert wrong_ways(graph) == []


def test_libraries_stay_in_their_rooms(core: Sources) -> None:
    assert [s for name, tree in core.items() for s in strays(name, tree)] == []


@pytest.mark.parametrize(
    ("library", "where"),
    [
        ("pluggy", "core/src/plugwire/compose.py"),
        ("importlib_metadata", "core/src/plugwire/distributions.py"),
        ("dynaconf", "core/src/plugwire/reading.py"),
        ("pydantic", "core/src/plugwire/validation.py"),
        ("msgpack", "plugins/msgpack/src/plugwire_msgpack/encoder.py"),
        ("msgpack", "plugins/msgpack/src/plugwire_msgpack/decoder.py"),
        ("pytest", "core/src/plugwire/testing/fixtures.py"),
    ],
)
def test_d6_each_library_does_its_work(library: str, where: str) -> None:
    """The work that a library is made for is in its hands, and where it is
    used at run time its distribution is required."""
    path = ROOT / where
    tree = ast.parse(path.read_text("utf-8"))
    assert library in {room(module) for module, _ in imported(tree)}
    if library != "pytest":  # whoever has fixtures has it
        home = ROOT / where.partition("/src/")[0]
        project = tomllib.loads((home / "pyproject.toml").read_text("utf-8"))
        needs = " ".join(project["project"]["dependencies"])
        assert library.replace("_", "-") in needs


def test_core_compares_with_no_plugin_name(core: Sources) -> None:
    named = {
        name: named_plugins(tree)
        for name, tree in core.items()
        if name not in SPOKEN
    }
    assert {name: found for name, found in named.items() if found} == {}


@pytest.mark.parametrize("package", PLUGINS, ids=lambda path: path.name)
def test_plugins_import_the_public_face_only(package: Path) -> None:
    found = {
        path.name: trespasses(package.name, ast.parse(path.read_text("utf-8")))
        for path in sorted(package.rglob("*.py"))
    }
    assert {name: names for name, names in found.items() if names} == {}


# The rules themselves, on made-up sources.

FACE = "if TYPE_CHECKING:\n    from plugwire.aio.server import Server\n"


def graph_of(**sources: str) -> dict[str, set[str]]:
    home = faces(ast.parse(FACE))
    return {
        name: targets(ast.parse(source), home)
        for name, source in sources.items()
    }


@pytest.mark.parametrize(
    ("sources", "wrong"),
    [
        ({"errors": "import plugwire.message"}, []),
        ({"compose": "from plugwire.errors import PluginError"}, []),
        (
            {"message": "from plugwire.interfaces import Peer"},
            ["message -> interfaces"],
        ),
        ({"plugins": "from plugwire import cli"}, ["plugins -> cli"]),
        (
            {"hookspecs": "def f():\n    from plugwire import Server\n"},
            ["hookspecs -> aio.server"],
        ),
        (
            {"interfaces": "import plugwire.x", "x": "import plugwire.sync.a"},
            ["interfaces -> x -> sync.a"],
        ),
    ],
)
def test_rule_finds_wrong_ways(
    sources: dict[str, str], wrong: list[str]
) -> None:
    assert wrong_ways(graph_of(**sources)) == wrong


@pytest.mark.parametrize(
    ("module", "source", "right"),
    [
        ("hookspecs", "import pluggy", True),
        ("aio.server", "import pluggy", False),
        ("distributions", "from importlib_metadata import requires", True),
        ("compose", "import importlib.metadata", False),
        ("compose", "from importlib import import_module", True),
        ("settings", "import pydantic", False),
        ("cli.schema", "import pydantic", True),
        ("reading", "from dynaconf.loaders import toml_loader", True),
        ("protocol", "import asyncio", False),
        ("framing", "from socket import socket", False),
        ("aio.server", "import asyncio", True),
        ("cli.serve", "import plugwire_tcp", False),
    ],
)
def test_rule_finds_strays(module: str, source: str, right: bool) -> None:
    assert (strays(module, ast.parse(source)) == []) is right


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("from plugwire import hookimpl, __version__", True),
        ("from plugwire.interfaces import Peer", True),
        ("from plugwire_tcp.ports import first_free", True),
        ("from plugwire_unix import Unix", False),
        ("import plugwire_unix.lock", False),
        ("from plugwire.sockets import _probe", False),
        ("import plugwire._private", False),
    ],
)
def test_rule_finds_trespasses(source: str, right: bool) -> None:
    assert (trespasses("plugwire_tcp", ast.parse(source)) == []) is right


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("if transport == 'tcp': pass", False),
        ("if 'unix' != transport: pass", False),
        ("if codec in ('json', 'cbor'): pass", False),
        ("match codec:\n    case 'msgpack': pass\n", False),
        ("transport = 'unix'", True),
        ("if codec == other.codec: pass", True),
    ],
)
def test_rule_finds_named_plugins(source: str, right: bool) -> None:
    assert (named_plugins(ast.parse(source)) == []) is right


def test_relative_imports_are_refused() -> None:
    with pytest.raises(AssertionError, match="relative"):
        list(imported(ast.parse("from . import errors")))
