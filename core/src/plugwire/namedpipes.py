"""Pairs of named pipes, by which two processes meet, without a socket.

One side offers a pair, the other takes it; how the name travels is theirs.
`plugwire.pipes` makes a connection of what they get. Not on Windows.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from plugwire.errors import ConnectionFailed

READ = os.O_RDONLY | os.O_NONBLOCK
WRITE = os.O_WRONLY | os.O_NONBLOCK
"""How to open an end of a named pipe: at once, or OSError. To write it must
be open to somebody who reads."""
_TAKEN = b"!"


def open_end(stack: ExitStack, path: str | Path, mode: int) -> int:
    """The descriptor of an end of the pipe at `path`, which `stack` closes.
    Raises `OSError`."""
    descriptor = os.open(path, mode | os.O_CLOEXEC)
    stack.callback(os.close, descriptor)
    return descriptor


def make_pipe(stack: ExitStack, path: str | Path) -> None:
    """A named pipe for this user alone, whose name `stack` removes. Raises
    `OSError`."""
    os.mkfifo(path, 0o600)
    stack.callback(Path(path).unlink, missing_ok=True)


async def offer_pipes(path: str, door: int, word: bytes) -> tuple[int, int]:
    """A pair that somebody else has taken: descriptors to read from and to
    write to.

    Makes the pipes `<path>.up` and `<path>.down`, writes `word`, which tells
    of them, to `door`, and waits until they were taken. Their names are gone
    then, and when this raises or is cancelled. Raises `OSError`, too where
    nobody reads from `door` any more.
    """
    up, down = f"{path}.up", f"{path}.down"
    with ExitStack() as stack, ExitStack() as ends:
        for name in (up, down):
            make_pipe(stack, name)
        # A reader until the other side is one, or it could not be opened.
        open_end(stack, up, READ)
        pair = open_end(ends, down, READ), open_end(ends, up, WRITE)
        os.write(door, word)
        await _readable(pair[0], door)
        if os.read(pair[0], len(_TAKEN)) != _TAKEN:
            raise ConnectionResetError("nobody takes the pipes any more")
        ends.pop_all()
    return pair


def take_pipes(path: str) -> tuple[int, int]:
    """The other side's descriptors of a pair that is offered at `path`, to
    read from and to write to. Raises `OSError` where it is not any more."""
    with ExitStack() as ends:
        pair = (
            open_end(ends, f"{path}.up", READ),
            open_end(ends, f"{path}.down", WRITE),
        )
        os.write(pair[1], _TAKEN)
        ends.pop_all()
    return pair


@contextmanager
def failing_at(address: str) -> Iterator[None]:
    """What the system refuses in the block is `ConnectionFailed` there."""
    try:
        yield
    except OSError as error:
        raise ConnectionFailed(
            f"no connection at {address}: {error}; see that a server runs "
            "there, and that you may use its folder",
            address=address,
        ) from error


async def _readable(*descriptors: int) -> None:
    """Wait until there is something to read, or nobody at an other end."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    try:
        for descriptor in descriptors:
            loop.add_reader(descriptor, wake)
        await ready
    finally:
        for descriptor in descriptors:
            loop.remove_reader(descriptor)
