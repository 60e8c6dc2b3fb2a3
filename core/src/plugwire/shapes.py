"""What an answer to a hook must look like; checked once, when it is given.

Only what core is going to use is looked for: attributes, and callables that
are no coroutine functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from types import FunctionType, MappingProxyType
from typing import TypeAlias

from plugwire.interfaces import Layers

Shape: TypeAlias = Callable[[object], str]
"""Says what is wrong with an answer, or ""."""
FUNCTIONS = 512
"""Functions whose colour is remembered: some five plugins have ten each."""


def _is_async(method: object) -> bool:
    function = getattr(method, "__func__", method)
    if type(function) is FunctionType:
        return _colour(function)
    return inspect.iscoroutinefunction(method)


@lru_cache(maxsize=FUNCTIONS)
def _colour(function: FunctionType) -> bool:
    return inspect.iscoroutinefunction(function)


def _lacks(answer: object, *names: str) -> str:
    """The methods that `answer` has not, or has in a wrong colour."""
    for name in names:
        method = getattr(answer, name, None)
        if not callable(method):
            return f"a {type(answer).__name__} without {name}()"
        if _is_async(method):
            return f"a {type(answer).__name__} with an async {name}()"
    return ""


def _listener(answer: object) -> str:
    if hasattr(answer, "start"):
        for name in ("start", "stop"):
            if not callable(getattr(answer, name, None)):
                return f"a {type(answer).__name__} without {name}()"
        return ""
    return _lacks(answer, "open", "accepted", "close")


def _connector(answer: object) -> str:
    if not hasattr(answer, "address"):
        return f"a {type(answer).__name__} without address"
    if callable(getattr(answer, "connect", None)):
        return ""
    return _lacks(answer, "targets", "connected", "mend")


def _gate(answer: object) -> str:
    name = getattr(answer, "name", None)
    if not isinstance(name, str) or not name:
        return f"a {type(answer).__name__} whose name is {name!r}"
    if not isinstance(getattr(answer, "needs_proof", None), bool):
        return f"a {type(answer).__name__} whose needs_proof is no bool"
    return _lacks(answer, "prepare", "admit", "prove", "confirm")


def _encoder(answer: object) -> str:
    name = getattr(answer, "format", None)
    if not isinstance(name, str) or not name:
        return f"a {type(answer).__name__} whose format is {name!r}"
    if not isinstance(getattr(answer, "lines", None), bool):
        return f"a {type(answer).__name__} whose lines is no bool"
    return _lacks(answer, "encode", "frame")


def _function(answer: object) -> str:
    if not callable(answer):
        return f"a {type(answer).__name__}, which cannot be called"
    if _is_async(answer):
        return "an async function"
    return ""


def _queue(answer: object) -> str:
    return _lacks(
        answer, "wants", "offer", "preface", "handed", "returned", "clear",
        "__len__",
    )  # fmt: skip


def _layers(answer: object) -> str:
    if not isinstance(answer, Layers):
        return f"a {type(answer).__name__}"
    checks: object = answer.checks
    if not isinstance(checks, tuple):
        return f"layers whose checks are a {type(checks).__name__}"
    wrong = [_encoder(answer.encoder), _function(answer.decoder)]
    wrong += [_function(check) for check in answer.checks]
    if answer.queue is not None:
        wrong.append(_queue(answer.queue))
    return next((f"layers with {w}" for w in wrong if w), "")


SHAPES: MappingProxyType[str, tuple[str, Shape]] = MappingProxyType(
    {
        "bind": (
            "a listener (an object that has address, shared, open, accepted "
            "and close, or address, shared, start and stop)",
            _listener,
        ),
        "connect": (
            "a connector (an object that has address, looks_up, targets, "
            "connected and mend, or address and connect)",
            _connector,
        ),
        "accept": (
            "a gate (an object that has name, needs_proof, prepare, admit, "
            "prove and confirm)",
            _gate,
        ),
        "encode": (
            "an encoder (an object that has format, lines, encode and frame)",
            _encoder,
        ),
        "decode": (
            "a function that makes decoders (objects that have feed)",
            _function,
        ),
        "authorize": (
            "a check (a function of peer, verb and subject)",
            _function,
        ),
        "queue": (
            "a queue (an object that has wants, offer, preface, handed, "
            "returned, clear and __len__)",
            _queue,
        ),
        "wrap": (
            "layers (the plugwire.interfaces.Layers that it was given, or "
            "replaced ones)",
            _layers,
        ),
    }
)
"""Hook -> what it must hand over in words, and what says whether it does."""
