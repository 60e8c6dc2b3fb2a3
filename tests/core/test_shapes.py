"""Answers of no use stop the start."""

from __future__ import annotations

import pytest
from toys import (
    Carrier,
    Checked,
    Codec,
    Coder,
    Door,
    End,
    Gated,
    Lacking,
    Queue,
    Reader,
    Wrapper,
    given,
    only,
    wrong,
)

from plugwire import (
    ConfigurationError,
    PluginError,
    Problem,
    hookimpl,
)
from plugwire.compose import compose_client, compose_server


class AsyncMethod(Coder):
    async def encode(self, message): ...


async def async_function():
    raise AssertionError


class Numbered(Door):
    name = 5

    def __init__(self): ...


class Undecided(Door):
    def __init__(self):
        super().__init__(needs_proof="maybe")


def answering(hook, answer):
    """A settings with one plugin that answers `hook` with `answer`."""

    def reply(self):
        if isinstance(answer, Exception):
            raise answer
        return answer

    reply.__name__ = hook
    base, key, many = {
        "bind": (Carrier, "transport", False),
        "encode": (Codec, "codec", False),
        "decode": (Codec, "codec", False),
        "queue": (Queue, "queue", False),
        "accept": (Gated, "permissions", True),
        "authorize": (Checked, "permissions", True),
        "wrap": (Wrapper, "extensions", True),
    }[hook]
    plugin = type("Bad", (base,), {hook: hookimpl(reply), "name": "bad"})()
    if not many:
        return given(**{key: plugin})
    return given(**{key: (plugin, *(getattr(given(), key)))})


HOOKS = ("bind", "encode", "decode", "queue", "accept", "authorize", "wrap")


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(
    "answer",
    [None, 5, Lacking(), RuntimeError("boom"), PluginError("bang")],
    ids=lambda answer: type(answer).__name__,
)
def test_an_answer_of_no_use_stops_the_start(hook, answer):
    error = wrong(answering(hook, answer), PluginError)
    text = only(error).found
    assert f"`{hook}`" in text
    if isinstance(answer, Exception):
        assert str(answer) in text
        assert error.__cause__ is answer
    else:
        assert f"with {'None' if answer is None else 'a'}" in text


@pytest.mark.parametrize(
    ("hook", "answer", "words"),
    [
        ("bind", End, "open"),
        ("encode", Coder(format=""), "format is ''"),
        ("encode", Coder(lines=1), "lines is no bool"),
        ("encode", AsyncMethod(), "an async encode()"),
        ("decode", async_function, "an async function"),
        ("decode", Reader(), "cannot be called"),
        ("accept", Numbered(), "name is 5"),
        ("accept", Undecided(), "needs_proof is no bool"),
        ("authorize", async_function, "an async function"),
    ],
)
def test_an_answer_of_a_wrong_shape_is_described(hook, answer, words):
    if answer is End:
        answer = type("Closed", (), {"open": 1})()
    assert words in str(wrong(answering(hook, answer), PluginError))


def test_a_listener_of_streams_is_as_good():
    class Streams:
        address = ""
        shared = False

        async def start(self, factory, *, small): ...
        async def stop(self): ...

    settings = answering("bind", Streams())
    (door,) = compose_server("x", settings).doors
    assert isinstance(door.listener, Streams)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (object(), "without address"),
        (Lacking(), "without targets()"),
        (type("Half", (), {"start": 1})(), "without address"),
    ],
)
def test_a_connector_of_no_use_stops_a_client(answer, words):
    class Odd(Carrier):
        @hookimpl
        def connect(self):
            return answer

    settings = given(transport=Odd())
    with pytest.raises(PluginError, match="`connect`") as caught:
        compose_client(
            "x",
            settings,
            door="main",
            endpoint="x",
            transport=settings.transport,
            codec=settings.codec,
        )
    assert words in str(caught.value)


def test_a_hook_may_say_that_its_settings_are_wrong():
    problem = Problem("plugwire.acme.x", "file", "less")
    error = wrong(answering("encode", ConfigurationError([problem])))
    assert only(error) is problem


def test_what_would_be_right_is_said_in_full():
    class Odd(Gated):
        name = "odd"

        @hookimpl
        def accept(self):
            return self.accept

    error = wrong(given(permissions=(Odd(),)), PluginError)
    assert (
        "not with a gate (an object that has name, needs_proof, prepare, "
        "admit, prove and confirm)"
    ) in only(error).found
