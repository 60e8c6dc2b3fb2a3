"""Why a text is no TOML for settings, and in which line.

The parser's time grows with the square of the names in a key, and what it
made of them would be tables in tables by the thousand, so that long keys are
found before it sees them. Safe from any thread.
"""

from __future__ import annotations

import re

MAX_NAMES = 64
"""Names with dots between in one key; no setting has more than some five."""

_NAME = r"(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')"
_DOT = r"[ \t]{0,9}\.[ \t]{0,9}"
_LONG = rf"(?<![\w\"'.-])(?:{_NAME}{_DOT}){{{MAX_NAMES}}}"
_NO_VALUE = "Invalid value"
_WORD = re.compile(r"[A-Za-z_][\w@./-]{0,59}", re.ASCII)
_AT = r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z"


def long_key(text: str) -> int | None:
    """The line of a key of more than `MAX_NAMES` names, counted from 1."""
    if text.count(".") < MAX_NAMES:
        return None
    match = re.search(_LONG, text)
    return text.count("\n", 0, match.start()) + 1 if match else None


def told(error: Exception, raw: bytes) -> tuple[int | None, str, str]:
    """The line of `raw` that the parser or the decoder stopped at, None where
    that is none in particular, what it says, and the mend, "" where none is
    plain."""
    if isinstance(error, UnicodeDecodeError):
        line = error.object.count(b"\n", 0, error.start) + 1
        return line, f"a byte that is none ({error.reason})", ""
    if isinstance(error, RecursionError):
        return None, "lists or tables in one another that are too many", ""
    text = str(error)
    match = re.search(_AT, text)
    if match is None:
        return None, text, ""
    said = text[: match.start()]
    if not match[1]:
        return raw.rstrip().count(b"\n") + 1, f"{said} (at the end)", ""
    line, column = int(match[1]), int(match[2])
    mend = ""
    if said == _NO_VALUE:
        lines = raw.decode("utf-8-sig", "replace").split("\n")
        if word := _WORD.match(lines[line - 1], column - 1):
            mend = f'put it in quotes, "{word[0]}"'
    return line, f"{said} (column {column})", mend
