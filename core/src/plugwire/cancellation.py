"""To know asyncio's cancellation where asyncio is not imported; no I/O.

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
