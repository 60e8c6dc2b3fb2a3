"""Settings: doors, folders, origins, and what the import costs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from plugwire.errors import ValidationFailed
from plugwire.settings import DOOR_KEYS, Lag, Settings, merged, where

SECTIONS = {
    "tcp": {"host": "h", "port": 1},
}


def test_without_listen_one_door_takes_the_top_level() -> None:
    (door,) = Settings(transport="tcp", sections=SECTIONS).doors("cpu")
    assert (door.name, door.endpoint) == ("main", "cpu")
    assert door.transport == "tcp"
    assert door.sections == SECTIONS


def test_doors_are_in_written_order_and_laid_over_the_top() -> None:
    settings = Settings(
        codec="msgpack",
        permissions=("peer",),
        sections=SECTIONS,
        listen={
            "readers": {"codec": "json", "plain": True},
            "afar": {
                "transport": "tcp",
                "permissions": ("token", "rules"),
                "lag": Lag.KEEP_LATEST,
                "max_connections": 3,
                "tcp": {"port": 2},
                "rules": {"allow": []},
            },
        },
    )
    readers, afar = settings.doors("cpu")
    assert (readers.name, readers.endpoint) == ("readers", "cpu")
    assert (readers.codec, readers.plain) == ("json", True)
    assert readers.permissions == ("peer",)
    assert (afar.name, afar.endpoint) == ("afar", "cpu.afar")
    assert (afar.codec, afar.permissions) == ("msgpack", ("token", "rules"))
    assert (afar.lag, afar.max_connections) == (Lag.KEEP_LATEST, 3)
    assert afar.sections == {
        "tcp": {"host": "h", "port": 2},
        "rules": {"allow": []},
    }
    assert readers.sections == SECTIONS
    assert settings.door("cpu", "afar") == afar


@pytest.mark.parametrize(
    ("name", "endpoint"), [("main", "cpu"), ("other", "cpu.other")]
)
def test_a_client_may_name_a_door_that_is_not_configured(
    name: str, endpoint: str
) -> None:
    settings = Settings(listen={"a": {"codec": "json"}})
    door = settings.door("cpu", name)
    assert (door.name, door.endpoint) == (name, endpoint)
    assert door.codec == "msgpack"


def test_a_door_name_follows_the_event_name_rule() -> None:
    with pytest.raises(ValidationFailed, match=r"it holds '\.', '/'"):
        Settings().door("cpu", "../x")


def test_a_door_sets_what_the_contract_says() -> None:
    assert DOOR_KEYS == (
        "transport",
        "codec",
        "permissions",
        "extensions",
        "lag",
        "max_connections",
        "plain",
    )
    assert set(DOOR_KEYS) < {f.name for f in fields(Settings)}


def test_a1_the_folder_is_configurable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    assert Settings(socket_dir=Path("/tmp/x")).folder() == Path("/tmp/x")
    assert Settings(socket_dir=Path("~/x")).folder() == tmp_path / "x"


def test_a1_the_folder_without_configuration_is_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from plugwire.rundir import default_socket_dir

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert Settings().folder() == default_socket_dir()


def test_merging_changes_neither_side() -> None:
    low = {"a": {"x": 1, "y": [1]}, "b": 1}
    high = {"a": {"y": [2]}, "b": {"z": 1}}
    assert merged(low, high) == {"a": {"x": 1, "y": [2]}, "b": {"z": 1}}
    assert low == {"a": {"x": 1, "y": [1]}, "b": 1}
    assert high == {"a": {"y": [2]}, "b": {"z": 1}}


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("plugwire.codec", ("plugwire.codec", "f:2")),
        ("plugwire.lag", ("plugwire.lag", "default")),
        ("plugwire.listen.a.codec", ("plugwire.listen.a.codec", "f:9")),
        ("plugwire.listen.a.tcp.port", ("plugwire.tcp.port", "f:5")),
        ("plugwire.listen.a.tcp.x", ("plugwire.listen.a.tcp.x", "f:8")),
        ("plugwire.tcp.deep.x", ("plugwire.tcp.deep.x", "f:4")),
    ],
)
def test_an_origin_is_the_keys_own_or_that_of_what_holds_it(
    key: str, told: tuple[str, str]
) -> None:
    origins = {
        "plugwire.codec": "f:2",
        "plugwire.tcp": "f:4",
        "plugwire.tcp.port": "f:5",
        "plugwire.listen.a": "f:8",
        "plugwire.listen.a.codec": "f:9",
    }
    assert where(origins, key) == told


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("--timeout", "--timeout"),
        ("--set", "default_timeout"),
        ("call", "default_timeout"),
        ("f:3", "default_timeout"),
        (None, "default_timeout"),
    ],
)
def test_a_key_is_said_as_who_set_it_calls_it(
    origin: str | None, said: str
) -> None:
    key = "plugwire.default_timeout"
    settings = Settings(origins={key: origin} if origin else {})
    assert settings.said("default_timeout") == said


def test_importing_settings_imports_no_reader_and_no_validator() -> None:
    code = (
        "import sys, plugwire.settings; "
        "print({'pydantic', 'dynaconf', 'msgspec', 'pluggy', 'asyncio', "
        "'importlib_metadata'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


# ------------------------------------------------------ docs/configuration.md

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"


def documented() -> dict[str, object]:
    """Key -> default, as the tables with a column for it have them."""
    found: dict[str, object] = {}
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or not cells[0].startswith("`"):
            continue
        default = cells[2].strip("`")
        key = cells[0].strip("`")
        assert key not in found
        found[key] = (
            None
            if default == "not set"
            else tomllib.loads(f"v={default}")["v"]
        )
    return found


def as_toml(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, Mapping) and not value else value


def test_b15_the_reference_has_every_key_and_its_default() -> None:
    core = {
        f.name: as_toml(getattr(Settings(), f.name))
        for f in fields(Settings)
        if f.name not in ("sections", "origins")
    }
    told = {k: v for k, v in documented().items() if "." not in k}
    assert told == core
    assert list(told) == list(core)


def test_b15_the_reference_has_the_keys_of_first_party_plugins() -> None:
    plugins = {}
    for name in (
        "unix", "tcp", "fifo", "history", "peer", "token", "rules",
        "compress", "metrics",
    ):  # fmt: skip
        (point,) = (
            p
            for p in entry_points(name=name)
            if p.group.startswith("plugwire.")
        )
        made = point.load().Settings()
        for f in fields(made):
            plugins[f"{name}.{f.name}"] = as_toml(getattr(made, f.name))
    told = {k: v for k, v in documented().items() if "." in k}
    assert told == plugins


def test_the_reference_marks_what_a_door_may_set() -> None:
    marked = [
        line.split("`")[1]
        for line in DOCS.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
        and "Door." in line.replace("Door |", "Door.")
    ]
    assert sorted(marked) == sorted(DOOR_KEYS)
