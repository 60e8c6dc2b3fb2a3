"""What C can tell of values and bytes, so that Python need not look."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from plugwire.framing import MAX_DEPTH

SMALL = 512
"""Bytes a message, on average, up to which searching for timestamps is
quicker than asking each value for its type."""

MINUS_ONE = 0xFF
"""The byte of a timestamp's type. An int, since bytes are first tried as
one where they are looked for in bytes: that takes four times as long."""

_SCALARS = frozenset({type(None), bool, int, float, str, bytes})
all_scalars = _SCALARS.issuperset

_EXTS = (b"\xc7", b"\xc8\0", b"\xc9\0\0\0")  # 8, 16, 32 bits of length
_HEADS = (
    b"\xd6",
    b"\xd7",
    *(ext + bytes((size,)) for ext in _EXTS for size in (4, 8, 12)),
)
"""What a timestamp starts with, before its type."""


def is_exact(holder: Any, depth: int = MAX_DEPTH) -> bool:
    """Whether `holder` is a dict with str keys, or a list, that holds the
    scalars of `plugwire.values` and further such holders, all of them in
    their exact types, `depth` levels of holders at most."""
    values: Iterable[Any]
    if type(holder) is dict:
        if not all_str(holder):
            return False
        values = holder.values()
    elif type(holder) is list:
        values = holder
    else:
        return False
    if all_scalars(map(type, values)):
        return True
    if depth == 1:
        return False
    for value in values:
        if type(value) not in _SCALARS and not is_exact(value, depth - 1):
            return False
    return True


def all_str(keys: Iterable[Any]) -> bool:
    """Whether all of `keys` are str; joining them is the quickest way."""
    try:
        "".join(keys)
    except TypeError:
        return False
    return True


def may_hold_timestamps(payload: bytes, count: int) -> bool:
    """Whether a MessagePack timestamp may be in a payload of `count`
    messages; False is sure.

    Its type is -1, which is rare in what is sent: the search is nearly all
    of C's.
    """
    if len(payload) > SMALL * count:
        return True
    if MINUS_ONE not in payload:
        return False
    return any(before.endswith(_HEADS) for before in payload.split(b"\xff"))
