"""The package of the face for threads: what it exports, and when."""

from __future__ import annotations

import subprocess
import sys

import pytest

from plugwire import sync

PROGRAM = """
import sys
from plugwire import sync

before = set(sys.modules)
sync.Client
assert "plugwire.sync.client" in sys.modules
assert "plugwire.sync.server" not in sys.modules
sync.Server
assert "plugwire.sync.server" in sys.modules
print("fine")
"""


def test_names_are_there_and_no_others() -> None:
    assert sync.Client.__module__ == "plugwire.sync.client"
    assert sync.Server.__module__ == "plugwire.sync.server"
    assert sync.__all__ == ["Client", "Server"]
    with pytest.raises(AttributeError, match="has no attribute 'Nonse"):
        sync.Nonsense  # noqa: B018 - it is the reading that raises


def test_who_listens_does_not_load_a_server() -> None:
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert found.stdout == "fine\n"
