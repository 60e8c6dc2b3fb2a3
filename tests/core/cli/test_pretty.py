"""A message as a line for people."""

import pytest

from plugwire.cli import pretty as module
from plugwire.cli.pretty import pretty, wants_colour
from plugwire.message import Message, MessageType


def message(data=None, kind="data", **more):
    return Message(
        event_name="load",
        timestamp_ms=0,
        timestamp_iso="2026-01-09T12:00:00.123+00:00",
        message_type=MessageType(kind),
        data={} if data is None else data,
        **more,
    )


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({}, ""),
        ({"a": 1, "b": None, "c": True}, " a=1 b=null c=true"),
        ({"t": "plain"}, " t=plain"),
        ({"t": "two words"}, ' t="two words"'),
        ({"t": ""}, ' t=""'),
        ({"t": "a=b"}, ' t="a=b"'),
        ({"t": "[1]"}, ' t="[1]"'),
        ({"t": "a\nb"}, r' t="a\nb"'),
        ({"t": [1, {"x": 2}]}, ' t=[1,{"x":2}]'),
        ({"t": "\x1b[2J\x9b"}, r' t="\u001b[2J\x9b"'),
        ({"a\x1bb": 1}, r" a\x1bb=1"),
        ({"b": b"\x00"}, ' b="AA=="'),
    ],
)
def test_data_is_key_and_value_and_harmless(data, shown):
    line = pretty(message(data), colour=False)
    assert line == "12:00:00.123 load" + shown


def test_kinds_and_kept_ones_are_marked():
    assert "load ERROR a=1" in pretty(message({"a": 1}, "error"), colour=False)
    assert "CONTROL" in pretty(message(kind="control"), colour=False)
    assert "(kept)" in pretty(message(kept=True), colour=False)


def test_colours_are_taken_off_again():
    line = pretty(message({"a": 1}, "error", kept=True), colour=True)
    assert line.count("\x1b[0m") == 4
    assert "\x1b[31mERROR\x1b[0m" in line


@pytest.mark.parametrize(
    ("terminal", "variables", "wanted"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    monkeypatch, terminal, variables, wanted
):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        type(module.out), "is_terminal", property(lambda _: terminal)
    )
    assert wants_colour() is wanted
