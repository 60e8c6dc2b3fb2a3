"""plugwire's path in one process: every variant says what it ought to."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import inprocess
from benchmarks.inprocess import BATCH, VARIANTS, batches, path
from benchmarks.record import Checker


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.mark.parametrize("variant", VARIANTS)
async def test_each_variant_carries_all(variant: str) -> None:
    assert await path(variant, BATCH + 1) > 0


async def test_what_is_lost_is_no_figure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Picky(Checker):
        def report(self) -> dict[str, int]:
            return super().report() | {"lost": 1}

    monkeypatch.setattr(inprocess, "Checker", Picky)
    with pytest.raises(SystemExit, match="composed: "):
        await path("composed", 3)


def test_all_is_said_in_batches() -> None:
    assert batches(2 * BATCH + 3) == [BATCH, BATCH, 3]
    assert batches(BATCH) == [BATCH]
