"""The socket's file: telling dead from live, its mode, its removal.

Only sockets are ever removed, and at the end only the very one that was
bound here.
"""

from __future__ import annotations

import errno
import os
import shlex
import socket
import stat
from pathlib import Path
from typing import TypeAlias

from plugwire import AlreadyRunning, ConnectionFailed, Denied
from plugwire.logs import log
from plugwire_unix import peer

Identity: TypeAlias = tuple[int, int, int]

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFREG: "a file",
    stat.S_IFIFO: "a named pipe",
}


def identity(path: Path) -> Identity:
    """What tells the socket file at `path` from a later one of that name.

    The time is its birth (writing to a socket does not touch its file):
    kernels give a freed inode number out again.
    """
    status = path.lstat()
    return status.st_dev, status.st_ino, status.st_mtime_ns


def make_way(path: Path) -> None:
    """Remove a dead socket at `path`; the caller holds the folder's lock.

    Raises `AlreadyRunning` over a live one, whose server sees a connection
    that ends without a byte, and `ConnectionFailed` or `Denied` over what is
    no socket of ours, which is left untouched.
    """
    try:
        kind = stat.S_IFMT(path.lstat().st_mode)
        if kind != stat.S_IFSOCK:
            raise ConnectionFailed(
                f"{path} is {_KINDS.get(kind, 'a device')}, not a socket, and"
                " is left as it is; move it away, or choose another"
                " socket_dir",
                address=str(path),
            )
        found = identity(path)
        _prove_dead(path)
        if identity(path) == found:
            path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise refused("replace the socket", path, error) from error


def _prove_dead(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return
        except BlockingIOError:
            owner = "a server whose backlog is full"
        else:
            owner = peer.owner(probe)
    raise AlreadyRunning(
        f"{path} is served already, by {owner}; stop that one, or use"
        " another event name or socket_dir",
        owner=owner,
    )


def give_mode(path: Path, own: Identity, mode: int) -> None:
    """Give the socket `own` at `path` its mode, and nothing else in its
    place. Raises OSError."""
    if stat.S_IMODE(path.lstat().st_mode) == mode:
        return
    if not hasattr(os, "O_PATH"):
        os.chmod(path, mode, follow_symlinks=False)  # noqa: PTH101
        return
    fd = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        if (status.st_dev, status.st_ino) != own[:2]:
            raise OSError(errno.ESTALE, "somebody replaced it meanwhile")
        # fchmod refuses such a descriptor; its name in /proc is no symbolic
        # link that could be swapped.
        Path(f"/proc/self/fd/{fd}").chmod(mode)
    finally:
        os.close(fd)


def remove(path: Path, own: Identity) -> None:
    """Remove `path` if it still is the socket `own`; a failure is logged."""
    try:
        if identity(path) == own:
            path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("could not remove the socket %s: %s", path, error.strerror)


def refused(
    doing: str, path: Path, error: OSError
) -> Denied | ConnectionFailed:
    """`error` in words, with the mend."""
    if isinstance(error, PermissionError):
        return Denied(
            f"not permitted to {doing} {path} as uid {os.geteuid()}",
            "look at it and its folder with ls -ld"
            f" {shlex.quote(str(path.parent))}, or choose another socket_dir",
        )
    return ConnectionFailed(
        f"could not {doing} {path}: {error.strerror or error}; mend that, or"
        " choose another socket_dir",
        address=str(path),
    )
