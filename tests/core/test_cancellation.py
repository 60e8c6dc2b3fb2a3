"""asyncio's cancellation, known without asyncio."""

from __future__ import annotations

import asyncio
import subprocess
import sys

from plugwire.cancellation import is_cancelled


class Mine(asyncio.CancelledError):
    """As a library may derive its own."""


def test_a_cancellation_is_known() -> None:
    assert is_cancelled(asyncio.CancelledError())
    assert is_cancelled(Mine())


def test_nothing_else_is_one() -> None:
    for error in (Exception(), KeyboardInterrupt(), BaseException()):
        assert not is_cancelled(error)


def test_asyncio_is_not_imported_for_it() -> None:
    script = (
        "import sys\n"
        "from plugwire.cancellation import is_cancelled\n"
        "assert not is_cancelled(BaseException())\n"
        "assert 'asyncio' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
