"""Numbers that were written with a unit, as "5s" or "8 MiB".

Settings have numbers without: durations in seconds, sizes in bytes. Safe from
any thread.
"""

from __future__ import annotations

import re
from types import MappingProxyType

_NUMBER = re.compile(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([A-Za-zµ]+)\s*\Z")
_SECONDS = MappingProxyType(
    {
        "us": 1e-6,
        "µs": 1e-6,
        "ms": 1e-3,
        "s": 1,
        "sec": 1,
        "secs": 1,
        "second": 1,
        "seconds": 1,
        "m": 60,
        "min": 60,
        "mins": 60,
        "minute": 60,
        "minutes": 60,
        "h": 3600,
        "hour": 3600,
        "hours": 3600,
        "d": 86400,
        "day": 86400,
        "days": 86400,
    }
)
_BYTES = MappingProxyType(
    {
        "b": 1,
        "byte": 1,
        "bytes": 1,
        **{
            unit: 1 << 10 * power
            for power, letter in enumerate("kmgt", 1)
            for unit in (letter, f"{letter}b", f"{letter}ib")
        },
    }
)
"""Powers of 1024, as people mean them where memory is meant."""


def seconds(text: str) -> str | None:
    """The mend for a duration with a unit; None for other texts."""
    match = _NUMBER.match(text)
    if match is None or (unit := _SECONDS.get(match[2].lower())) is None:
        return None
    return f"write a number of seconds, {float(match[1]) * unit:.12g}"


def size(text: str, *, named: bool) -> str | None:
    """The mend for a size with a unit; None for other texts. A bare "k" may
    be a thousand of anything, unless the setting is `named` as bytes."""
    match = _NUMBER.match(text)
    if match is None or (unit := _BYTES.get(match[2].lower())) is None:
        return None
    if not named and "b" not in match[2].lower():
        return "write a whole number without a unit"
    return f"write a number of bytes, {round(float(match[1]) * unit)}"
