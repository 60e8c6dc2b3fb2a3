"""asyncio's cancellation, known without asyncio."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from plugwire.cancellation import is_cancelled, is_own


class Mine(asyncio.CancelledError):
    """As a library may derive its own."""


def test_a_cancellation_is_known() -> None:
    assert is_cancelled(asyncio.CancelledError())
    assert is_cancelled(Mine())


def test_nothing_else_is_one() -> None:
    for error in (Exception(), KeyboardInterrupt(), BaseException()):
        assert not is_cancelled(error)


@pytest.mark.parametrize("error", [OSError(), StopIteration(), Mine()])
def test_what_was_called_has_its_own_exceptions(error: BaseException) -> None:
    assert is_own(error)


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(), BaseException()], ids=repr
)
def test_a_signal_is_the_main_threads(error: BaseException) -> None:
    assert not is_own(error)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(is_own, error).result()


def test_asyncio_is_not_imported_for_it() -> None:
    script = (
        "import sys\n"
        "from plugwire.cancellation import is_cancelled, is_own\n"
        "assert not is_cancelled(BaseException())\n"
        "assert not is_own(KeyboardInterrupt())\n"
        "assert 'asyncio' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
