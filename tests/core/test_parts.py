"""What extensions wrap, and what a plain door is made of."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from toys import (
    Checked,
    Codec,
    Coder,
    Gated,
    Kept,
    Lacking,
    Reader,
    Wrapper,
    given,
    only,
    wrong,
)

from plugwire import (
    PluginError,
    hookimpl,
)
from plugwire.compose import compose_server

# ------------------------------------------------------------------ layers


def test_extensions_wrap_in_written_order_and_see_the_queue_once():
    log = []
    a, b = Wrapper("a", log), Wrapper("b", log, changes_bytes=True)
    settings = given(extensions=(a, b), listen={"one": {}, "two": {}})
    one, two = compose_server("x", settings).doors
    assert log == [
        ("a", "one", True),
        ("b", "one", True),
        ("a", "two", False),
        ("b", "two", False),
    ]
    assert one.extensions == two.extensions == ("wrapper",)


class Replacing:
    def __init__(self, **changes):
        self.changes = changes

    @hookimpl
    def wrap(self, layers):
        return replace(layers, **self.changes)


def test_what_an_extension_replaces_is_used():
    coder, reader, kept = Coder("other"), Reader, Kept()
    check = Checked().check
    extension = Replacing(
        encoder=coder, decoder=reader, queue=kept, checks=(check,)
    )
    pipeline = compose_server("x", given(extensions=(extension,)))
    (door,) = pipeline.doors
    assert door.encoder is coder
    assert door.format == "other"
    assert door.checks == (check,)
    assert pipeline.queue is kept


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"queue": None}, "loses the queue"),
        ({"checks": ()}, "loses the checks"),
        ({"checks": [len]}, "checks are a list"),
        ({"checks": (5,)}, "cannot be called"),
        ({"encoder": Lacking()}, "without encode()"),
        ({"decoder": None}, "cannot be called"),
        ({"queue": Lacking()}, "without wants()"),
    ],
)
def test_layers_that_an_extension_spoils_stop_the_start(changes, words):
    settings = given(extensions=(Replacing(**changes),))
    assert words in str(wrong(settings, PluginError))


def test_an_extension_brings_no_queue_to_a_second_door():
    settings = given(
        listen={"a": {}, "b": {"extensions": (Replacing(queue=Kept()),)}}
    )
    assert "adds a queue" in str(wrong(settings, PluginError))


# ------------------------------------------------------------------- plain


def test_c4_a_plain_door_of_lines_is_composed():
    settings = given(codec=Codec(lines=True), plain=True)
    (door,) = compose_server("x", settings).doors
    assert door.plain


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"codec": Codec()}, "a codec of lines"),
        ({"permissions": (Gated("tok", True),)}, "need no proof"),
        ({"extensions": (Wrapper(changes_bytes=True),)}, "changes the bytes"),
    ],
)
def test_a_plain_door_refuses_what_needs_a_handshake(changes, words):
    base = {"codec": Codec(lines=True), "plain": True}
    problem = only(wrong(given(**{**base, **changes})))
    assert problem.key == "plugwire.plain"
    assert words in problem.expected
    assert "plain = false" in problem.mend


def test_an_extension_that_changes_no_bytes_may_stand_at_a_plain_door():
    settings = given(
        codec=Codec(lines=True), plain=True, extensions=(Wrapper(),)
    )
    assert compose_server("x", settings).doors[0].extensions == ()
