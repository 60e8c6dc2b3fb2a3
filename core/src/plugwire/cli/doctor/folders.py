"""Checks of the folder of sockets, and of what a crash left in it."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from plugwire.cli.doctor.case import Case
from plugwire.cli.doctor.check import Check, Finding
from plugwire.errors import PlugwireError
from plugwire.rundir import check_private, lock_owner, lock_path

MOST = 10_000
"""Files of the folder that are looked at: a server has four."""


def _runtime(case: Case) -> Iterator[Finding]:
    text = os.environ.get("XDG_RUNTIME_DIR", "")
    if not text or case.settings.socket_dir is not None:
        return
    path = Path(text)
    wrong = ""
    if not path.is_absolute():
        wrong = "it is no absolute path"
    elif not path.is_dir():
        wrong = "there is no such folder"
    else:
        status = path.stat()
        mode = stat.S_IMODE(status.st_mode)
        if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
            wrong = f"it belongs to uid {status.st_uid}"
        elif os.name == "posix" and mode & 0o022:
            wrong = f"others can write there (mode {mode:04o})"
    if wrong:
        yield Finding(
            subject=f"XDG_RUNTIME_DIR ({text})",
            found=f"{wrong}; programs that have it right look for their "
            "servers elsewhere",
            mend="log in anew, unset it, or set socket_dir for all programs",
        )


def _folder(case: Case) -> Iterator[Finding]:
    try:
        check_private(case.folder)
    except PlugwireError as error:
        found, _, mend = str(error).partition("; ")
        yield Finding(
            subject="plugwire.socket_dir",
            found=found,
            mend=mend or "choose another socket_dir",
        )


def _files(case: Case) -> Iterator[Finding]:
    if os.name != "posix":
        return
    for path, status in _inside(case):
        if not stat.S_ISREG(status.st_mode):
            continue
        mode = stat.S_IMODE(status.st_mode)
        if status.st_uid != os.geteuid():
            yield Finding(
                subject=str(path),
                found=f"it belongs to uid {status.st_uid}, and this is uid "
                f"{os.geteuid()}",
                mend=f"remove it as its owner, or choose another socket_dir "
                f"than {path.parent}",
            )
        elif mode & 0o077:
            yield Finding(
                subject=str(path),
                found=f"it is open to others (mode {mode:04o})",
                mend=f"chmod 600 {shlex.quote(str(path))}; make a token anew "
                "if somebody may have read it",
            )


def _sockets(case: Case) -> Iterator[Finding]:
    for path, status in _inside(case):
        if stat.S_ISSOCK(status.st_mode) and not _is_served(path):
            yield Finding(
                subject=str(path),
                found="no server holds its event: a crash left it",
                mend="start the server again, which replaces it, or rm "
                + shlex.quote(str(path)),
            )


def _locks(case: Case) -> Iterator[Finding]:
    for path, status in _inside(case):
        # An empty one is what a server leaves that was stopped.
        if path.suffix != ".lock" or not status.st_size or _is_served(path):
            continue
        yield Finding(
            subject=str(path),
            found="nobody holds it, and it still names its server: that one "
            "crashed",
            mend="look into its log; the next server takes the file over",
        )


def _doors(case: Case) -> Iterator[Finding]:
    for path, _ in _inside(case):
        if path.suffix == ".doors" and not _is_served(path):
            yield Finding(
                subject=str(path),
                found="the server that wrote it is dead: no client reads it",
                mend="start the server again, or rm " + shlex.quote(str(path)),
            )


def _is_served(path: Path) -> bool:
    """Whether somebody holds the event of this file: no event has a dot."""
    event = path.name.partition(".")[0]
    return lock_owner(lock_path(path.parent, event)) is not None


def _inside(case: Case) -> Iterator[tuple[Path, os.stat_result]]:
    """The files of the folder; none where it cannot be looked into, as the
    check of the folder says."""
    try:
        if not check_private(case.folder):
            return
        with os.scandir(case.folder) as entries:
            names = [entry.name for entry in islice(entries, MOST)]
    except (OSError, PlugwireError):
        return
    for name in sorted(names):
        path = case.folder / name
        try:
            status = path.lstat()
        except OSError:
            continue  # it went away meanwhile
        yield path, status


CHECKS = (
    Check("runtime-dir", "XDG_RUNTIME_DIR is the user's folder", _runtime),
    Check("socket-dir", "the folder of sockets is private", _folder),
    Check("private-files", "so are the files in it, tokens too", _files),
    Check("stale-sockets", "no socket is left by a crash", _sockets),
    Check("stale-locks", "no lock names a dead server", _locks),
    Check("stale-doors", "no doors file is a dead server's", _doors),
)
