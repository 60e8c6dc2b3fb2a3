"""The schema in the hands of an editor: taplo, which is behind those of
VS Code and others, checks files by it."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plugwire.cli import main

ROOT = Path(__file__).parents[3]
SECONDS = 40.0
TAPLO = Path(sysconfig.get_path("scripts")) / (
    "taplo.exe" if sys.platform == "win32" else "taplo"
)
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.DOTALL | re.MULTILINE)

pytestmark = pytest.mark.skipif(
    platform.machine() == "aarch64", reason="taplo has no wheel for it"
)


@pytest.fixture
def schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """What `plugwire config schema --installed` prints, in a file."""
    assert main(["config", "schema", "--installed"]) == 0
    path = tmp_path / "schema.json"
    path.write_text(capsys.readouterr().out)
    return path


@pytest.fixture
def lint(
    schema: Path, tmp_path: Path
) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs taplo over a file, which names the schema as editors want it."""

    def run(text: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "plugwire.toml"
        path.write_text(f"#:schema {schema.as_uri()}\n{text}")
        return subprocess.run(
            [TAPLO, "lint", "--no-auto-config", str(path)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    return run


def documented() -> Iterator[tuple[str, str]]:
    """The settings files of the documentation: of its pages, where every
    block that is no other tool's file counts, and of its examples."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for at, text in enumerate(BLOCK.findall(page.read_text("utf-8"))):
            if "plugwire" in tomllib.loads(text):
                yield f"{page.name} {at}", text
    for path in sorted((ROOT / "docs/examples").rglob("*.toml")):
        yield str(path.relative_to(ROOT)), path.read_text("utf-8")


DOCUMENTED = dict(documented())


def test_the_documentation_has_settings_files() -> None:
    assert len(DOCUMENTED) >= 4
    assert any("listen" in text for text in DOCUMENTED.values())


@pytest.mark.parametrize("name", DOCUMENTED)
def test_what_is_documented_is_taken(name: str, lint: Any) -> None:
    done = lint(DOCUMENTED[name])
    assert done.returncode == 0, done.stderr


RIGHT = """
[plugwire]
transport = "tcp"
codec = "json@plugwire-json"
permissions = ["token", "rules"]
lag = "keep_latest"
default_timeout = 5
socket_dir = "~/run"
[plugwire.tcp]
host = "127.0.0.1"
port_range_start = 9050
[plugwire.history]
size = 5
[plugwire.rules]
allow = [{ who = "*", verbs = ["connect", "receive"] }]
[plugwire.listen.main]
plain = false
[plugwire.listen.readers]
codec = "json"
max_connections = 3
unix = { socket_permissions = "0660" }
"""

WRONG = [
    # Keys of the core.
    ('lag = "keep_latest"', 'lagg = "keep_latest"'),
    ("default_timeout = 5", "defualt_timeout = 5"),
    ("default_timeout = 5", 'default_timeout = "5"'),
    ("default_timeout = 5", "default_timeout = -1"),
    ("default_timeout = 5", "default_timeout = 9999999"),
    ("default_timeout = 5", "default_timeout = true"),
    ('lag = "keep_latest"', 'lag = "keep_last"'),
    ('socket_dir = "~/run"', 'socket_dir = "run"'),
    ('socket_dir = "~/run"', "max_connections = 0"),
    ('socket_dir = "~/run"', "max_message_bytes = 16777216"),
    ('socket_dir = "~/run"', "max_connections = 1.5"),
    ('socket_dir = "~/run"', 'blocking_mode = "no"'),
    # Plugins' names.
    ('transport = "tcp"', 'transport = "tpc"'),
    ('transport = "tcp"', 'transport = "json"'),
    ('"json@plugwire-json"', '"jsno"'),
    ('"json@plugwire-json"', '"json@"'),
    ('["token", "rules"]', '"token"'),
    ('["token", "rules"]', "[]"),
    ('["token", "rules"]', '["tokn"]'),
    # Plugins' sections.
    ("[plugwire.tcp]", "[plugwire.tpc]"),
    ("[plugwire.tcp]", "[tcp]"),
    ("port_range_start = 9050", "port_range_strat = 9050"),
    ("port_range_start = 9050", "port_range_start = 0"),
    ("port_range_start = 9050", "port_range_start = 65536"),
    ("port_range_start = 9050", 'port_range_start = "9050"'),
    ('host = "127.0.0.1"', "host = 127"),
    ("size = 5", "sise = 5"),
    ("size = 5", "size = 0"),
    ('who = "*"', 'whom = "*"'),
    ('"connect", "receive"', '"connect", "recieve"'),
    # Doors, and plugins' sections in them.
    ("[plugwire.listen.main]", '[plugwire.listen."main door"]'),
    ("[plugwire.listen.main]", "[plugwire.lisen.main]"),
    ("plain = false", "plian = false"),
    ("plain = false", "timezone = 'UTC'"),
    ('codec = "json"\n', 'codce = "json"\n'),
    ("max_connections = 3", "max_connections = '3'"),
    ('socket_permissions = "0660"', 'socket_permission = "0660"'),
    ('socket_permissions = "0660"', "socket_permissions = 660"),
    ("unix = {", "uinx = {"),
]


def test_what_is_right_is_taken(lint: Any) -> None:
    done = lint(RIGHT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("right", "wrong"), WRONG, ids=lambda text: text[:40])
def test_a_slip_is_refused(right: str, wrong: str, lint: Any) -> None:
    assert RIGHT.count(right) == 1
    text = RIGHT.replace(right, wrong)
    tomllib.loads(text)
    done = lint(text)
    assert done.returncode == 1, done.stderr
    assert re.search(r"^error: .+\n +┌─ .*plugwire\.toml:", done.stderr, re.M)
