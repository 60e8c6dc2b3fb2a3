"""Figures in few characters."""

from __future__ import annotations

from datetime import UTC, datetime

_PREFIXES = "kMGTPE"


def number(value: float, *, whole: bool = False, like: float = 0.0) -> str:
    """`value` in at most 9 characters; without a fraction if all of its kind
    are `whole`, with as many places as `like`, the largest of its kind, has
    (0: as many as suit `value`)."""
    size = max(abs(value), abs(like))
    if whole and size < 100_000:
        return f"{value:,.0f}"
    if abs(value) >= 999.95:
        return _prefixed(value)
    if whole:
        return f"{value:.0f}"
    if size >= 9.995 or not size:
        return f"{value:.1f}"
    if size >= 0.01:
        return f"{value:.2f}"
    return f"{value:.0e}" if size < 0.0001 else f"{value:.4f}"


def _prefixed(value: float) -> str:
    for prefix in _PREFIXES:
        value /= 1000
        size = abs(value)
        if size < 999.95:
            digits = 2 if size < 9.995 else 1
            return f"{value:.{digits}f}{prefix}"
    return f"{value * 1000 ** len(_PREFIXES):.1e}"


def scaled(value: float, unit: str) -> str:
    """`value` with its prefix at the unit: `12.5 B/s`, `3.10 kB/s`."""
    text = number(value)
    prefix = text[-1] if text[-1] in _PREFIXES else ""
    return f"{text.removesuffix(prefix)} {prefix}{unit}"


def many(value: int) -> str:
    """A count: exact as long as it is short."""
    return number(float(value), whole=True)


def span(seconds: float) -> str:
    """`seconds` as people say them: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10
    min`, `3 d 4 h`."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02d} min"
    return f"{hours // 24} d {hours % 24} h"


def milliseconds(ms: int) -> str:
    """A lag: `3 ms`, `1.2 s`, `3 min 05 s`."""
    return f"{ms} ms" if abs(ms) < 1000 else span(ms / 1000)


def moment(ms: int, now: float) -> str:
    """Milliseconds since 1970 in this machine's zone, without the day when
    that is the day of `now`, in seconds since 1970."""
    try:
        then = datetime.fromtimestamp(ms / 1000, UTC).astimezone()
    except (OverflowError, OSError, ValueError):
        return "-"
    today = datetime.fromtimestamp(now, UTC).astimezone().date()
    return f"{then:%H:%M:%S}" if then.date() == today else f"{then:%F %H:%M}"
