"""For all tests: what is not timed, and what must not pass unseen."""

from __future__ import annotations

import gc
import logging
import signal
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Properties are not timed, since machines are busy.
settings.register_profile(
    "plugwire",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("plugwire")

HERE = Path(__file__).parent
# Hundreds of broken plugins, planted faults, projects that are made and
# built, the kit over examples, rules of the sources: a third of the time, and
# what they are about is tested on every Python too.
ONCE = (
    "benchmarks/*.py",
    "core/cli/doctor/*.py",
    "core/cli/test_doctor.py",
    "core/cli/test_new.py",
    "core/cli/test_schema_*.py",
    "core/cli/test_template.py",
    "core/testing/*/*.py",
    "core/testing/test_codec.py",
    "core/testing/test_extension.py",
    "core/testing/test_packaging.py",
    "core/testing/test_permission.py",
    "core/testing/test_queue.py",
    "core/testing/test_transport.py",
    "docs/test_hooks*.py",
    "docs/test_spi_changes.py",
    "docs/test_writing_a_plugin.py",
    "matrix/test_own_codec.py",
    "plugins/*/test_packaging.py",
    "rules/*.py",
    "third_party/*.py",
)

# What runs in the background of a shell ignores SIGINT, and tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what one Python is enough for."""
    path = item.path.relative_to(HERE).as_posix()
    if any(fnmatch(path, pattern) for pattern in ONCE):
        item.add_marker("once")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected stays to the end: the many tests that look for
    garbage of their own need not look through all of it each time."""
    gc.collect()
    gc.freeze()


class _Unseen(logging.Handler):
    """Keeps the errors that asyncio has nobody to raise to: an exception
    never retrieved, a callback that failed."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


@pytest.fixture(autouse=True)
def _nothing_unseen() -> Iterator[None]:
    unseen, log = _Unseen(), logging.getLogger("asyncio")
    log.addHandler(unseen)
    yield
    log.removeHandler(unseen)
    assert unseen.said == []
