"""The private folder of sockets, and the lock that says who serves.

Both ends agree on one folder, `default_socket_dir()` unless `socket_dir` is
set. It must be the user's own and writable by nobody else: who can write
there can put a server of his own in place of the real one.

A server holds `<folder>/<event>.lock` for as long as it serves. The file is
never deleted (a deleted lock can be held twice), and a process that dies
lets go of it, however it dies.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import stat
import sys
import time
import weakref
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from plugwire.errors import (
    AlreadyRunning,
    ConfigurationError,
    ConnectionFailed,
    Denied,
    PlugwireError,
    Problem,
)
from plugwire.logs import clean

LOCK_WAIT = 0.1
"""Seconds for which `EventLock.acquire` tries again: whoever asks for the
owner holds a shared lock for some 10 µs, and must not stop a start."""
FOLDER_WAIT = 5.0
"""Seconds for which `folder_lock` waits: others hold it while they probe,
unlink and bind, which takes well under a millisecond each."""
_PAUSE = 0.002
_OWNER_BYTES = 200

# ------------------------------------------------------------- the folder


def default_socket_dir() -> Path:
    """`$XDG_RUNTIME_DIR/plugwire` where that variable names an existing
    folder by an absolute path, else `~/.plugwire/run`.

    Raises `ConfigurationError` when there is no home directory either.
    """
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if runtime.is_absolute() and runtime.is_dir():
        return runtime / "plugwire"
    try:
        return Path.home() / ".plugwire" / "run"
    except RuntimeError as error:
        raise ConfigurationError(
            [
                Problem(
                    "plugwire.socket_dir",
                    "default",
                    "XDG_RUNTIME_DIR or a home directory",
                    "neither",
                    "set socket_dir",
                )
            ]
        ) from error


def lock_path(socket_dir: Path, event: str) -> Path:
    """Where the lock of `event` is."""
    return socket_dir / f"{event}.lock"


def ensure_private(path: Path) -> None:
    """Make the folder `path`, mode 0700 with its missing parents, or check
    the one that is there.

    Raises `Denied` when it is a symbolic link, somebody else's, writable by
    others or not writable for us, and `ConnectionFailed` when it is no
    folder or cannot be made; each names the folder and the mend.
    """
    try:
        _make(path)
        status = path.lstat()
    except OSError as error:
        raise _failed("make", path, error) from error
    _check(path, status, owners=_me())
    effective = os.access in os.supports_effective_ids
    if not os.access(path, os.W_OK | os.X_OK, effective_ids=effective):
        raise Denied(
            f"{path} is not writable for us",
            f"chmod 700 {shlex.quote(str(path))}, or choose another"
            " socket_dir",
        )


def check_private(path: Path) -> bool:
    """For clients: whether the folder is there; nothing is made.

    Raises as `ensure_private` does, but a folder that root owns, or that we
    may not write to, is good enough to read from.
    """
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _failed("look at", path, error) from error
    _check(path, status, owners=_me() | {0})
    return True


def _make(path: Path) -> None:
    with contextlib.suppress(FileExistsError):
        try:
            path.mkdir(mode=0o700)
        except FileNotFoundError:
            if path.parent == path:
                raise  # a drive that is not there
            _make(path.parent)
            path.mkdir(mode=0o700)


def _me() -> frozenset[int]:
    if sys.platform == "win32":
        return frozenset()
    return frozenset({os.geteuid()})


def _check(path: Path, status: os.stat_result, owners: frozenset[int]) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise Denied(
            f"{path} is a symbolic link, whose target may change",
            "remove it, or name the folder itself as socket_dir",
        )
    if not stat.S_ISDIR(status.st_mode):
        raise ConnectionFailed(
            f"{path} is not a folder; move it away, or choose another"
            " socket_dir",
            address=str(path),
        )
    if sys.platform == "win32":
        return
    if status.st_uid not in owners:
        raise Denied(
            f"{path} belongs to uid {status.st_uid}, and this is uid"
            f" {os.geteuid()}",
            "run as its owner, or choose another socket_dir",
        )
    if status.st_mode & 0o022:
        raise Denied(
            f"{path} (mode {stat.S_IMODE(status.st_mode):04o}) is writable"
            " by others",
            f"chmod 700 {shlex.quote(str(path))}",
        )


def _failed(doing: str, path: Path, error: OSError) -> PlugwireError:
    if error.errno == errno.ELOOP:
        return Denied(
            f"{path} is a symbolic link, which could lead anywhere",
            "remove it",
        )
    if isinstance(error, PermissionError):
        return Denied(
            f"not permitted to {doing} {path}: {error.strerror}",
            "look at the owner and mode of the folders above it, or choose"
            " another socket_dir",
        )
    return ConnectionFailed(
        f"could not {doing} {path}: {error.strerror or error}; mend that, or"
        " choose another socket_dir",
        address=str(path),
    )


# ------------------------------------------------------------------ locks

if sys.platform == "win32":
    import msvcrt

    def _try_lock(
        fd: int,
        *,
        shared: bool = False,  # noqa: ARG001 (there are no shared locks)
    ) -> bool:
        # Locks are mandatory there: one byte far behind the owner's text.
        os.lseek(fd, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(fd: int) -> None:
        os.lseek(fd, 1 << 20, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(fd: int, *, shared: bool = False) -> bool:
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(fd, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(fd: int) -> None:
        # Closing would not do while a forked child has the same open file.
        fcntl.flock(fd, fcntl.LOCK_UN)


_NOFOLLOW = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
)


def _lock_within(fd: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _try_lock(fd):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True


@contextlib.contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Hold the folder itself while something in it is looked at and then
    replaced; no lock file is left behind.

    Raises `ConnectionFailed` when another process holds it for longer than
    `FOLDER_WAIT`, or it cannot be opened. Not on Windows.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _NOFOLLOW)
    except OSError as error:
        raise _failed("open", path, error) from error
    try:
        if not _lock_within(fd, FOLDER_WAIT):
            raise ConnectionFailed(
                f"another process has held {path} locked for"
                f" {FOLDER_WAIT:g} s; end it, or choose another socket_dir",
                address=str(path),
            )
        try:
            yield
        finally:
            _unlock(fd)
    finally:
        os.close(fd)


_held: weakref.WeakSet[EventLock] = weakref.WeakSet()


class EventLock:
    """The lock of one event; whoever holds it is the event's server.

    While it is held the file contains one line, the owner. A forked child
    has let go of it, so that it cannot outlive the server in there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO | None = None

    @property
    def held(self) -> bool:
        """Whether this object, in this process, holds the lock."""
        return self._file is not None

    def acquire(self) -> None:
        """Take the lock; waits `LOCK_WAIT` at most.

        Raises `AlreadyRunning` that names the owner, `Denied` when the file
        may not be opened or is a symbolic link, and `ConnectionFailed` when
        it cannot be written.
        """
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o600)
            file = FileIO(fd, "r+")
        except OSError as error:
            raise _failed("open", self.path, error) from error
        try:
            if not _lock_within(fd, LOCK_WAIT):
                owner = _owner(fd)
                raise AlreadyRunning(
                    f"{self.path.stem} is served already, by {owner} (who"
                    f" holds {self.path}); stop that one, or use another"
                    " event name or socket_dir",
                    owner=owner,
                )
            os.ftruncate(fd, 0)
            os.write(fd, f"{_this_process()}\n".encode(errors="replace"))
        except OSError as error:
            file.close()
            raise _failed("write", self.path, error) from error
        except AlreadyRunning:
            file.close()
            raise
        self._file = file
        _held.add(self)

    def release(self) -> None:
        """Let go, and leave the file empty. Harmless when it is not held."""
        file, self._file = self._file, None
        if file is None:
            return
        _held.discard(self)
        with file:
            file.truncate(0)
            _unlock(file.fileno())

    def _forget(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def lock_owner(path: Path) -> str | None:
    """Who holds the lock file `path`, in words; None when nobody does, or
    nobody that we may see. Looks without waiting."""
    opened: list[int] = []
    try:
        try:
            # Stored before a signal's handler can raise.
            opened.extend(map(os.open, (path,), (os.O_RDONLY | _NOFOLLOW,)))
        except OSError:
            return None
        (fd,) = opened
        if _try_lock(fd, shared=True):
            _unlock(fd)
            return None
        return _owner(fd)
    finally:
        for fd in opened:
            os.close(fd)


def _owner(fd: int) -> str:
    os.lseek(fd, 0, os.SEEK_SET)
    line = os.read(fd, _OWNER_BYTES).decode(errors="replace").strip()
    return clean(line) or "another process"


def _this_process() -> str:
    program = Path(sys.argv[0])
    name = program.name
    if name == "__main__.py":  # python -m
        name = program.parent.name
    elif name in ("", "-c", "-m"):
        name = Path(sys.executable).name
    shown = "".join(c if c.isprintable() else "?" for c in name[:80])
    return f"pid {os.getpid()} ({shown})"


def _let_go_in_child() -> None:
    for lock in tuple(_held):
        lock._forget()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
