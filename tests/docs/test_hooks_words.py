"""docs/hooks quotes what core says of plugins that are wrong: each text is
made to happen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from plugwire import PlugwireError, hookimpl
from plugwire.compose import compose_client, compose_server
from plugwire.handshake import Hello, Welcome, admit
from plugwire.interfaces import Layers, Peer
from plugwire.loading import gather
from plugwire.memory import Memory
from plugwire.rights import Rights
from plugwire.testing.companions import (
    Lines,
    LinesDecoder,
    LinesEncoder,
    Shelf,
    ShelfQueue,
    Welcoming,
)

DOCS = Path(__file__).parents[2] / "docs" / "hooks"
PEER = Peer(transport="memory", address="here")


def told(**changed: Any) -> str:
    """What a server and a client of these plugins are told, in all."""
    given: dict[str, Any] = {
        "transport": Memory(),
        "codec": Lines(),
        "queue": Shelf(),
        "permissions": (Welcoming(),),
        **changed,
    }
    base = {"socket_dir": "/nowhere"}
    settings, problems = gather(base, given)
    texts = []
    try:
        compose_server("words", settings, problems)
    except PlugwireError as error:
        texts.append(str(error))
    try:
        compose_client(
            "words",
            settings,
            door="main",
            endpoint="words",
            transport=settings.transport,
            codec=settings.codec,
        )
    except PlugwireError as error:
        texts.append(str(error))
    return "\n".join(texts)


def answering(base: type, hook: str, answer: object) -> Any:
    """A plugin whose hook hands over `answer`, or raises it."""

    def method(self: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    method.__name__ = hook
    return type("Wrong", (base,), {hook: hookimpl(method)})()


def mine(base: type, *without: str, **other: Any) -> Any:
    """An object as `base` makes them, called Mine, without some methods."""
    names = dict.fromkeys(without)
    made = {"__init__": lambda _: None, **names, **other}
    return type("Mine", (base,), made)()


class Misspelt(Lines):
    @hookimpl
    def encoed(self) -> None: ...


class Foreign(Lines):
    @hookimpl
    def queue(self) -> None: ...


class Half:
    @hookimpl
    def encode(self, max_message_bytes: int) -> LinesEncoder:
        return LinesEncoder(max_message_bytes)


class Defaulted(Lines):
    @hookimpl
    def encode(self, max_message_bytes: int = 5) -> None: ...


class Unknown(Lines):
    @hookimpl
    def encode(self, colour: str) -> None: ...


class Awaited(Lines):
    @hookimpl
    async def encode(self) -> None: ...


class Early(Lines):
    @hookimpl(tryfirst=True)
    def encode(self) -> None: ...


class Checking:
    @hookimpl
    def authorize(self) -> Callable[..., None]:
        return lambda *_: None


class Nameless:
    """An end without an address."""


async def a_check(*_: object) -> None: ...


def wrapping(**layers: Any) -> Any:
    class Wrapping:
        changes_bytes = True

        @hookimpl
        def wrap(self, layers: Layers) -> Layers:
            return replace(layers, **changed)

    changed = layers
    return (Wrapping(),)


def refused() -> Iterator[str]:
    """All that compose says of what is wrong on the pages."""
    for codec in (
        *(Misspelt(), Foreign(), Half(), Defaulted()),
        *(Unknown(), Awaited(), Early()),
        answering(Lines, "encode", None),
        answering(Lines, "encode", ValueError("x")),
        answering(Lines, "encode", mine(LinesEncoder, lines="no")),
        answering(Lines, "decode", mine(LinesDecoder)),
    ):
        yield told(codec=codec)
    listener = mine(object, address="", shared=True, open=id, accepted=id)
    yield told(transport=answering(Memory, "bind", listener))
    nameless = mine(Nameless)
    yield told(transport=answering(Memory, "connect", nameless))
    both = (Welcoming(), answering(Checking, "authorize", a_check))
    yield told(permissions=both)
    yield told(permissions=(Checking(),))
    kept = mine(ShelfQueue, "returned")
    yield told(queue=answering(Shelf, "queue", kept))
    yield told(extensions=wrapping(encoder=mine(LinesEncoder, "frame")))
    yield told(extensions=wrapping(queue=None))
    yield told(extensions=wrapping(queue=ShelfQueue()))
    yield told(
        permissions=(Welcoming(), Checking()),
        extensions=wrapping(checks=()),
    )
    plain = {"main": {"plain": True}}
    yield told(extensions=wrapping(), listen=plain)
    other = mine(LinesEncoder, lines=False)
    yield told(codec=answering(Lines, "encode", other), listen=plain)
    gate = Proving()
    yield told(
        permissions=(answering(Welcoming, "accept", gate),), listen=plain
    )


class Proving:
    """A gate that wants a proof, and then answers what it was made with."""

    name, needs_proof = "envkey", True

    def __init__(self, answer: object = None) -> None:
        self._answer = answer

    def prepare(self) -> None: ...

    def admit(self, *_: object) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    prove = confirm = admit


def denied() -> Iterator[str]:
    """What gates and checks that fail are made to say."""
    welcome = Welcome(
        plugwire=1,
        event="words",
        door="main",
        incarnation="x",
        codec="lines",
        max_message_bytes=1000,
        nonce="0" * 32,
    )
    for answer in (KeyError("x"), 5):
        try:
            admit((Proving(answer),), PEER, welcome, Hello(plugwire=1))
        except PlugwireError as error:
            yield str(error)

    def failing(*_: object) -> Any:
        raise KeyError

    for check in (failing, lambda *_: None):
        verdict = Rights((check,), PEER, "words").verdict("send")
        assert verdict is not None
        yield verdict.reason


def quoted() -> list[Any]:
    """Page and text of each quotation of core's words."""
    found = []
    for path in sorted(DOCS.glob("*.md")):
        text = re.sub(
            r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.S | re.M
        )
        text = " ".join(text.split())
        spans = re.findall(r"``(.+?)``", text)
        rest = re.sub(r"``.+?``", "", text)
        spans += re.findall(r"`((?:expected|the gate|a check) [^`]+)`", rest)
        found += [
            pytest.param(span, id=f"{path.stem}: {span:.40}")
            for span in map(str.strip, spans)
        ]
    return found


@pytest.fixture(scope="module")
def said() -> str:
    """All of it, in one line."""
    return " ".join(" ".join([*refused(), *denied()]).split())


def test_there_are_quotations() -> None:
    assert len(quoted()) >= 25


@pytest.mark.parametrize("words", quoted())
def test_what_is_quoted_is_said(words: str, said: str) -> None:
    pattern = ".*?".join(map(re.escape, words.split("…")))
    assert re.search(pattern, said), said
