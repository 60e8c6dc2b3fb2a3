"""What a plugin's class answers, remembered once it has been checked.

To look at a class's methods takes longer than all the rest of composing,
and the clients of a process are of the same few classes. A table is given
out again only while nothing that it was read from has changed: the class
and its bases hold the very same attributes, and the instance has no
functions of its own and hides no hook. Safe from any thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import is_
from types import FunctionType, MemberDescriptorType, MethodType
from typing import TypeAlias

from msgspec import Struct

from plugwire.interfaces import Context
from plugwire.recent import Recent

MOST = 64
"""Classes that are remembered. A pipeline has some five plugins; more are
tests that make classes, each of which would be held for ever."""

_Attributes: TypeAlias = tuple[
    Mapping[str, object], tuple[str, ...], tuple[object, ...]
]
_Look: TypeAlias = tuple[tuple[type, ...], tuple[_Attributes, ...]]
_FUNCTIONS = frozenset({FunctionType, MethodType})


class HookTable(Struct, frozen=True):
    """`calls` maps each hook to the methods that answer it, the first to be
    asked first: the attribute's name, and the arguments that it takes."""

    calls: dict[str, tuple[tuple[str, tuple[str, ...]], ...]]

    def call(
        self, instance: object, hook: str, given: Mapping[str, object]
    ) -> object | None:
        """What `instance` hands over; None where it answers nothing. It
        takes what it wants of `given`."""
        for name, wanted in self.calls.get(hook, ()):
            method = getattr(instance, name)
            answer: object = method(*[given[argument] for argument in wanted])
            if answer is not None:
                return answer
        return None


def offered(context: Context) -> dict[str, object]:
    """What every hook may take: the context, and the best of it."""
    return {
        "endpoint": context.endpoint,
        "socket_dir": context.socket_dir,
        "max_message_bytes": context.max_message_bytes,
        "context": context,
    }


class HookTables:
    """The tables of the `MOST` classes that were used last."""

    def __init__(self) -> None:
        self._known: Recent[type, tuple[_Look, HookTable]] = Recent(MOST)

    def get(self, instance: object) -> HookTable | None:
        """The table of the class of `instance`, or None: look anew."""
        cls = type(instance)
        known = self._known.get(cls)
        if known is None:
            return None
        look, table = known
        if _looks_like(cls, look) and not _hides_hooks(instance, table):
            return table
        return None

    def keep(self, instance: object, table: HookTable) -> None:
        """Remember what `instance` answers, where its class alone decides
        that."""
        cls = type(instance)
        if _is_plain(cls) and not _hides_hooks(instance, table):
            self._known.put(cls, (_look(cls), table))


def _look(cls: type) -> _Look:
    """The bases of a class, and all attributes of it and of them. They are
    held, so that none of them can go and another one come in its place."""
    return cls.__mro__, tuple(
        (vars(base), tuple(vars(base)), tuple(vars(base).values()))
        for base in cls.__mro__
        if base is not object
    )


def _looks_like(cls: type, look: _Look) -> bool:
    """Whether `look` is still true. By identity: what a plugin's attributes
    say of their equality is not asked."""
    bases, seen = look
    if cls.__mro__ != bases:
        return False
    for attributes, names, values in seen:
        if tuple(attributes) != names:
            return False
        if not all(map(is_, attributes.values(), values)):
            return False
    return True


def _is_plain(cls: type) -> bool:
    """Whether its attributes are those of the class and the instance's
    `__dict__`, and nothing else."""
    listing: object = cls.__dir__
    return listing is object.__dir__ and not any(
        isinstance(value, MemberDescriptorType)
        for base in cls.__mro__
        for value in vars(base).values()
    )


def _hides_hooks(instance: object, table: HookTable) -> bool:
    """Whether the instance itself holds what may be a hook, or something
    else in the place of one."""
    own: dict[str, object] = getattr(instance, "__dict__", {})
    if not own:
        return False
    return not _FUNCTIONS.isdisjoint(map(type, own.values())) or any(
        name in own for calls in table.calls.values() for name, _ in calls
    )
