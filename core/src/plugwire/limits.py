"""What limits a number of the settings, as their annotations name it.

Settings name these in annotations alone, so that this module, and the
library annotated-types with it, are imported when a value is to be checked
and not whenever a program starts.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from types import MappingProxyType
from typing import Annotated, Any, TypeAlias, get_args, get_origin

from annotated_types import Ge, Gt, Interval, Le, Lt

from plugwire.settings import MAX_COUNT, MAX_SECONDS

Seconds: TypeAlias = Annotated[float, Interval(ge=0, le=MAX_SECONDS)]
Count: TypeAlias = Annotated[int, Interval(ge=1, le=MAX_COUNT)]
Bytes: TypeAlias = Annotated[int, Ge(1)]

_BOUNDS: MappingProxyType[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "gt": operator.gt,
        "ge": operator.ge,
        "lt": operator.lt,
        "le": operator.le,
    }
)


def is_within(hint: Any, value: float) -> bool:
    """Whether `value` is a number that `hint`, a number's type with bounds
    and nothing else, plainly allows.

    False says nothing: what is not so plain is for pydantic to judge.
    """
    if get_origin(hint) is Annotated:
        kind, *limits = get_args(hint)
    else:
        kind, limits = hint, []
    if kind not in (int, float) or type(value) is not kind:
        return False
    if kind is float and not math.isfinite(value):
        return False
    try:
        return all(_holds(limit, value) for limit in limits)
    except TypeError:  # a bound that is no number
        return False


def _holds(limit: object, value: float) -> bool:
    return isinstance(limit, (Ge, Gt, Interval, Le, Lt)) and all(
        holds(value, bound)
        for name, holds in _BOUNDS.items()
        if (bound := getattr(limit, name, None)) is not None
    )
