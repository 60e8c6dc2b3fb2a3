"""Who is at the other end, by the kernel's word at connect time."""

from __future__ import annotations

import socket
import struct
import sys
from pathlib import Path
from typing import NamedTuple

from plugwire.interfaces import Peer
from plugwire.logs import clean


class Credentials(NamedTuple):
    """`pid` is None where the kernel does not know it (another namespace).

    The groups are the supplementary ones, empty where they cannot be told.
    """

    uid: int
    gid: int
    pid: int | None
    groups: tuple[int, ...]


if sys.platform == "darwin":
    _SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2
    # struct xucred: version, uid, number of groups (padded), 16 groups, of
    # which the first is the effective one.
    _XUCRED = struct.Struct("=IIh2x16I")

    def credentials(sock: socket.socket) -> Credentials:
        """The credentials of the other end; OSError when it has gone."""
        _, uid, count, *groups = _XUCRED.unpack(
            sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size)
        )
        pid = sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
        return Credentials(uid, groups[0], pid or None, tuple(groups[1:count]))

else:
    _UCRED = struct.Struct("=iII")
    # <asm-generic/socket.h>; Python does not name it.
    _SO_PEERGROUPS = 59
    # getsockopt of Python takes buffers up to this size: 256 groups.
    _GROUPS_BYTES = 1024

    def credentials(sock: socket.socket) -> Credentials:
        """The credentials of the other end; OSError when it has gone."""
        pid, uid, gid = _UCRED.unpack(
            sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        )
        return Credentials(uid, gid, pid or None, _groups(sock))

    def _groups(sock: socket.socket) -> tuple[int, ...]:
        try:
            data = sock.getsockopt(
                socket.SOL_SOCKET, _SO_PEERGROUPS, _GROUPS_BYTES
            )
        except OSError:
            # More groups than fit, or a kernel before 4.13: none are known,
            # so that rules by group deny.
            return ()
        return struct.unpack(f"={len(data) // 4}I", data)


def peer(sock: socket.socket, path: str) -> Peer:
    """The other end of `sock`, which is at (or came in by) `path`."""
    uid, gid, pid, groups = credentials(sock)
    return Peer(
        transport="unix",
        address=path,
        uid=uid,
        gid=gid,
        pid=pid,
        groups=groups,
    )


def owner(sock: socket.socket) -> str:
    """Who listens at the other end of `sock`, in words."""
    uid, _, pid, _ = credentials(sock)
    if pid is None:
        return f"a process of uid {uid}"
    return f"pid {pid} ({_program(pid)}) of uid {uid}"


def _program(pid: int) -> str:
    try:
        return clean(Path(f"/proc/{pid}/comm").read_text().strip())
    except (OSError, UnicodeDecodeError):
        return "its program is not known"
