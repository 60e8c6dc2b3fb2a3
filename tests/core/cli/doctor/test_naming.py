"""Faults of names: what the settings name, and is not to be used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from plugwire import plugins

CODECS = "plugwire.codecs"


@pytest.fixture
def without(tmp_path, monkeypatch):
    """Takes distributions away: what is left of each folder is linked."""

    def take(*names):
        path = []
        for at, root in enumerate(sys.path):
            place = Path(root)
            there = [e.name for e in place.iterdir()] if place.is_dir() else []
            gone = [
                n
                for n in there
                if n.endswith(".dist-info") and n.partition("-")[0] in names
            ]
            if gone:
                links = tmp_path / f"links{at}"
                links.mkdir()
                for name in set(there) - set(gone):
                    (links / name).symlink_to(place / name)
                root = str(links)
            path.append(root)
        monkeypatch.setattr(sys, "path", path)
        plugins.rescan()

    yield take
    monkeypatch.undo()
    plugins.rescan()


def test_a_plugin_that_is_not_installed(doctor, tmp_path):
    (tmp_path / "plugwire.toml").write_text('[plugwire]\ncodec = "jsno"\n')
    found = doctor()
    assert found.keys() == {"plugin-installed"}
    (finding,) = found["plugin-installed"]
    assert finding["subject"].endswith("plugwire.toml:2)")
    assert finding["mend"].startswith("did you mean 'json'?")


def test_a_default_that_is_not_installed(doctor, without):
    without("plugwire_msgpack", "plugwire_permissions")
    found = doctor()
    assert found.keys() == {"default-plugins"}
    mends = [f["mend"] for f in found["default-plugins"]]
    assert [mend.rpartition(" or ")[2] for mend in mends] == [
        "pip install plugwire-msgpack",
        "pip install plugwire-permissions",
    ]


def test_a_doubled_name(doctor, install):
    for name in ("acme-one", "acme-two"):
        install(name, {CODECS: {"acme": "never:Acme"}})
    found = doctor("--codec", "acme")
    assert found.keys() == {"plugin-doubled"}
    assert '"acme@acme-one"' in found["plugin-doubled"][0]["mend"]
    assert doctor() == {}


def test_a_blocked_plugin(doctor, monkeypatch):
    monkeypatch.setenv("PLUGWIRE_DISABLE", "msgpack")
    found = doctor()
    assert found.keys() == {"plugin-blocked"}
    (finding,) = found["plugin-blocked"]
    assert finding["mend"] == "take 'msgpack' out of PLUGWIRE_DISABLE"
    assert doctor("--codec", "json") == {}


def test_a_variable_that_cannot_be_read_is_told_once(doctor, monkeypatch):
    monkeypatch.setenv("PLUGWIRE_DISABLE", "json msgpack")
    found = doctor()
    assert found.keys() == {"variables"}
    (finding,) = found["variables"]
    assert finding["mend"] == "write PLUGWIRE_DISABLE=json,plugwire-tcp"


def test_a_variable_that_means_nothing_here(doctor, monkeypatch):
    monkeypatch.setenv("PLUGWIRE_DISABLE", "jsn")
    (finding,) = doctor()["variables"]
    assert finding["subject"] == "PLUGWIRE_DISABLE (jsn)"
    assert finding["mend"] == "did you mean json?"


def test_a_plugin_for_another_plugwire(doctor, install):
    install(
        "acme-codec",
        {CODECS: {"acme": "never:Acme"}},
        requires=["plugwire>=9"],
    )
    found = doctor("--codec", "acme")
    assert found.keys() == {"plugin-compatible"}
    (finding,) = found["plugin-compatible"]
    assert "plugwire>=9" in finding["found"]
    assert "pip install --upgrade" in finding["mend"]


def test_a_name_that_is_none(doctor, install):
    install("acme-codec", {CODECS: {"Acme-1": "never:Acme"}})
    assert doctor("--codec", "Acme-1").keys() == {"plugin-name"}


def test_a_pick_among_two(doctor, install):
    install("acme-one", {CODECS: {"json": "never:Acme"}})
    assert doctor("--codec", "json@plugwire-json") == {}
    assert doctor("--codec", "json@acme-six").keys() == {"plugin-installed"}
