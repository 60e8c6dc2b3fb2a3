"""What a message's `data` may hold, checked both ways, for codecs' authors.

The values are None, bool, int from -2^63 to 2^64 - 1, float, str, bytes,
list and dict with str keys, nested at most `framing.MAX_DEPTH` deep; `data`
itself is the first level. A sender may also pass tuples, bytearrays,
memoryviews and subclasses (an IntEnum, an OrderedDict): `plain` turns them
into these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from plugwire.errors import MessageError, ValidationFailed
from plugwire.framing import MAX_DEPTH
from plugwire.message import check_event_name

INT_MIN = -(1 << 63)
"""The least int of a message: MessagePack's int64."""
INT_MAX = (1 << 64) - 1
"""The largest: MessagePack's uint64."""

_SCALARS = frozenset({type(None), bool, int, float, str, bytes})
_all_scalars = _SCALARS.issuperset
_all_str = frozenset({str}).issuperset


def is_flat(data: dict[str, Any]) -> bool:
    """Whether no value of `data` is a container, or foreign; 0.02 µs each."""
    return _all_scalars(map(type, data.values()))


def plain(data: Any) -> dict[str, Any]:
    """`data` in the exact types above: itself when it is flat, else a copy.

    Raises `MessageError` with the path (`data.a[3]`) of a key that is not
    str, of an unsupported type, and of what is nested too deep. It leaves
    the range of ints and the text of strs to the codec (see `where`).
    """
    if type(data) is dict and is_flat(data):
        try:
            "".join(data)  # the cheapest check that all keys are str
        except TypeError:
            pass  # the walk below names the key
        else:
            return data
    if not isinstance(data, dict):
        raise MessageError(f"data is {_kind(data)}, it must be a dict")
    try:
        return _plain_dict(data, 1)
    except _Foreign as found:
        raise MessageError(found.text()) from None


def where(data: dict[str, Any], carry: Callable[[Any], object]) -> str:
    """The path of the first key or leaf for which `carry` raises, or "".

    For codecs, when encoding failed; `data` comes from `plain`.
    """
    steps = _steps(data, carry)
    return "" if steps is None else _path(steps)


def check_received(data: dict[str, Any]) -> None:
    """Raise `MessageError` unless decoded `data` holds the values above."""
    level: list[dict[str, Any] | list[Any]] = [data]
    for _ in range(MAX_DEPTH):
        inner: list[dict[str, Any] | list[Any]] = []
        for holder in level:
            values: Iterable[Any] = holder
            if type(holder) is dict:
                if not _all_str(map(type, holder)):
                    raise MessageError("a mapping in data has a key not str")
                values = holder.values()
            kinds = set(map(type, values))
            if int in kinds:
                for value in values:
                    if type(value) is int and not (
                        INT_MIN <= value <= INT_MAX
                    ):
                        raise MessageError("data holds an int over 64 bits")
            foreign = kinds - _SCALARS
            if foreign:
                if not foreign <= {dict, list}:
                    names = sorted(k.__name__ for k in foreign)
                    raise MessageError(f"data holds {', '.join(names)}")
                inner += [v for v in values if type(v) in foreign]
        if not inner:
            return
        level = inner
    raise MessageError(f"data is nested over {MAX_DEPTH} levels deep")


def check_received_name(name: str) -> str:
    """`check_event_name` for what a peer sent: raises `MessageError`."""
    try:
        return check_event_name(name)
    except ValidationFailed as error:
        raise MessageError(str(error)) from None


class _Foreign(Exception):
    """What cannot be carried; the way to it is told while unwinding."""

    def __init__(self, why: str) -> None:
        self.why = why
        self.steps: list[str] = []

    def text(self) -> str:
        return f"{_path(self.steps)} {self.why}"


def _plain(value: Any, depth: int) -> Any:
    if type(value) in _SCALARS:
        return value
    if isinstance(value, dict):
        return _plain_dict(value, depth)
    if isinstance(value, (list, tuple)):
        return _plain_list(value, depth)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(memoryview(value))
    raise _Foreign(
        f"is {_kind(value)}, which cannot be sent; None, bool, int, float, "
        "str, bytes, list and dict can"
    )


def _plain_dict(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    _check_depth(depth)
    result = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise _Foreign(
                f"has the key {_cut(key)}, {_kind(key)}: keys must be str"
            )
        try:
            result[str.__str__(key)] = _plain(item, depth + 1)
        except _Foreign as found:
            found.steps.append(_step(key))
            raise
    return result


def _plain_list(value: Iterable[Any], depth: int) -> list[Any]:
    _check_depth(depth)
    if type(value) is list and _all_scalars(map(type, value)):
        return value
    result = []
    for index, item in enumerate(value):
        try:
            result.append(_plain(item, depth + 1))
        except _Foreign as found:
            found.steps.append(_step(index))
            raise
    return result


def _steps(value: Any, carry: Callable[[Any], object]) -> list[str] | None:
    """The way to the first that fails, innermost first; None: none does."""
    items: Iterable[tuple[Any, Any]]
    if type(value) is dict:
        for key in value:
            if not _carries(carry, key):
                return [f" (its key {_cut(key)})"]
        items = value.items()
    elif type(value) is list:
        items = enumerate(value)
    else:
        return None if _carries(carry, value) else []
    for key, item in items:
        steps = _steps(item, carry)
        if steps is not None:
            steps.append(_step(key))
            return steps
    return None


def _carries(carry: Callable[[Any], object], value: Any) -> bool:
    try:
        carry(value)
    except (ValueError, TypeError, ArithmeticError):
        return False
    return True


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _Foreign(f"is nested over {MAX_DEPTH} levels deep")


def _path(steps: list[str]) -> str:
    return "data" + "".join(reversed(steps))


def _step(key: str | int) -> str:
    if isinstance(key, str) and key.isidentifier():
        return f".{key:.40}"
    return f"[{_cut(key)}]"


def _cut(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _kind(value: Any) -> str:
    return type(value).__name__
