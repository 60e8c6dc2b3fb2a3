"""Distributions that are broken in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugwire.testing import PackagingSuite


class Unused:
    """A distribution's suite has no plugin of its own."""


@pytest.fixture
def turned_down(toy, caught) -> Callable[..., str]:
    """The words with which the check `by` turns the toy down, its files
    being as `toy` takes them."""

    def run(by: str, **files: Any) -> str:
        toy(**files)
        return caught(
            PackagingSuite, Unused, by=by, distribution="plugwire-toy"
        )

    return run


@pytest.fixture
def approved(toy, verdicts) -> Callable[..., str]:
    """How the check `by` ends for the toy."""

    def run(by: str, **files: Any) -> str:
        toy(**files)
        ended = verdicts(
            PackagingSuite, Unused, only=by, distribution="plugwire-toy"
        )
        return ended[by]

    return run
