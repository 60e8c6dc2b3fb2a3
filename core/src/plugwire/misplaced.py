"""Keys of plugins that stand outside their sections: where they belong.

Which plugin has which keys is known once plugins are chosen and imported,
which is after the settings were read. Safe from any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass

from plugwire.errors import Problem
from plugwire.settings import dotted
from plugwire.validation import A_KNOWN_KEY, spelled

A_DOOR = "a door's table"
"""What is expected of what stands in `[plugwire.listen]`."""


def replaced(
    problems: Iterable[Problem], classes: Mapping[str, type]
) -> Iterator[Problem]:
    """The problems, those with a key's place mended to say which of the
    plugins has such a key; `classes` has the chosen ones, by name."""
    for problem in problems:
        table, _, key = problem.key.rpartition(".")
        mends = [
            spelled(f"{dotted(place, name)}.{key}", problem.origin)
            for place in _places(problem, table)
            for name, cls in classes.items()
            if key in _keys(cls)
        ]
        if mends:
            mend = f"did you mean {' or '.join(sorted(mends))}?"
            problem = problem._replace(mend=mend)
        yield problem


def _places(problem: Problem, table: str) -> Iterator[str]:
    """The table that should hold the plugin's section, if any should."""
    if problem.expected == A_DOOR and table == "plugwire.listen":
        yield "plugwire"
    if problem.expected == A_KNOWN_KEY:
        parts = table.split(".")
        if parts == ["plugwire"] or (
            parts[:2] == ["plugwire", "listen"] and len(parts) == 3
        ):
            yield table


def _keys(cls: type) -> Iterator[str]:
    """The keys of the plugin's section."""
    model = getattr(cls, "Settings", None)
    if isinstance(model, type) and is_dataclass(model):
        yield from (field.name for field in fields(model) if field.init)
