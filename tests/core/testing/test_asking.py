"""The kit asks hooks as core does."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugwire import hookimpl
from plugwire.interfaces import Context
from plugwire.testing.asking import ask, hooks
from plugwire.testing.companions import Lines, LinesEncoder, Shelf, Welcoming

CONTEXT = Context(
    side="server",
    event="kit",
    door="main",
    endpoint="kit",
    socket_dir=Path("nowhere"),
    max_message_bytes=1024,
)


class Renamed:
    """Its hook has another name, as pluggy allows."""

    @hookimpl(specname="encode")
    def encoder(self, max_message_bytes):
        return LinesEncoder(max_message_bytes)


class Wrong:
    @hookimpl
    def encode(self, limit):
        return LinesEncoder(limit)

    @hookimpl
    def decode(self): ...


def test_hooks_are_found_by_their_mark() -> None:
    assert hooks(Lines()) == {"encode": "encode", "decode": "decode"}
    assert hooks(Renamed()) == {"encode": "encoder"}
    assert hooks(object()) == {}


@pytest.mark.parametrize(
    ("plugin", "hook"),
    [
        (Lines(), "encode"),
        (Lines(), "decode"),
        (Renamed(), "encode"),
        (Shelf(), "queue"),
        (Welcoming(), "accept"),
    ],
)
def test_what_is_handed_over_is_returned(plugin, hook) -> None:
    assert ask(plugin, hook, CONTEXT) is not None


@pytest.mark.parametrize(
    ("plugin", "hook", "words"),
    [
        (Wrong(), "encode", "may take .*max_message_bytes.*; found limit"),
        (Wrong(), "decode", "found None"),
        (Lines(), "queue", "must answer `queue`.*it answers decode, encode"),
        (object(), "queue", "it answers no hook"),
    ],
)
def test_what_core_would_refuse_is_named(plugin, hook, words) -> None:
    with pytest.raises(AssertionError, match=words):
        ask(plugin, hook, CONTEXT)
