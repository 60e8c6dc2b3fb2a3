"""Fixtures of the core's tests."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from plugwire import plugins

Install = Callable[..., Path]

# Test modules import `toys` from this folder, which is no package.
_spec = importlib.util.spec_from_file_location(
    "toys", Path(__file__).with_name("toys.py")
)
assert _spec is not None
assert _spec.loader is not None
sys.modules["toys"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sys.modules["toys"])


@pytest.fixture
def install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Install]:
    """Puts a distribution on sys.path: dist-info, and modules by name.

    Each has a folder of its own, which is returned.
    """
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def put(
        name: str,
        groups: Mapping[str, Mapping[str, str]],
        *,
        modules: Mapping[str, str] | None = None,
        requires: Sequence[str] = (),
        version: str = "1.0",
    ) -> Path:
        folder = tmp_path / f"site{len(list(tmp_path.iterdir()))}"
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = [f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {text}" for text in requires]
        metadata = "\n".join(["Metadata-Version: 2.1", *lines, ""])
        (info / "METADATA").write_text(metadata)
        points = []
        for group, entries in groups.items():
            points.append(f"[{group}]")
            points += [f"{key} = {value}" for key, value in entries.items()]
        (info / "entry_points.txt").write_text("\n".join([*points, ""]))
        for module, source in (modules or {}).items():
            (folder / f"{module}.py").write_text(source)
        sys.path.append(str(folder))
        plugins.rescan()
        return folder

    plugins.rescan()
    yield put
    monkeypatch.undo()
    for module in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[module], "__file__", "")):
            del sys.modules[module]
    plugins.rescan()


ACME = """
from dataclasses import dataclass, field
from plugwire import hookimpl

@dataclass(frozen=True, kw_only=True)
class AcmeSettings:
    level: int = 1
    tags: list[str] = field(default_factory=list)

class Coder:
    format = "acme"
    lines = True
    def __init__(self, settings): self.settings = settings
    def encode(self, message): return b""
    def frame(self, bodies): return b""

class Reader:
    def feed(self, data): return []

class Acme:
    Settings = AcmeSettings
    def __init__(self, settings): self.settings = settings
    @hookimpl
    def encode(self): return Coder(self.settings)
    @hookimpl
    def decode(self): return Reader

class Bare:
    @hookimpl
    def encode(self): return Coder(None)
    @hookimpl
    def decode(self): return Reader

class Odd(Bare):
    Settings = dict

class Picky(Bare):
    def __init__(self): raise ValueError("not today")

class Strict(Bare):
    def __init__(self):
        from plugwire import ConfigurationError, Problem
        raise ConfigurationError([Problem("plugwire.strict", "x", "more")])
"""


@pytest.fixture
def acme(install: Install) -> None:
    """Codecs of somebody else, installed."""
    install(
        "acme-codec",
        {
            "plugwire.codecs": {
                "acme": "acme_mod:Acme",
                "bare": "acme_mod:Bare",
                "odd": "acme_mod:Odd",
                "picky": "acme_mod:Picky",
                "poison": "poison_mod:Acme",
                "strict": "acme_mod:Strict",
            }
        },
        modules={"acme_mod": ACME, "poison_mod": "raise SystemExit(3)"},
    )
