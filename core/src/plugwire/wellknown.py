"""Settings that were found right, for those who ask for the same again.

A program that makes clients by the hundred hands over the same few values
each time, and to check them takes longer than all else of making a client.
Only what is flat and plain is remembered, text, numbers, paths: whether such
values are right depends on nothing but themselves. Safe from any thread.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from plugwire.recent import Recent
from plugwire.settings import EnvText, Settings

MOST = 32
"""Settings that are remembered, some kilobytes each: of one program, those
of its server, of its clients and of the senders among them."""

_PLAIN = frozenset({str, EnvText, int, float, bool, type(None), type(Path())})
_known: Recent[Hashable, Settings] = Recent(MOST)


def key(
    data: Mapping[str, Any], origins: Mapping[str, str]
) -> Hashable | None:
    """What is equal for the same values, of the same types and from the same
    places; None for what is not remembered."""
    # The types of the values too: 1 is equal to True.
    values = tuple(data.values())
    types = tuple(map(type, values))
    if not _PLAIN.issuperset(types) or _is_at_home(data.get("socket_dir")):
        return None
    return tuple(data), values, types, tuple(origins.items())


def asked(
    settings: Mapping[str, Any], overrides: Mapping[str, Any]
) -> Hashable | None:
    """The same of two mappings that were handed over, and of nothing else:
    it spares whoever asks again to lay one over the other."""
    values = *settings.values(), *overrides.values()
    types = tuple(map(type, values))
    if not _PLAIN.issuperset(types):
        return None
    folder = overrides.get("socket_dir", settings.get("socket_dir"))
    if _is_at_home(folder):
        return None
    return tuple(settings), tuple(overrides), values, types


def _is_at_home(folder: object) -> bool:
    """Whether the environment, or the system's list of users, has a say."""
    return folder is not None and str(folder).startswith("~")


def get(key: Hashable) -> Settings | None:
    """The settings that were made of this, or None."""
    return _known.get(key)


def put(key: Hashable, settings: Settings) -> None:
    """Remember what was made of this: nothing was wrong with it."""
    _known.put(key, settings)
