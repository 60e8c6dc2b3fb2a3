"""Composition as a whole, and what hooks must look like."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from toys import Codec, Coder, Door, Kept, Reader, Wrapper, given, only, wrong

from plugwire import (
    PluginError,
    ValidationFailed,
    hookimpl,
)
from plugwire.compose import compose_client, compose_server

# ------------------------------------------------------------------- whole


def test_instances_alone_make_a_server():
    pipeline = compose_server("status", given())
    (door,) = pipeline.doors
    assert (door.door, door.endpoint, door.format) == ("main", "status", "toy")
    assert door.transport == "carrier"
    assert door.listener.given["endpoint"] == "status"
    assert door.listener.given["context"].side == "server"
    assert door.decoder is Reader
    assert [gate.name for gate in door.gates] == ["open"]
    assert len(door.checks) == 1
    assert isinstance(pipeline.queue, Kept)
    assert door.extensions == ()


def test_core_alone_is_enough_with_memory():
    pipeline = compose_server("status", given(transport="memory"))
    (door,) = pipeline.doors
    assert door.transport == "memory"
    assert door.answers[0].distribution.startswith("plugwire ")
    client = compose_client(
        "status",
        given(transport="memory"),
        door="main",
        endpoint="status",
        transport="memory",
        codec=Codec(),
    )
    assert client.transport == "memory"


def test_a_client_asks_for_no_queue_and_no_checks():
    settings = given(queue="no_such_queue")
    codec = settings.codec
    client = compose_client(
        "status",
        settings,
        door="side",
        endpoint="status.side",
        transport=settings.transport,
        codec=codec,
    )
    assert (client.door, client.endpoint) == ("side", "status.side")
    assert client.connector.given["endpoint"] == "status.side"
    assert client.connector.given["context"].side == "client"
    assert [a.hook for a in client.answers] == [
        "connect",
        "encode",
        "decode",
        "accept",
    ]


def test_a_bad_event_name_is_the_callers_fault():
    with pytest.raises(ValidationFailed):
        compose_server("a.b", given())
    with pytest.raises(ValidationFailed):
        compose_client(
            "a.b", given(), door="", endpoint="", transport="", codec=""
        )


def test_answers_say_who_and_what_chose_it(install):
    settings = given(
        transport="memory",
        extensions=(Wrapper(),),
        origins={"plugwire.transport": "environment PLUGWIRE_TRANSPORT"},
    )
    pipeline = compose_server("x", settings)
    (door,) = pipeline.doors
    assert [(a.hook, a.kind, a.plugin) for a in door.answers] == [
        ("bind", "transport", "memory"),
        ("encode", "codec", "codec"),
        ("decode", "codec", "codec"),
        ("accept", "permission", "gated"),
        ("authorize", "permission", "checked"),
        ("wrap", "extension", "wrapper"),
    ]
    bind, encode = door.answers[:2]
    assert bind.chosen_by == (
        "plugwire.transport (environment PLUGWIRE_TRANSPORT)"
    )
    assert encode.distribution == ""
    (queue,) = pipeline.answers
    assert (queue.hook, queue.plugin) == ("queue", "queue")


def test_a_client_says_when_the_doors_file_chose():
    settings = given(transport="elsewhere", codec=Codec())
    client = compose_client(
        "x",
        settings,
        door="main",
        endpoint="x",
        transport="memory",
        codec=settings.codec,
    )
    connect, encode = client.answers[:2]
    assert connect.chosen_by == "plugwire.transport (the doors file)"
    assert "doors file" not in encode.chosen_by


# ------------------------------------------------------------- hook methods


class Misspelt(Codec):
    @hookimpl
    def encdoe(self): ...


class Strange(Codec):
    @hookimpl
    def zzzzzz(self): ...


class Foreign(Codec):
    @hookimpl
    def authorize(self): ...


class Early(Codec):
    @hookimpl(tryfirst=True)
    def encode(self): ...


class Late(Codec):
    @hookimpl(trylast=True)
    def encode(self): ...


class Around(Codec):
    @hookimpl(wrapper=True)
    def encode(self):
        yield


class OldAround(Codec):
    @hookimpl(hookwrapper=True)
    def encode(self):
        yield


class Perhaps(Codec):
    @hookimpl(optionalhook=True)
    def encode(self): ...


class Awaited(Codec):
    @hookimpl
    async def encode(self): ...


class Defaulted(Codec):
    @hookimpl
    def encode(self, max_message_bytes=5): ...


class Extra(Codec):
    @hookimpl
    def encode(self, colour): ...


class Half:
    @hookimpl
    def encode(self):
        return Coder()


class Nothing:
    pass


class Explosive(Codec):
    def __dir__(self):
        raise RuntimeError("boom")


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        (Misspelt(), "did you mean `encode`?"),
        (Strange(), "the hooks are bind, connect"),
        (Foreign(), "answers `authorize`, which is no hook of a codec"),
        (Early(), "marks `encode` as tryfirst"),
        (Late(), "marks `encode` as trylast"),
        (Around(), "marks `encode` as wrapper"),
        (OldAround(), "marks `encode` as hookwrapper"),
        (Perhaps(), "marks `encode` as optionalhook"),
        (Awaited(), "has an async `encode`"),
        (Defaulted(), "gives `max_message_bytes` of `encode` a default"),
        (Extra(), "colour"),
        (
            Half(),
            "does not answer `decode`; give it this method, marked @hookimpl",
        ),
        (
            Nothing(),
            "does not answer `encode` and `decode`; give it these methods, "
            "each marked @hookimpl",
        ),
        (Explosive(), "RuntimeError: boom"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_hook_method_that_cannot_work_is_refused(plugin, words):
    error = wrong(given(codec=plugin), PluginError)
    assert words in str(error)
    assert f"codec {type(plugin).__name__.lower()!r}" in str(error)
    assert only(error).mend


@pytest.mark.parametrize(
    ("kind", "plugin", "words"),
    [
        ("transport", Codec(), "`bind` and `connect`"),
        ("queue", Codec(), "does not answer `queue`"),
        ("permissions", (Codec(),), "`accept` or `authorize`"),
        ("extensions", (Codec(),), "does not answer `wrap`"),
    ],
)
def test_each_kind_must_answer_its_hooks(kind, plugin, words):
    assert words in str(wrong(given(**{kind: plugin}), PluginError))


def test_a_hook_may_have_another_method_name():
    class Renamed(Half):
        @hookimpl(specname="decode")
        def reader(self):
            return Reader

    (door,) = compose_server("x", given(codec=Renamed())).doors
    assert door.decoder is Reader


def test_equal_and_unhashable_plugins_are_told_apart():
    @dataclass
    class Twin:
        which: list[str] = field(default_factory=list)

        @hookimpl
        def accept(self):
            return Door(f"gate{len(self.which)}")

        def __eq__(self, other):
            return True

        __hash__ = None

    settings = given(permissions=(Twin(), Twin(["x"])))
    (door,) = compose_server("x", settings).doors
    assert [gate.name for gate in door.gates] == ["gate0", "gate1"]


# ------------------------------------------------------------------- lanes


def test_doors_that_encode_alike_share_a_lane_and_an_encoder(acme):
    settings = given(
        codec="acme",
        sections={"acme": {"tags": ["a"]}},
        listen={
            "one": {},
            "two": {"max_connections": 3},
            "three": {"acme": {"level": 2}},
            "four": {"codec": "bare"},
            "five": {"extensions": (Wrapper(),)},
        },
    )
    one, two, *others = compose_server("x", settings).doors
    assert one.lane == two.lane
    assert one.encoder is two.encoder
    assert len({one.lane, *(door.lane for door in others)}) == 4
    assert all(door.encoder is not one.encoder for door in others)
    assert one.listener is not two.listener


def test_instances_are_alike_when_they_are_one():
    codec = Codec()
    settings = given(
        codec=codec, listen={"a": {}, "b": {}, "c": {"codec": Codec()}}
    )
    a, b, c = compose_server("x", settings).doors
    assert a.lane == b.lane != c.lane
