"""Where words go: what programs read to standard output, and flushed; what
people read to standard error.

Text that came from a peer may end up on a terminal, so that nothing which a
terminal would obey gets there.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plugwire.errors import PlugwireError

_CONTROLS = re.compile(rb"\x7f|\xc2[\x80-\x9f]")
"""DEL and the C1 controls, which JSON leaves as they are."""

_BARE = re.compile(r"""[^\s"'=\\{\[]+\Z""")
"""Text that needs no quotes among others."""


class ReaderGone(Exception):
    """Nobody reads standard output any more."""


class Unwritable(PlugwireError):
    """Standard output takes nothing, as on a full disk."""


class _Out:
    """Standard output. Its methods raise `ReaderGone`, and `Unwritable`."""

    def line(self, data: bytes, *, flush: bool = True) -> None:
        """Write a line of JSON."""
        if self.is_terminal:
            data = _CONTROLS.sub(_escaped, data)
        with _reading():
            sys.stdout.buffer.write(data + b"\n")
            if flush:
                sys.stdout.buffer.flush()

    def json(self, value: Any) -> None:
        """Write `value` as one line of JSON: bytes as base64 text, NaN and
        the infinities as null."""
        import msgspec

        self.line(msgspec.json.encode(value))

    def text(self, text: str) -> None:
        """Write `text`, made harmless, for people who asked for it."""
        self.raw("\n".join(map(printable, text.split("\n"))))

    def raw(self, text: str, *, flush: bool = True) -> None:
        """Write `text`, which the caller has made harmless."""
        with _reading():
            encoding = sys.stdout.encoding or "utf-8"
            data = f"{text}\n".encode(encoding, "backslashreplace")
            sys.stdout.buffer.write(data)
            if flush:
                sys.stdout.buffer.flush()

    def flush(self) -> None:
        """Write what is buffered."""
        if sys.stdout is not None:
            with _reading():
                sys.stdout.flush()

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        return sys.stdout is not None and sys.stdout.isatty()


out = _Out()


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    if sys.stdout is None:
        raise ReaderGone
    try:
        yield
    except BrokenPipeError:
        raise ReaderGone from None
    except OSError as error:
        raise Unwritable(
            f"cannot write to standard output: {error.strerror}"
        ) from error


def no_reader() -> None:
    """Let what is still buffered for standard output go nowhere, so that
    the interpreter does not complain of it at its end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextlib.contextmanager
def watched_reader() -> Iterator[None]:
    """Cancel the task inside, and raise `ReaderGone`, as soon as nobody
    reads standard output: not only at the next message, which may be long
    in coming. Pipes alone can tell."""
    import asyncio

    task = asyncio.current_task()
    fd = _pipe()
    if fd is None or task is None:
        yield
        return
    loop = asyncio.get_running_loop()
    gone = False

    def leave() -> None:
        nonlocal gone
        gone = True
        loop.remove_reader(fd)
        task.cancel()

    loop.add_reader(fd, leave)
    try:
        yield
    except asyncio.CancelledError:
        if not gone:
            raise
        task.uncancel()
        raise ReaderGone from None
    finally:
        loop.remove_reader(fd)


def _pipe() -> int | None:
    """The descriptor of standard output where that is a pipe."""
    try:
        fd = sys.stdout.fileno()
        is_pipe = stat.S_ISFIFO(os.fstat(fd).st_mode)
    except (OSError, ValueError, AttributeError):
        return None
    return fd if is_pipe and os.name == "posix" else None


def tell(text: str, *, lines: bool = False) -> None:
    """Say `text` to people, on one line unless it is made of `lines`."""
    parts = text.split("\n") if lines else [text]
    safe = "\n".join(map(printable, parts))
    # Nobody is left to hear of an error in telling.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(safe, file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """`text` with all that a terminal would obey written out."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in text
    )


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found[0].decode())


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns for people; None is a dash."""
    cells = [
        list(heads),
        *(
            ["-" if v is None else printable(str(v)) for v in row]
            for row in rows
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    )


def pairs(data: Mapping[str, Any]) -> str:
    """`data` as key=value, values as JSON where that is not plain text."""
    return " ".join(
        f"{printable(str(key))}={_value(value)}" for key, value in data.items()
    )


def _value(value: Any) -> str:
    if isinstance(value, str) and _BARE.match(value) and value.isprintable():
        return value
    import msgspec

    return printable(msgspec.json.encode(value).decode())
