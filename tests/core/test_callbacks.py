"""Callbacks, looked at as they are registered."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from plugwire import Client, Server, ValidationFailed, sync
from plugwire.callbacks import demand, demand_plain

TAKEN = {
    "server": {
        "on_connect": ("client",),
        "on_disconnect": ("client", "reason"),
        "on_message": ("client", "message"),
        "snapshot": ("client",),
    },
    "client": {
        "on_reconnect": ("client",),
        "on_gap": ("client", "missed"),
        "on_disconnect": ("client", "reason"),
    },
}
FACES: dict[str, Any] = {
    "asyncio server": Server,
    "asyncio client": Client,
    "blocking server": sync.Server,
    "blocking client": sync.Client,
}


def two(client: object, reason: object) -> None: ...


class Called:
    def __call__(self, client: object, *more: object) -> None: ...

    def method(self, client: object, reason: str = "") -> None: ...


@functools.wraps(two)
def wrapper(*arguments: object) -> None: ...


@functools.wraps(wrapper)
def wrapping(client: object) -> None: ...


@pytest.mark.parametrize(
    "handler",
    [
        two,
        lambda client, reason: None,
        lambda client, reason, also=None: None,
        lambda *what: None,
        Called(),
        Called().method,
        functools.partial(two),
        print,
        {}.setdefault,
        wrapper,
    ],
)
def test_what_can_be_called_so_is_taken(handler: Any) -> None:
    demand("on_disconnect", handler, "client", "reason")
    demand_plain("on_disconnect", handler, "client", "reason")


@pytest.mark.parametrize(
    ("handler", "found"),
    [
        (lambda client: None, r"<lambda>\(client\): too many positional"),
        (wrapping, r"two\(client: 'object'\) -> 'None': too many"),
        (lambda: None, r"<lambda>\(\): too many"),
        (lambda a, b, c: None, r"<lambda>\(a, b, c\): missing a required"),
        (lambda a, b, *, c: None, r"\(a, b, \*, c\): missing a required"),
        (None, r"found None; decorate one with @….on_disconnect"),
        ("two", r"found 'two'; decorate one with"),
    ],
)
def test_what_cannot_is_refused_in_words(handler: Any, found: str) -> None:
    words = r"on_disconnect takes a function of \(client, reason\), "
    with pytest.raises(ValidationFailed, match=words + ".*" + found):
        demand("on_disconnect", handler, "client", "reason")


@pytest.mark.parametrize("face", FACES)
def test_each_face_looks_at_each(face: str) -> None:
    made = FACES[face]("load")
    for name, given in TAKEN[face.split()[1]].items():
        register: Callable[[Any], object] = getattr(made, name)
        words = rf"{name} takes a function of \({', '.join(given)}\), found"
        with pytest.raises(ValidationFailed, match=words):
            register(lambda: None)
        source = f"lambda {', '.join(given)}: None"
        register(eval(source))
