from __future__ import annotations

import os
import socket
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from plugwire import ConfigurationError, PluginError
from plugwire_unix import Unix
from plugwire_unix.transport import MAX_PATH_BYTES


def test_d2_entry_point_is_the_plugin() -> None:
    (found,) = entry_points(group="plugwire.transports", name="unix")
    assert found.load() is Unix
    assert Unix.default_permissions == ("peer",)


def test_a1_path_is_the_endpoint_in_the_folder(tmp_path: Path) -> None:
    plugin = Unix()
    for made in (
        plugin.bind("event.door", tmp_path),
        plugin.connect("event.door", tmp_path),
    ):
        assert made.address == str(tmp_path / "event.door.sock")
    assert plugin.bind("event", tmp_path).shared
    assert list(tmp_path.iterdir()) == []


def test_relative_folder_survives_a_change_of_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    listener = Unix().bind("event", Path("run"))
    monkeypatch.chdir("/")
    assert listener.address == str(tmp_path / "run" / "event.sock")
    assert Unix().connect("event", Path("run")).address == "/run/event.sock"


def _folder(size: int, letter: str) -> Path:
    """A folder whose socket's path has `size` bytes."""
    left = size - len("//event.sock")
    count, rest = divmod(left, len(os.fsencode(letter)))
    return Path("/" + letter * count + "x" * rest)


@pytest.mark.parametrize("letter", ["a", "ä", "字"])
def test_f4_longest_path_fits(letter: str) -> None:
    folder = _folder(MAX_PATH_BYTES, letter)
    address = Unix().bind("event", folder).address
    assert len(os.fsencode(address)) == MAX_PATH_BYTES


@pytest.mark.parametrize("letter", ["a", "ä", "字"])
def test_f4_longer_path_is_refused_with_the_mend(letter: str) -> None:
    folder = _folder(MAX_PATH_BYTES + 1, letter)
    for make in (Unix().bind, Unix().connect):
        with pytest.raises(ConfigurationError) as caught:
            make("event", folder)
        (problem,) = caught.value.problems
        assert problem.key == "plugwire.socket_dir"
        assert f"{MAX_PATH_BYTES + 1} bytes" in problem.found
        assert "shorter socket_dir" in problem.mend


def test_f4_limit_is_the_kernels(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        with pytest.raises(OSError, match="too long"):
            sock.bind("/" * (MAX_PATH_BYTES + 2))
        name = tmp_path / ("x" * (MAX_PATH_BYTES - len(f"{tmp_path}/")))
        sock.bind(str(name))
        assert name.is_socket()


def test_f5_nul_in_the_path_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no NUL"):
        Unix().bind("event", Path("/tmp/a\0b"))


def test_system_without_unix_sockets_refuses_with_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(PluginError, match="transport tcp") as caught:
        Unix()
    assert caught.value.name == "unix"
