"""What an import does to a process: `python probe.py REPORT`.

Run as a file, in a process of its own that has imported nothing yet. The
entry points' values come as JSON on standard input, the observations go to
the file REPORT, for standard output is among what is observed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import locale
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

PROCESSES = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "subprocess.Popen",
    }
)
CHANGES = frozenset(
    {
        "os.chmod",
        "os.chown",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "os.truncate",
    }
)
"""Audit events of a file system that is written to, `open` aside."""
SETTLE = 1.0
"""Seconds that a thread may take for its end."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """What the interpreter's audit events tell, from whatever language the
    call came; `seen` is by topic."""

    def __init__(self) -> None:
        self.seen: dict[str, list[str]] = {
            "sockets": [],
            "files": [],
            "processes": [],
        }
        self._is_on = False

    def __enter__(self) -> Watch:
        sys.addaudithook(self._heard)
        self._is_on = True
        return self

    def __exit__(self, *_: object) -> None:
        self._is_on = False

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        if event == "socket.__new__":
            self.seen["sockets"].append(f"socket{args[1:]}")
        elif event in PROCESSES:
            self.seen["processes"].append(f"{event} {args[0]!s:.80}")
        elif event in CHANGES:
            self.seen["files"].append(f"{event} {args[0]!s:.200}")
        elif event == "open" and args[2] & WRITING and args[0] != os.devnull:
            self.seen["files"].append(f"open {args[0]!s:.200}")


def state() -> dict[str, str]:
    """What belongs to the whole program, and is not a plugin's to set."""
    signals = ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD", "SIGPIPE")
    own: dict[str, Any] = {
        f"the handler of {name}": signal.getsignal(getattr(signal, name))
        for name in signals
        if hasattr(signal, name)
    }
    mask = os.umask(0o077)
    os.umask(mask)
    own |= {
        "the working folder": Path.cwd(),
        "the environment": sorted(os.environ.items()),
        "sys.path": sys.path,
        "sys.excepthook": sys.excepthook,
        "threading.excepthook": threading.excepthook,
        "sys.stdout": sys.stdout,
        "sys.stderr": sys.stderr,
        "the umask": mask,
        "the locale": locale.setlocale(locale.LC_ALL),
        "the root logger": (logging.root.level, logging.root.handlers),
        "the recursion limit": sys.getrecursionlimit(),
        "the switch interval": sys.getswitchinterval(),
        "the garbage collector": (gc.isenabled(), gc.get_threshold()),
    }
    return {name: repr(value) for name, value in own.items()}


def threads() -> list[str]:
    """Those of Python by name, others by number, where the system tells."""
    named = {
        thread.native_id: f"{thread.name!r}"
        for thread in threading.enumerate()
    }
    with contextlib.suppress(OSError):
        for task in Path("/proc/self/task").iterdir():
            named.setdefault(int(task.name), f"native {task.name}")
    return sorted(named.values())


def left_threads(before: Collection[str]) -> list[str]:
    """Those that are not of `before`, once whoever is ending has ended: the
    kernel shows a thread for a moment after it was joined."""
    until = time.monotonic() + SETTLE
    while True:
        found = [name for name in threads() if name not in before]
        if not found or time.monotonic() > until:
            return found
        time.sleep(SETTLE / 100)


def open_sockets() -> int:
    """How many the kernel has for this process, where it tells."""
    links = []
    with contextlib.suppress(OSError):
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                links.append(str(link.readlink()))
    return sum(link.startswith("socket:") for link in links)


def fetch(value: str) -> dict[str, str]:
    """Import one target: the error, or what it is."""
    module, _, path = value.partition(":")
    try:
        target: Any = importlib.import_module(module.strip())
        for attribute in filter(None, path.strip().split(".")):
            target = getattr(target, attribute)
    except BaseException as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {
        "error": "",
        "type": "class"
        if isinstance(target, type)
        else f"{type(target).__name__}",
    }


def main() -> None:
    """Import, look, report."""
    values = json.load(sys.stdin)
    before, sockets, others = state(), open_sockets(), threads()
    with Watch() as watch:
        targets = {value: fetch(value) for value in values}
    after = state()
    report = {
        "targets": targets,
        "modules": sorted(sys.modules),
        "threads": left_threads(others),
        "open_sockets": open_sockets() - sockets,
        "changed": [name for name in before if before[name] != after[name]],
        **watch.seen,
    }
    Path(sys.argv[1]).write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    main()
