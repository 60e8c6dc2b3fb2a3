"""The command `plugwire`.

Nothing is imported before it is known which command runs: a `plugwire send`
in a script pays for what it needs alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command on `argv` (None: the process's own arguments).

    Returns the exit status: 0, 1 (it failed), 2 (it was asked wrongly) or
    130 (Ctrl-C). Belongs to the main thread, for its signals.
    """
    try:
        from plugwire.cli.run import run

        return run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return 130
