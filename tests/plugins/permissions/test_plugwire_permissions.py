"""What the package gives, each when it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import plugwire_permissions


@pytest.mark.parametrize("name", plugwire_permissions.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(plugwire_permissions, name).__name__ == name
    assert getattr(plugwire_permissions, name).__module__.startswith(
        "plugwire_permissions."
    )


def test_no_other_name_is() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nobody'"):
        getattr(plugwire_permissions, "Nobody".title())


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys, plugwire_permissions as package; "
        "own = f'{package.__name__}.'; "
        "print([m for m in sys.modules if m.startswith(own)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr
