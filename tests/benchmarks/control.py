"""The child's end of the pipe to the runner: lines of JSON out, words in."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any


def say(word: str, **facts: Any) -> None:
    """Tell the runner where this process is, and what it found."""
    sys.stdout.write(json.dumps({"at": word, **facts}) + "\n")
    sys.stdout.flush()


def wait(word: str) -> None:
    """Wait until the runner says `word`; leave when it is gone."""
    line = sys.stdin.readline()
    if not line:
        raise SystemExit(0)
    if line.strip() != word:
        raise SystemExit(f"expected {word!r} from the runner, found {line!r}")


async def hear(word: str) -> None:
    """The same in a loop, which goes on meanwhile."""
    loop = asyncio.get_running_loop()
    heard = loop.create_future()

    def ready() -> None:
        loop.remove_reader(sys.stdin.fileno())
        heard.set_result(None)

    loop.add_reader(sys.stdin.fileno(), ready)
    await heard
    wait(word)
