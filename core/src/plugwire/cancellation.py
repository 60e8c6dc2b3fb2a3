"""To know whose an exception is, where asyncio is not imported; no I/O.

The machines that both faces share are asked in programs without asyncio
too, which would pay for its import at their start.
"""

from __future__ import annotations

import sys


def is_cancelled(error: BaseException) -> bool:
    """Whether `error` is asyncio's `CancelledError`: whoever raised it has
    imported it."""
    exceptions = sys.modules.get("asyncio.exceptions")
    if exceptions is None:
        return False
    return isinstance(error, exceptions.CancelledError)


def is_own(error: BaseException) -> bool:
    """Whether `error` came from what was called and raised it.

    A cancellation did, where nobody waits. What else is no Exception may be
    a signal's, and the program's: but in the main thread alone, for no
    handler of a signal runs in another one.
    """
    if isinstance(error, Exception) or is_cancelled(error):
        return True
    threading = sys.modules.get("threading")
    if threading is None:
        return False
    return bool(threading.get_ident() != threading.main_thread().ident)
