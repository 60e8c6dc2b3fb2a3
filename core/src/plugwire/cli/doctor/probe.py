"""A child process that is asked one thing, within a time and a size."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from typing import IO

import msgspec
from msgspec import Struct

from plugwire.cli.doctor.child import Asked, Told

DEADLINE = 20.0
"""Seconds for one child: a hundred times what a heavy import takes."""
MAX_OUTPUT = 1 << 20
"""Bytes that a child may write: a plugin that prints for ever is ended."""
_LINGER = 1.0
"""Seconds for which the output of a child that has ended is waited for:
what it started may hold the pipe."""
_START = (
    "import json, sys; mark, asked, path = sys.argv[1:]; "
    "sys.path[:] = json.loads(path); sys.argv[1:] = []; "
    "from plugwire.cli.doctor.child import main; main(mark, asked)"
)


class Answer(Struct, frozen=True):
    """What a child told. `ended` says in words how it ended where it told
    nothing; `printed` is the beginning of what the plugin wrote."""

    told: Told
    ended: str = ""
    printed: str = ""

    @property
    def well(self) -> bool:
        """Whether it told, and told of no problem."""
        return not self.ended and not self.told.problems


def probe(asked: Asked, deadline: float = DEADLINE) -> Answer:
    """Ask a child, which has this process's sys.path and environment."""
    mark = f"\n{secrets.token_hex(16)} "
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _START,
            mark,
            msgspec.json.encode(asked).decode(),
            json.dumps([part for part in sys.path if isinstance(part, str)]),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout is not None
    output = bytearray()
    reader = threading.Thread(
        target=_read, args=(process.stdout, output, process), daemon=True
    )
    reader.start()
    late = False
    try:
        process.wait(deadline)
    except subprocess.TimeoutExpired:
        late = True
    finally:
        _end(process)
        reader.join(_LINGER)
    printed, _, told = bytes(output).partition(mark.encode())
    words = printed[:200].decode(errors="replace").strip()
    if told:
        return Answer(msgspec.json.decode(told, type=Told), printed=words)
    if late:
        ended = f"it did not end within {deadline:g} s"
    elif len(output) >= MAX_OUTPUT:
        ended = f"it printed more than {MAX_OUTPUT} bytes"
    else:
        ended = f"it ended the process (exit status {process.returncode})"
    return Answer(Told(), ended, words)


def _read(
    stream: IO[bytes], output: bytearray, process: subprocess.Popen[bytes]
) -> None:
    with stream:
        while part := os.read(stream.fileno(), 1 << 16):
            output += part
            if len(output) >= MAX_OUTPUT:
                process.kill()
                return


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child and what it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
