"""Shows the desktop's wallpaper: now, and whenever it changes.

    python docs/examples/wallpaper/listen.py [--run COMMAND]

Prints the path, or runs COMMAND with the path behind it, such as
`--run "feh --bg-fill"`. Ctrl-C and SIGTERM end it.
"""

import argparse
import shlex
import signal
import subprocess
import sys

from plugwire import PlugwireError
from plugwire.sync import Client


def show(path: str, command: list[str]) -> None:
    """Apply the wallpaper; a command that fails is no reason to end."""
    if not command:
        print(path, flush=True)
        return
    try:
        subprocess.run([*command, path], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"listen: {error}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description="show the wallpaper")
    parser.add_argument("--run", metavar="COMMAND", default="")
    command = shlex.split(parser.parse_args().run)
    # An exit like any other: `with` says goodbye on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    shown = None
    try:
        # The daemon may be started after this, within `default_timeout`,
        # and again at any time: the client waits, and comes back by itself.
        with Client("wallpaper", message_types=["data"]) as client:
            for message in client:
                # While the command ran, others may have come: the last one
                # counts. After a restart of the daemon the same comes again.
                while client.buffered:
                    message = client.receive()
                if message.data["path"] != shown:
                    shown = message.data["path"]
                    show(shown, command)
    except KeyboardInterrupt:
        sys.exit(130)
    except PlugwireError as error:
        sys.exit(f"listen: {error}")


if __name__ == "__main__":
    main()
