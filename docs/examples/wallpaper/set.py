"""Changes the desktop's wallpaper, once.

    python docs/examples/wallpaper/set.py PATH

Ends with 0 when the daemon has taken it, else with 1 and the reason.
"""

import argparse
import sys
from pathlib import Path

from plugwire import PlugwireError
from plugwire.sync import Client


def main() -> None:
    parser = argparse.ArgumentParser(description="change the wallpaper")
    parser.add_argument("path", type=Path, metavar="PATH")
    path = parser.parse_args().path.absolute()
    try:
        # `receive=False`: it says something and gets an answer; what others
        # are told does not reach it, and it takes no listener's place.
        with Client("wallpaper", receive=False) as client:
            # Not `send`: only an answer says that it was taken.
            answer = client.request({"path": str(path)})
    except PlugwireError as error:
        sys.exit(f"set: {error}")
    print(f"told to {answer.data['listeners']} listeners")


if __name__ == "__main__":
    main()
