"""What a run ran on: the machine and the versions."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.pace import speed

PACKAGES = (
    "plugwire",
    "msgpack",
    "msgspec",
    "pluggy",
    "uvloop",
    "pyzmq",
    "nats-py",
    "eclipse-zenoh",
    "websockets",
    "redis",
    "hiredis",
)
PROGRAMS = {
    "nats-server": "--version",
    "redis-server": "--version",
    "valgrind": "--version",
}


def machine() -> dict[str, str]:
    """The processor, the kernel, the limits that matter."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{_memory():.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} "
        f"{platform.python_version()}, in {sys.base_prefix}",
        # How Python was built is a quarter of what its code takes, and not
        # every Python can tell.
        "a fixed loop": f"{min(speed() for _ in range(9)) * 1e3:.1f} ms",
        "open files": str(files),
        "load average": " ".join(f"{part:.1f}" for part in os.getloadavg()),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> float:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return pages * size / (1 << 30)


def versions() -> dict[str, str]:
    """Of the packages and programs that take part; those that are there."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    for program, flag in PROGRAMS.items():
        if path := shutil.which(program):
            said = subprocess.run(
                [path, flag], capture_output=True, text=True, check=False
            )
            found[program] = (said.stdout or said.stderr).strip()[:60]
    return found
