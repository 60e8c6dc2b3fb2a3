"""What there is to show in a message's data: flat names, plain values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeAlias

from plugwire.cli.output import printable

MAX_VALUES = 500
"""Values of one message that are looked at: more than anybody scrolls
through, and cheap at any size of message."""
MAX_ITEMS = 64
"""Items of a list, one for each core of a large machine."""
MAX_DEPTH = 8
"""Levels of nesting; what lies deeper is not opened."""
MAX_TEXT = 200
"""Characters of a name and of a text: what the widest terminal shows."""

Value: TypeAlias = float | str


def figures(data: Mapping[str, Any]) -> tuple[dict[str, Value], int]:
    """The values in `data` by name, nested mappings and lists as `cpu.user`
    and `cores.0`, and how many are left out for the bounds above.

    Finite numbers are floats. All else is text, made harmless for a
    terminal: truth values too, which are no numbers.
    """
    walk = _Walk()
    walk.into(data, "", 1)
    return walk.found, walk.left_out


class _Walk:
    def __init__(self) -> None:
        self.found: dict[str, Value] = {}
        self.left_out = 0

    def into(self, inside: Any, prefix: str, depth: int) -> None:
        size = len(inside)
        for number, (key, value) in enumerate(_items(inside)):
            if len(self.found) >= MAX_VALUES:
                self.left_out += size - number
                return
            name = f"{prefix}{printable(str(key)[:MAX_TEXT])}"[:MAX_TEXT]
            nested = isinstance(value, Mapping | list | tuple)
            if nested and value and depth < MAX_DEPTH:
                self.into(value, f"{name}.", depth + 1)
            else:
                self.found[name] = plain(value)
        if not isinstance(inside, Mapping):
            self.left_out += max(0, size - MAX_ITEMS)


def _items(inside: Any) -> Iterator[tuple[object, Any]]:
    if isinstance(inside, Mapping):
        return iter(inside.items())
    return enumerate(islice(inside, MAX_ITEMS))


def plain(value: Any) -> Value:
    """`value` as a finite float, or as text for people."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:  # an int of hundreds of digits
            return "huge"
        return number if math.isfinite(number) else str(number)
    if value is None:
        return "null"
    if isinstance(value, str):
        return printable(value[:MAX_TEXT])
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    if isinstance(value, Mapping | list | tuple):
        brackets = "{}" if isinstance(value, Mapping) else "[]"
        inner = f"{len(value)} inside" if value else ""
        return f"{brackets[0]}{inner}{brackets[1]}"
    return printable(str(value)[:MAX_TEXT])
