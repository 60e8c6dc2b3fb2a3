"""The order of sys.path, of installing and of a folder's listing: a hundred
of each, and one result."""

from __future__ import annotations

import importlib
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from plugwire import ConfigurationError, PluginError, load_settings, plugins
from plugwire.compose import compose_client, compose_server

SHUFFLES = 100
MODULE = """
from plugwire import hookimpl

class Coder:
    format, lines = "acme", True
    def encode(self, message): return b""
    def frame(self, bodies): return b""
    def feed(self, data): return []

class Acme:
    @hookimpl
    def encode(self): return Coder()
    @hookimpl
    def decode(self): return Coder

class Loud:
    @hookimpl
    def wrap(self, layers): return layers

class Soft(Loud):
    pass
"""


class Dist(NamedTuple):
    """A distribution to install, in one of the folders."""

    name: str
    version: str
    points: str
    requires: str = ""
    folder: int = -1  # any


DISTS = (
    Dist("acme-codec", "1.0", "[plugwire.codecs]\nacme = shuffled:Acme\n"),
    Dist("acme-one", "1.0", "[plugwire.codecs]\ntwo = shuffled:Acme\n"),
    Dist("acme-two", "1.0", "[plugwire.codecs]\ntwo = shuffled:Acme\n"),
    Dist("Acme.Three", "1.0", "[plugwire.codecs]\ntwo = shuffled:Acme\n"),
    Dist("acme-loud", "1.0", "[plugwire.extensions]\nloud = shuffled:Loud\n"),
    Dist("acme-soft", "1.0", "[plugwire.extensions]\nsoft = shuffled:Soft\n"),
    Dist(
        "acme-old",
        "1.0",
        "[plugwire.codecs]\nold = shuffled:Acme\n",
        "Requires-Dist: plugwire>=9\n",
    ),
    Dist("acme-odd", "1.0", "[plugwire.queues]\nO-dd = shuffled:Acme\n"),
    Dist("acme-out", "1.0", "[plugwire.queues]\nout = shuffled:Acme\n"),
    # Two versions in one folder, as an upgrade leaves them that was cut off.
    Dist("left-over", "1.0", "[plugwire.queues]\nold_way = a:A\n", folder=0),
    Dist("left-over", "2.0", "[plugwire.queues]\nnew_way = a:A\n", folder=0),
    Dist("Left_Over", "1.5", "[plugwire.queues]\nodd_way = a:A\n", folder=0),
)
FOLDERS = 3


def install(place: Path, dists: Sequence[Dist], die: random.Random) -> None:
    for dist in dists:
        at = dist.folder if dist.folder >= 0 else die.randrange(FOLDERS)
        stem = dist.name.replace("-", "_")
        info = place / str(at) / f"{stem}-{dist.version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Name: {dist.name}\nVersion: {dist.version}\n{dist.requires}"
        )
        (info / "entry_points.txt").write_text(dist.points)


def refusals(settings: Any) -> list[str]:
    with pytest.raises((ConfigurationError, PluginError)) as caught:
        compose_server("load", settings)
    return [str(problem) for problem in caught.value.problems]


def outcome() -> tuple[object, ...]:
    """All that the environment decides."""
    right = load_settings(
        {
            "codec": "acme",
            "extensions": ["soft", "loud"],
            "listen": {
                "a": {"extensions": ["loud", "soft"]},
                "b": {"codec": "two@acme-two"},
            },
        }
    )
    server = compose_server("load", right)
    client = compose_client(
        "load",
        right,
        door="a",
        endpoint="load",
        transport="unix",
        codec="acme",
    )
    wrong = load_settings({"codec": "two", "queue": "out"})
    missing = load_settings({"codec": "acmee"})
    return (
        plugins.installed(),
        [(door.door, door.answers) for door in server.doors],
        server.answers,
        client.answers,
        refusals(wrong),
        refusals(missing),
    )


@pytest.fixture
def shuffled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], tuple[object, ...]]]:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "shuffled.py").write_text(MODULE)
    usual = [*sys.path, str(modules)]
    monkeypatch.setenv("PLUGWIRE_DISABLE", "out")
    listed = os.listdir

    def shuffle(seed: int) -> tuple[object, ...]:
        die = random.Random(seed)
        place = tmp_path / f"sites{seed}"
        install(place, die.sample(DISTS, len(DISTS)), die)
        path = [*usual, *(str(place / str(n)) for n in range(FOLDERS))]
        die.shuffle(path)

        def listing(*args: Any) -> list[str]:
            return die.sample(found := listed(*args), len(found))

        # A file system gives names in whatever order it likes.
        monkeypatch.setattr(os, "listdir", listing)
        monkeypatch.setattr(sys, "path", path)
        importlib.invalidate_caches()
        plugins.rescan()
        try:
            return outcome()
        finally:
            monkeypatch.setattr(os, "listdir", listed)

    yield shuffle
    monkeypatch.undo()
    sys.modules.pop("shuffled", None)
    plugins.rescan()


def test_a_hundred_orders_give_one_result(
    shuffled: Callable[[int], tuple[object, ...]],
) -> None:
    first = shuffled(0)
    states = {
        (f.name, f.distribution): f.state
        for f in plugins.installed()
        if f.value.startswith("shuffled:")
    }
    assert states == {
        ("acme", "acme-codec"): "available",
        ("two", "Acme.Three"): "doubled",
        ("two", "acme-one"): "doubled",
        ("two", "acme-two"): "doubled",
        ("loud", "acme-loud"): "available",
        ("soft", "acme-soft"): "available",
        ("old", "acme-old"): "incompatible",
        ("O-dd", "acme-odd"): "badly named",
        ("out", "acme-out"): "blocked",
    }
    for seed in range(1, SHUFFLES):
        assert shuffled(seed) == first, f"seed {seed}"
