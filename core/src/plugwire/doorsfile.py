"""The doors file: how clients find a server's doors.

`<socket_dir>/<event>.doors` is JSON, private, and true only while the server
that wrote it holds the event's lock: it names that owner, so that one left
behind by a crash misleads nobody, not even while the next server starts.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from plugwire.errors import ConnectionFailed, Denied, ValidationFailed
from plugwire.logs import log
from plugwire.message import check_event_name
from plugwire.rundir import check_private, lock_owner, lock_path

MAX_BYTES = 1 << 20
"""A doors file that is larger is not read: a door takes some 300 bytes."""


class DoorEntry(Struct, frozen=True, kw_only=True):
    """One door as clients see it.

    `codec` names the server's codec, `format` its bytes on the wire;
    `address` is the listener's own text, without the transport's name;
    `extensions` names those that change the bytes on the wire.
    """

    door: str
    endpoint: str
    transport: str
    codec: str
    format: str
    plain: bool
    address: str
    extensions: tuple[str, ...] = ()


class _Doors(msgspec.Struct, frozen=True):
    plugwire: int
    event: str
    owner: str | None
    doors: tuple[DoorEntry, ...]


_VERSION = 1
_decoder = msgspec.json.Decoder(_Doors)
FILES = 32
"""Doors files whose place and content are remembered, for many clients of
one server: some kilobytes each."""


def doors_path(socket_dir: Path, event: str) -> Path:
    """Where the doors file of `event` is."""
    return socket_dir / f"{event}.doors"


def write(socket_dir: Path, event: str, entries: Sequence[DoorEntry]) -> None:
    """Tell the doors of `event`, first door first; replaces what was told.

    The caller holds the event's lock. Raises `ConnectionFailed` when the
    file cannot be written, and leaves nothing half done then.
    """
    owner = lock_owner(lock_path(socket_dir, event))
    data = msgspec.json.encode(_Doors(_VERSION, event, owner, tuple(entries)))
    path = doors_path(socket_dir, event)
    # The lock is ours, so a file of this name is a crashed server's.
    fresh = path.with_suffix(".doors.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
            file.write(data)
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise ConnectionFailed(
            f"could not write {path}, by which clients find the server:"
            f" {error.strerror}; mend that, or choose another socket_dir",
            address=str(path),
        ) from error


def read(socket_dir: Path, event: str) -> tuple[DoorEntry, ...]:
    """The doors of the server that holds the event's lock now.

    Empty when there is none, when the folder or the file is not private or
    not ours (or root's), and, with a warning in the log, when the file is
    malformed.
    """
    path, lock = _places(socket_dir, event)
    try:
        if not check_private(socket_dir):
            return ()
    except (Denied, ConnectionFailed) as error:
        log.warning("%s is not read: %s", path, error)
        return ()
    owner = lock_owner(lock)
    if owner is None:
        return ()
    try:
        doors = _decoded(_private_bytes(path))
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        log.warning("%s is not read: %s", path, error)
        return ()
    if (doors.plugwire, doors.event, doors.owner) != (_VERSION, event, owner):
        return ()
    return doors.doors


def remove(socket_dir: Path, event: str) -> None:
    """Take the doors file away; a failure is logged, for it is stale by the
    lock anyhow."""
    path = doors_path(socket_dir, event)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("could not remove %s: %s", path, error.strerror)


def served(socket_dir: Path) -> list[str]:
    """The events with a live server in this folder, sorted.

    Raises `Denied` or `ConnectionFailed` when the folder is not to be
    trusted; a missing one serves nothing.
    """
    if not check_private(socket_dir):
        return []
    return sorted(
        path.stem
        for path in socket_dir.glob("*.lock")
        if _is_event(path.stem) and lock_owner(path) is not None
    )


@lru_cache(maxsize=FILES)
def _places(socket_dir: Path, event: str) -> tuple[Path, Path]:
    """Where the doors file and the lock are."""
    return doors_path(socket_dir, event), lock_path(socket_dir, event)


@lru_cache(maxsize=FILES)
def _decoded(data: bytes) -> _Doors:
    return _decoder.decode(data)


def _is_event(name: str) -> bool:
    try:
        check_event_name(name)
    except ValidationFailed:
        return False
    return True


def _private_bytes(path: Path) -> bytes:
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    opened: list[int] = []
    try:
        # Stored before a signal's handler can raise.
        opened.extend(map(os.open, (path,), (os.O_RDONLY | flags,)))
        (fd,) = opened
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a regular file")
        if os.name == "posix" and (
            status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022
        ):
            raise ValueError("others own it or may write to it")
        if status.st_size > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES} bytes")
        # It is put there whole, by a rename, so that this is all of it.
        return os.read(fd, status.st_size)
    finally:
        for fd in opened:
            os.close(fd)
