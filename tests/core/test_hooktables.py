"""What a plugin's class answers, remembered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugwire.hooktables import MOST, HookTable, HookTables, offered
from plugwire.interfaces import Context

TABLE = HookTable({"encode": (("encode", ()),)})
CONTEXT = Context(
    side="client",
    event="load",
    door="main",
    endpoint="load",
    socket_dir=Path("/nowhere"),
    max_message_bytes=9,
)


class Base:
    def decode(self) -> str:
        return "decoder"


class Plain(Base):
    colour = "red"

    def encode(self) -> str:
        return "encoder"


def kept(instance: object) -> HookTables:
    tables = HookTables()
    tables.keep(instance, TABLE)
    return tables


def test_another_instance_of_the_class_has_its_table() -> None:
    tables = kept(Plain())
    assert tables.get(Plain()) is TABLE
    assert tables.get(Base()) is None


def test_methods_are_asked_in_turn_for_what_they_take() -> None:
    class Two:
        def first(self) -> None:
            return None

        def second(self, endpoint: str, layers: str) -> tuple[str, str]:
            return endpoint, layers

    table = HookTable(
        {"wrap": (("first", ()), ("second", ("endpoint", "layers")))}
    )
    given = {**offered(CONTEXT), "layers": "these"}
    assert table.call(Two(), "wrap", given) == ("load", "these")
    assert table.call(Two(), "encode", given) is None


def test_all_of_the_context_is_offered() -> None:
    assert offered(CONTEXT) == {
        "endpoint": "load",
        "socket_dir": Path("/nowhere"),
        "max_message_bytes": 9,
        "context": CONTEXT,
    }


@pytest.mark.parametrize("cls", [Plain, Base])
@pytest.mark.parametrize("name", ["encode", "decode", "colour", "another"])
def test_a_class_that_was_changed_is_looked_at_anew(
    cls: type[Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = kept(Plain())
    monkeypatch.setattr(cls, name, lambda self: "other", raising=False)
    assert tables.get(Plain()) is None
    monkeypatch.undo()


def test_so_is_one_that_lost_something_or_has_other_bases() -> None:
    class Third(Base):
        def encode(self) -> str:
            return "encoder"

    tables = kept(Third())
    assert tables.get(Third()) is TABLE
    Third.__bases__ = (Plain,)
    assert tables.get(Third()) is None
    Third.__bases__ = (Base,)
    assert tables.get(Third()) is TABLE
    del Third.encode
    assert tables.get(Third()) is None


def test_what_the_instance_has_of_its_own_is_looked_at() -> None:
    own = Plain()
    own.encode = lambda: "mine"  # type: ignore[method-assign] # on purpose
    hidden = Plain()
    vars(hidden)["encode"] = None
    for instance in (own, hidden):
        assert kept(instance).get(Plain()) is None
        assert kept(Plain()).get(instance) is None
    plain = Plain()
    vars(plain)["colour"] = "blue"
    assert kept(plain).get(plain) is TABLE


def test_classes_that_may_hide_something_are_not_remembered() -> None:
    class Slotted:
        __slots__ = ("encode",)

    class Listing(Plain):
        def __dir__(self) -> list[str]:
            return ["encode"]

    for instance in (Slotted(), Listing()):
        assert kept(instance).get(instance) is None


def test_no_more_than_the_most_are_held() -> None:
    tables = HookTables()
    classes = [type(f"C{n}", (Base,), {}) for n in range(MOST + 1)]
    for cls in classes:
        tables.keep(cls(), TABLE)
    assert tables.get(classes[0]()) is None
    assert all(tables.get(cls()) is TABLE for cls in classes[1:])
