"""Faults of the settings."""

from __future__ import annotations

import os

import pytest

ROOT = os.name == "posix" and os.geteuid() == 0


def test_a_file_that_is_right(doctor, tmp_path):
    (tmp_path / "plugwire.toml").write_text('[plugwire]\ncodec = "json"\n')
    assert doctor() == {}


@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_file_that_is_not_there(doctor, tmp_path, monkeypatch, by):
    path = str(tmp_path / "absent.toml")
    args = ["--config", path] if by == "option" else []
    if by == "variable":
        monkeypatch.setenv("PLUGWIRE_SETTINGS", path)
    found = doctor(*args)
    assert found.keys() == {"settings-file"}
    (finding,) = found["settings-file"]
    assert path in finding["subject"]
    assert "No such file" in finding["found"]


@pytest.mark.parametrize("by", ["found", "named"])
def test_a_file_that_others_can_write(doctor, tmp_path, by):
    path = tmp_path / ("plugwire.toml" if by == "found" else "own.toml")
    path.write_text("[plugwire]\n")
    path.chmod(0o666)
    args = ["--config", str(path)] if by == "named" else []
    found = doctor(*args)
    assert found.keys() == {"settings-file-owner"}
    (finding,) = found["settings-file-owner"]
    assert "mode 0666" in finding["found"]
    assert finding["mend"] == f"chmod go-w {path}"


@pytest.mark.skipif(not ROOT, reason="only root can give files away")
@pytest.mark.parametrize("by", ["found", "named"])
def test_a_file_of_somebody_elses(doctor, tmp_path, by):
    path = tmp_path / ("plugwire.toml" if by == "found" else "own.toml")
    path.write_text("[plugwire]\n")
    os.chown(path, 4711, 4711)
    args = ["--config", str(path)] if by == "named" else []
    found = doctor(*args)
    assert found.keys() == {"settings-file-owner"}
    assert "uid 4711, and this is" in found["settings-file-owner"][0]["found"]


def test_a_file_here_of_another_user(doctor, folder, tmp_path, monkeypatch):
    (tmp_path / "plugwire.toml").write_text("[plugwire]\n")
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    found = doctor("--set", f"socket_dir={folder}")
    assert found.keys() == {"settings-file-owner"}


def test_a_file_that_is_no_toml(doctor, tmp_path):
    (tmp_path / "plugwire.toml").write_text("[plugwire\n")
    found = doctor()
    assert found.keys() == {"settings-file-toml"}


def test_a_variable_that_is_no_setting(doctor, monkeypatch):
    monkeypatch.setenv("PLUGWIRE_CODCE", "json")
    found = doctor()
    assert found.keys() == {"variables"}
    (finding,) = found["variables"]
    assert "environment PLUGWIRE_CODCE" in finding["subject"]
    assert finding["mend"] == "did you mean PLUGWIRE_CODEC?"


def test_settings_that_are_wrong(doctor, tmp_path):
    (tmp_path / "plugwire.toml").write_text(
        "[plugwire]\nmax_connections = 0\n[other]\n"
    )
    found = doctor("--set", "codce=x")
    assert found.keys() == {"settings"}
    subjects = [f["subject"] for f in found["settings"]]
    assert [s.partition(" ")[0] for s in subjects] == [
        "other",
        "plugwire.max_connections",
        "plugwire.codce",
    ]
