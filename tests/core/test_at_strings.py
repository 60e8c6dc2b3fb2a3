"""A string that begins with @ is a string, wherever it comes from: nothing
of plugwire evaluates it, formats it or opens what it names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from plugwire import Settings, doorsfile
from plugwire.cli import main
from plugwire.compose import compose_server
from plugwire.doorsfile import DoorEntry
from plugwire.loading import gather
from plugwire.rundir import EventLock, lock_path

SECRET = "what the environment holds"
TOKENS = [
    "@int 5",
    "@none",
    "@del",
    "@reset x",
    "@merge [1]",
    "@insert 0 x",
    '@json {"a": 1}',
    "@format {env[AT_SECRET]}",
    "@format {this.codec}",
    "@jinja {{ 1 + 1 }}",
    "@jinja {{ cycler.__init__.__globals__ }}",
    "@read_file AT_FILE",
    "@get codec",
    "@",
]
"""dynaconf's marks, with something to give away for those that look."""
Gathered = Callable[[Path], Settings]


@pytest.fixture(autouse=True)
def bait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AT_SECRET", SECRET)
    (tmp_path / "AT_FILE").write_text(SECRET)
    monkeypatch.chdir(tmp_path)


def settings(source: Any, call: Mapping[str, Any], **more: Any) -> Settings:
    found, problems = gather(source, {**call, "codec": "acme"}, **more)
    assert problems == []
    return found


def from_file(place: Path) -> Settings:
    path = place / "own.toml"
    path.write_text(f"[plugwire.acme]\ntags = {json.dumps(TOKENS)}\n")
    return settings(path, {})


def from_call(_: Path) -> Settings:
    return settings({}, {"acme": {"tags": TOKENS}})


def from_a_mapping(_: Path) -> Settings:
    return settings({"acme": {"tags": TOKENS}}, {})


def from_settings(_: Path) -> Settings:
    return settings(Settings(sections={"acme": {"tags": TOKENS}}), {})


def from_set(_: Path) -> Settings:
    return settings({}, {}, texts={"acme.tags": json.dumps(TOKENS)})


def from_a_table_in_set(_: Path) -> Settings:
    text = json.dumps({"tags": TOKENS})
    return settings({}, {}, texts={"acme": text})


@pytest.mark.parametrize(
    "source",
    [
        from_file,
        from_call,
        from_a_mapping,
        from_settings,
        from_set,
        from_a_table_in_set,
    ],
)
def test_a_plugin_gets_them_as_they_are_written(
    acme: None, tmp_path: Path, source: Gathered
) -> None:
    pipeline = compose_server("load", source(tmp_path))
    encoder: Any = pipeline.doors[0].encoder
    assert encoder.settings.tags == TOKENS


@pytest.mark.parametrize("whole", [True, False])
def test_a_plugin_gets_them_from_the_environment(
    acme: None, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    name, text = "PLUGWIRE_ACME__TAGS", json.dumps(TOKENS)
    if whole:
        name, text = "PLUGWIRE_ACME", json.dumps({"tags": TOKENS})
    monkeypatch.setenv(name, text)
    pipeline = compose_server("load", settings(None, {}))
    encoder: Any = pipeline.doors[0].encoder
    assert encoder.settings.tags == TOKENS


@pytest.mark.parametrize("token", TOKENS)
def test_a_text_of_the_command_is_shown_as_it_is(
    token: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["config", "show", "--json", "--set", f"tcp.host={token}"]) == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["plugwire.tcp.host"] == {"value": token, "origin": "--set"}


@pytest.mark.parametrize("token", TOKENS)
def test_a_wrong_one_is_shown_as_it_is(
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PLUGWIRE_LAG", token)
    status = main(["config", "check", "--json", "--set", f"codec={token}"])
    assert status == 2
    out, err = capsys.readouterr()
    told = {problem["key"]: problem for problem in json.loads(out)}
    assert told["plugwire.lag"]["found"] == repr(token)
    assert SECRET not in out + err


def test_a_doors_file_says_them_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    entries = [
        DoorEntry(
            door="main",
            endpoint=token,
            transport=token,
            codec=token,
            format=token,
            plain=False,
            address=token,
            extensions=(token,),
        )
        for token in TOKENS
    ]
    lock = EventLock(lock_path(folder, "load"))
    lock.acquire()
    try:
        doorsfile.write(folder, "load", entries)
        assert list(doorsfile.read(folder, "load")) == entries
    finally:
        lock.release()
