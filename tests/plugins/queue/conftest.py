"""What a server offers to a queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from plugwire.interfaces import Kept

MakeKept = Callable[..., Kept]


@pytest.fixture
def kept() -> MakeKept:
    """Makes broadcasts, numbered from 1; `at` and `size` as given."""
    numbers: Iterator[int] = count(1)

    def make(at: float = 0.0, size: int = 1) -> Kept:
        return Kept(next(numbers), (b"x" * size,), size, at)

    return make
