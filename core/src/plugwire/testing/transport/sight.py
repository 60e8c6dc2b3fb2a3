"""What the system says, whatever a plugin says: descriptors, listening
sockets, files."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

if sys.platform != "win32":
    import resource

FOLDERS = (Path("/proc/self/fd"), Path("/dev/fd"))
MANY = 1024
"""Descriptors that are in use while there is to be a shortage of them: more
than a test's process has, and quickly made."""


def can_see_descriptors() -> bool:
    """Whether this system lists a process's descriptors."""
    return any(folder.is_dir() for folder in FOLDERS)


def descriptors() -> Mapping[int, str]:
    """What this process has open: number -> what it leads to."""
    gc.collect()  # what only waits to be collected is no leak
    folder = next(folder for folder in FOLDERS if folder.is_dir())
    found = {}
    for name in os.listdir(folder):  # noqa: PTH208 - made anew by each look
        # The descriptor with which the folder itself was read is gone.
        with contextlib.suppress(OSError):
            status = os.fstat(int(name))
            try:
                leads = os.readlink(folder / name)  # noqa: PTH115 - a text
            except OSError:
                leads = f"inode {status.st_ino}"
            found[int(name)] = leads
    return found


def opened(before: Mapping[int, str]) -> list[str]:
    """What is open now and was not `before`."""
    return [
        f"descriptor {number}: {leads}"
        for number, leads in descriptors().items()
        if before.get(number) != leads
    ]


def listens(sock: socket.socket) -> bool:
    """Whether the kernel has `sock` listen."""
    asked = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    return bool(asked)


def listening(numbers: Mapping[int, str]) -> list[int]:
    """Those of the descriptors that are listening sockets."""
    found = []
    for number in numbers:
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
        except OSError:
            continue  # it was closed since
        with socket.socket(fileno=os.dup(number)) as sock:
            if listens(sock):
                found.append(number)
    return found


def files(folder: Path) -> set[str]:
    """All that is in `folder`, by path from there, at any depth."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@contextlib.contextmanager
def shortage() -> Iterator[Shortage]:
    """This process has no descriptor left, until the end of the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(MANY, *descriptors()) + 1
    if hard != resource.RLIM_INFINITY:
        highest = min(highest, hard)
    short = Shortage()
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
    try:
        short.take_all()
        yield short
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        short.give(len(short))


class Shortage:
    """The descriptors that are kept from others."""

    def __init__(self) -> None:
        self._spare: list[int] = []

    def __len__(self) -> int:
        return len(self._spare)

    def take_all(self) -> None:
        """Take what is free."""
        with contextlib.suppress(OSError):
            while True:
                self._spare.append(os.open(os.devnull, os.O_RDONLY))

    def give(self, count: int) -> None:
        """Let others have `count` of them."""
        for _ in range(count):
            os.close(self._spare.pop())
