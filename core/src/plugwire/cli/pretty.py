"""A message as a line for people."""

from __future__ import annotations

import os

from plugwire.cli.output import out, pairs, printable
from plugwire.message import Message, MessageType

_DIM, _BOLD, _RED, _YELLOW, _OFF = (
    f"\x1b[{code}m" for code in ("2", "1", "31", "33", "0")
)
_MARKS = {MessageType.ERROR: _RED, MessageType.CONTROL: _YELLOW}


def wants_colour() -> bool:
    """Whether standard output is a terminal that shows colours, and nobody
    has said NO_COLOR."""
    return (
        out.is_terminal
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def pretty(message: Message, *, colour: bool) -> str:
    """`12:00:00.123 load load_1=0.42`: the sender's time, the event, what
    kind of message where it is not data, and the data."""
    kind = message.message_type
    parts = [
        _painted(printable(message.timestamp_iso[11:23]), _DIM, colour),
        _painted(printable(message.event_name), _BOLD, colour),
    ]
    if kind is not MessageType.DATA:
        parts.append(_painted(kind.upper(), _MARKS[kind], colour))
    if message.kept:
        parts.append(_painted("(kept)", _DIM, colour))
    if message.data:
        parts.append(pairs(message.data))
    return " ".join(parts)


def _painted(text: str, code: str, colour: bool) -> str:
    return f"{code}{text}{_OFF}" if colour else text
