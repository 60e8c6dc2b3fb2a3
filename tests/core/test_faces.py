"""The two faces have the same names, the same signatures, and say both what
they do."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
)
from itertools import zip_longest
from typing import Any, Self, TypeVar, get_args, get_origin

import pytest

import plugwire
from plugwire import sync

PAIRS = [
    (plugwire.Server, sync.Server),
    (plugwire.Client, sync.Client),
]
BLOCKING = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
}
"""What `async with` and `async for` call, and its name without `async`."""
INNER = {
    "after_fork": "`forks` calls it in a forked child",
    "joined": "a link tells the asyncio client",
    "lost": "a link tells the asyncio client",
    "received": "a link tells the asyncio client",
}
"""Names that other modules of the core call, and no program."""


def members(face: type) -> dict[str, Any]:
    """What a program uses of a face, by the blocking name."""
    wanted = {*BLOCKING, *BLOCKING.values(), "__init__"}
    return {
        BLOCKING.get(name, name): inspect.getattr_static(face, name)
        for name in dir(face)
        if (not name.startswith("_") and name not in INNER)
        or (name in wanted and name in vars(face))
    }


def spell(hint: Any) -> str:
    """An annotation in words that both faces share: what is awaited is what
    it gives, a handler may be plain, and a face is its own name."""
    if isinstance(hint, TypeVar):
        return f"any {spell(hint.__bound__)}"
    if isinstance(hint, typing.ForwardRef):
        return hint.__forward_arg__
    if isinstance(hint, list):
        return f"[{', '.join(map(spell, hint))}]"
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Awaitable:
        return spell(inner[0])
    if origin is Coroutine:
        return spell(inner[2])
    if origin in (typing.Union, types.UnionType):
        flat = {part for one in inner for part in spell(one).split(" | ")}
        return " | ".join(sorted(flat))
    if origin is not None:
        name = {AsyncIterator: Iterator}.get(origin, origin).__name__
        return f"{name}[{', '.join(map(spell, inner))}]"
    return hint.__name__ if isinstance(hint, type) else repr(hint)


def shape(member: Any) -> list[str]:
    """How a member is used: its kind, each of its parameters, what it
    gives."""
    kind = "property" if isinstance(member, property) else "method"
    function = member.fget if isinstance(member, property) else member
    hints = typing.get_type_hints(function)
    signature = inspect.signature(function)
    return [
        kind,
        *(
            f"{parameter.kind.description} {name}"
            f": {spell(hints.get(name, Any))} = {_default(parameter)}"
            for name, parameter in signature.parameters.items()
        ),
        f"-> {spell(hints.get('return', Any))}",
    ]


def _default(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "none"
    return repr(parameter.default)


def differences(one: type, other: type) -> list[str]:
    """Where two faces differ, in words; empty when they are the same."""
    first, second = members(one), members(other)
    found = [f"{name}: only one has it" for name in first.keys() ^ second]
    for name in first.keys() & second:
        a, b = shape(first[name]), shape(second[name])
        found += [
            f"{name}: {x}, not {y}"
            for x, y in zip_longest(a, b, fillvalue="nothing")
            if x != y
        ]
        for member in (first[name], second[name]):
            if not (name.startswith("__") or inspect.getdoc(member)):
                found.append(f"{name}: says nothing")
    for face in (one, other):
        if not face.__doc__:
            found.append(f"{face.__name__}: says nothing")
    return sorted(found)


@pytest.mark.parametrize(
    ("one", "other"), PAIRS, ids=[one.__name__ for one, _ in PAIRS]
)
def test_the_faces_are_the_same(one: type, other: type) -> None:
    assert one is not other
    assert one.__name__ == other.__name__
    assert differences(one, other) == []


@pytest.mark.parametrize("face", [pair[1] for pair in PAIRS])
def test_nothing_of_the_blocking_face_is_to_be_awaited(face: type) -> None:
    for name, member in members(face).items():
        assert not inspect.iscoroutinefunction(member), name
        assert not inspect.isasyncgenfunction(member), name


def test_inner_names_are_still_needed() -> None:
    names = {name for pair in PAIRS for face in pair for name in vars(face)}
    assert set(INNER) <= names


def test_sync_exports_the_two_of_its_own() -> None:
    assert {"Client", "Server"} <= set(sync.__all__) <= set(plugwire.__all__)
    for name in sync.__all__:
        same = getattr(sync, name) is getattr(plugwire, name)
        assert same is (name not in {"Client", "Server"}), name


# The comparison itself, on pairs that were made for it.

_Async = TypeVar("_Async", bound=Callable[[int], str | Awaitable[str]])
_Plain = TypeVar("_Plain", bound=Callable[[int], str])


class Waiting:
    """A face."""

    @property
    def size(self) -> int:
        """How many."""
        return 0

    async def ask(self, what: str, *, timeout: float | None = None) -> str:
        """Ask."""
        return what

    def on_news(self, handler: _Async) -> _Async:
        """Tell of news."""
        return handler

    async def __aenter__(self) -> Self:
        return self

    def __aiter__(self) -> AsyncIterator[int]:
        raise NotImplementedError


class Same:
    """The other."""

    @property
    def size(self) -> int:
        """How many."""
        return 0

    def ask(self, what: str, *, timeout: float | None = None) -> str:
        """Ask."""
        return what

    def on_news(self, handler: _Plain) -> _Plain:
        """Tell of news."""
        return handler

    def __enter__(self) -> Self:
        return self

    def __iter__(self) -> Iterator[int]:
        raise NotImplementedError


def test_the_comparison_takes_async_for_no_difference() -> None:
    assert differences(Waiting, Same) == []


def _more(face: Any) -> Any:
    """A method that the other face does not have."""


def _kind(face: Any, what: str, timeout: float | None = None) -> str:
    """A parameter that may be given by place."""
    return what


def _default_(face: Any, what: str, *, timeout: float | None = 5) -> str:
    """Another default."""
    return what


def _annotation(
    face: Any, what: bytes, *, timeout: float | None = None
) -> str:
    """Another type."""
    return ""


def _result(face: Any, what: str, *, timeout: float | None = None) -> int:
    """Another result."""
    return 0


def _fewer(face: Any, what: str) -> str:
    """A parameter less."""
    return what


def _silent(face: Any, what: str, *, timeout: float | None = None) -> str:
    return what


_silent.__doc__ = None


def _handler(face: Any, handler: Callable[[str], str]) -> None:
    """A handler that gets something else."""


def _size(face: Any) -> int:
    """How many, to be called."""
    return 0


@pytest.mark.parametrize(
    ("name", "other", "words"),
    [
        ("more", _more, "more: only one has it"),
        ("ask", None, "ask: only one has it"),
        ("__enter__", None, "__enter__: only one has it"),
        ("ask", _kind, "positional or keyword timeout"),
        ("ask", _default_, "= 5"),
        ("ask", _annotation, "what: bytes"),
        ("ask", _result, "-> int"),
        ("ask", _fewer, "not -> str"),
        ("ask", _silent, "ask: says nothing"),
        ("on_news", _handler, "[str]"),
        ("size", _size, "size: property, not method"),
    ],
)
def test_the_comparison_finds_each_difference(
    name: str, other: Any, words: str
) -> None:
    body = {key: value for key, value in vars(Same).items() if key != name}
    if other is not None:
        body[name] = other
    different = type("Different", (), {**body, "__doc__": "Another."})
    assert any(words in line for line in differences(Waiting, different))
