"""The event loops that plugwire makes."""

from __future__ import annotations

import asyncio
import sys

import pytest
import uvloop

from plugwire import ConfigurationError, load_settings
from plugwire.loops import loop_factory
from plugwire.settings import EventLoop, Settings
from plugwire.sync import Server


@pytest.fixture
def no_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)


@pytest.mark.parametrize("name", ["asyncio", "uvloop"])
def test_the_loop_is_the_one_that_is_named(name: str) -> None:
    settings = load_settings({"event_loop": name})
    with asyncio.Runner(loop_factory=loop_factory(settings)) as runner:
        assert isinstance(runner.get_loop(), uvloop.Loop) is (name == "uvloop")


def test_by_default_nothing_has_to_be_installed(no_uvloop: None) -> None:
    assert loop_factory(Settings()) is asyncio.new_event_loop


def test_uvloop_that_is_not_installed_is_told_with_its_place(
    no_uvloop: None,
) -> None:
    settings = load_settings({"event_loop": "uvloop"})
    assert settings.event_loop is EventLoop.UVLOOP
    with pytest.raises(ConfigurationError) as caught:
        loop_factory(settings)
    (problem,) = caught.value.problems
    assert (problem.key, problem.origin) == ("plugwire.event_loop", "settings")
    assert problem.found.startswith('"uvloop": ')
    assert 'pip install "plugwire[uvloop]"' in problem.mend


def test_a_blocking_server_says_so_before_it_starts(no_uvloop: None) -> None:
    with pytest.raises(ConfigurationError, match=r"event_loop \(call\)"):
        Server("load", event_loop="uvloop")


def test_another_word_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'asyncio' or 'uvloop'"):
        load_settings({"event_loop": "uvlop"})
