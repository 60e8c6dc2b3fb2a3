"""Knows the desktop's wallpaper, and tells it to whoever shows it.

    python docs/examples/wallpaper/daemon.py

`set.py` asks it for another one, `listen.py` hears of it. The last one is
kept on disk, so a desktop that starts again has it. SIGTERM and Ctrl-C end
it.
"""

import logging
import os
import sys
import threading
from pathlib import Path

from plugwire import Message, PlugwireError, RequestFailed
from plugwire.registry import ClientInfo
from plugwire.sync import Server

HOME = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
STATE = Path(HOME) / "plugwire-wallpaper"

server = Server(
    "wallpaper",
    # What counts is the wallpaper now, not those before it: nothing is kept
    # for who comes late (see `now`), and who is slow gets the last alone.
    queue="none",
    lag="keep_latest",
    max_connections=50,  # listeners: a screen, a panel, a lock screen, ...
)
changing = threading.Lock()
current = ""  # none yet


@server.snapshot
def now(_: ClientInfo) -> dict[str, str] | None:
    """The first thing that a newcomer hears, so nobody comes too late."""
    return {"path": current} if current else None


@server.on_message
def change(_: ClientInfo, message: Message) -> dict[str, object]:
    """Take another wallpaper; the answer is for `set.py`, and so is what is
    raised. Each client has a thread of a pool for this: two may come at
    once."""
    global current
    path = Path(str(message.data.get("path", "")))
    if not path.is_absolute() or not path.is_file():
        raise RequestFailed(f"there is no file {path}")
    with changing:
        # First it is so, then it is said. The other way round, somebody who
        # joins in between would hear of the old one only; without the lock
        # two changes could be made in one order and told in the other.
        keep(str(path))
        current = str(path)
        listeners = server.broadcast({"path": current})
    return {"path": current, "listeners": listeners}


def keep(path: str) -> None:
    """Write it down, whole or not at all."""
    STATE.parent.mkdir(parents=True, exist_ok=True)
    draft = STATE.with_suffix(".new")
    draft.write_text(path, "utf-8")
    draft.replace(STATE)


def main() -> None:
    global current
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if STATE.exists():
        current = STATE.read_text("utf-8")
    try:
        # In this thread, until a signal comes. A program with other things
        # to do says `with server:`, and the server has a thread of its own.
        server.serve_forever()
    except PlugwireError as error:  # served already, for one
        sys.exit(f"daemon: {error}")


if __name__ == "__main__":
    main()
