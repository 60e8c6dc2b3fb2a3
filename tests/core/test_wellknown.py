"""Settings that were found right, and asked for again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugwire import wellknown
from plugwire.errors import ConfigurationError
from plugwire.loading import gather, load_settings
from plugwire.settings import EnvText


def test_the_same_values_are_the_same_settings(tmp_path: Path) -> None:
    table = {"socket_dir": tmp_path, "codec": "json", "buffer_size": 7}
    first = load_settings(dict(table), default_timeout=1)
    again = load_settings(dict(table), default_timeout=1)
    assert again is first
    assert (again.buffer_size, again.default_timeout) == (7, 1.0)


def test_the_same_from_elsewhere_are_others() -> None:
    called = load_settings({}, buffer_size=7)
    written = load_settings({"buffer_size": 7})
    assert called is not written
    assert called.origins == {"plugwire.buffer_size": "call"}
    assert written.origins == {"plugwire.buffer_size": "settings"}


def test_what_is_equal_but_of_another_type_is_looked_at() -> None:
    assert load_settings({"max_connections": 1}).max_connections == 1
    for wrong in (True, 1.0, EnvText("1.5")):
        with pytest.raises(ConfigurationError, match="max_connections"):
            load_settings({"max_connections": wrong})


def test_what_is_wrong_is_told_each_time() -> None:
    for _ in range(3):
        settings, problems = gather({"max_connections": -1}, {})
        assert [p.key for p in problems] == ["plugwire.max_connections"]
        assert settings.max_connections == 10


def test_the_environment_and_the_file_are_read_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.toml"
    for number in (3, 4):
        file.write_text(f"[plugwire]\nbuffer_size = {number}\n")
        assert load_settings(file).buffer_size == number
    for text in ("5", "6"):
        monkeypatch.setenv("PLUGWIRE_BUFFER_SIZE", text)
        assert load_settings(file).buffer_size == int(text)


@pytest.mark.parametrize(
    "table",
    [
        {"permissions": ["anyone"]},
        {"unix": {"socket_permissions": "0660"}},
        {"codec": object()},
        {"socket_dir": "~/run"},
        {"socket_dir": Path("~nobody/run")},
    ],
    ids=["a list", "a table", "an instance", "a home", "a path to one"],
)
def test_what_more_than_the_value_decides_is_not_remembered(
    table: dict[str, Any],
) -> None:
    assert wellknown.key(table, {}) is None
