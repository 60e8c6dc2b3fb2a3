"""The token's file: made once, private, refused when it is not.

It holds the token in hexadecimal digits and a line feed. Nothing here says
what a token is, in an error or elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shlex
import stat
import sys
from pathlib import Path

from plugwire import Denied

TOKEN_BYTES = 16
"""128 random bits: out of reach of guessing, on-line or off."""
MAX_BYTES = 64
"""A longer key adds nothing: it is the block of SHA-256."""

_CONTENT = re.compile(rb"((?:[0-9a-fA-F]{2}){16,64})\r?\n?\Z")
# Not every system has every flag. Without O_NONBLOCK a FIFO at the path
# would hold the caller up for ever.
_SAFELY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_READ = os.O_RDONLY | _SAFELY | getattr(os, "O_NONBLOCK", 0)
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY


def read_token(file: Path) -> bytes | None:
    """The token in `file`, or None when there is no such file.

    Raises `Denied`, with the mend, when it is a symbolic link or no regular
    file, belongs to somebody else, may be used by group or others, holds
    anything but a token, or cannot be read.
    """
    try:
        fd = os.open(file, _READ)
        try:
            _check(file, os.fstat(fd))
            content = os.read(fd, 2 * MAX_BYTES + 3)
        finally:
            os.close(fd)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise Denied(
                f"the token file {file} is a symbolic link",
                "remove the link, or name the file itself",
            ) from error
        raise _failed("read", file, error) from error
    match = _CONTENT.match(content)
    if match is None:
        raise Denied(
            f"the token file {file} does not hold 32 to 128 hexadecimal "
            "digits and a line feed",
            "remove it and start the server again, which makes a new one",
        )
    return bytes.fromhex(match[1].decode())


def ensure_token(file: Path) -> bytes:
    """The token in `file`, which is made when it is missing.

    Of several that make it at once, one wins and all return its token.
    Raises `Denied` as `read_token` does, and when it cannot be made.
    """
    token = read_token(file)
    if token is None:
        try:
            _make(file)
        except OSError as error:
            raise _failed("make", file, error) from error
        token = read_token(file)
    if token is None:
        raise Denied(
            f"the token file {file} was removed while it was made",
            "start the server again",
        )
    return token


def _make(file: Path) -> None:
    # The file appears under its name with its content in it, or not at all:
    # nobody can read half a token, and no name is taken over.
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    fd = os.open(draft, _MAKE, 0o600)
    try:
        with os.fdopen(fd, "wb") as opened:
            if sys.platform != "win32":
                os.fchmod(fd, 0o600)  # whatever the umask took away
            opened.write(secrets.token_hex(TOKEN_BYTES).encode() + b"\n")
            opened.flush()
            os.fsync(fd)
        with contextlib.suppress(FileExistsError):  # another was first
            os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def _check(file: Path, info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise Denied(
            f"the token file {file} is no regular file",
            "remove it, or name another as file in [plugwire.token]",
        )
    if sys.platform == "win32":
        return  # the folder's access list guards it
    if info.st_uid != os.geteuid():
        raise Denied(
            f"the token file {file} belongs to uid {info.st_uid}, not to "
            f"ours, {os.geteuid()}",
            "name a file of your own as file in [plugwire.token], with the "
            "same token in it",
        )
    mode = stat.S_IMODE(info.st_mode)
    if mode & 0o077:
        raise Denied(
            f"the token file {file} is open to others (mode {mode:04o})",
            f"chmod 600 {shlex.quote(str(file))}, or remove it and start the "
            "server again if somebody may have read it",
        )


def _failed(act: str, file: Path, error: OSError) -> Denied:
    return Denied(
        f"cannot {act} the token file {file}: {error.strerror or error}",
        "mend its folder, or name another file as file in [plugwire.token]",
    )
