"""The package's names, bound when they are first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import plugwire.testing


@pytest.mark.parametrize("name", plugwire.testing.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(plugwire.testing, name).__name__ == name
    assert name in dir(plugwire.testing)


def test_no_other_name_is_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Suiet'"):
        plugwire.testing.Suiet  # noqa: B018 # the look is what is tested


def test_a_program_without_pytest_has_the_proxy() -> None:
    script = (
        "import sys; sys.modules['pytest'] = None\n"
        "from plugwire.testing import ChaosProxy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
