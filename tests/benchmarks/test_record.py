"""The record, and that its check sees what is wrong."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest

from benchmarks.record import (
    WHOLE,
    Checker,
    Fault,
    TimedChecker,
    data,
    record,
    series,
)

COUNT = 3 * WHOLE


def fed(checker: Checker, contents: list[dict[str, Any]]) -> dict[str, int]:
    ends = [checker.take(content) for content in contents]
    assert ends[:-1] == [False] * (len(ends) - 1)
    report = checker.report()
    del report["ended"]
    return report


def report(lost: int = 0, disordered: int = 0, wrong: int = 0) -> object:
    return {"lost": lost, "disordered": disordered, "wrong": wrong}


def test_record_has_the_size_of_the_others() -> None:
    for seq in (0, 100, 50_000, 70_000):
        assert 248 <= len(msgpack.packb(record(data(seq)))) <= 256


@pytest.mark.parametrize("size", [0, 5000])
def test_all_right(size: int) -> None:
    contents = list(series(COUNT, size))
    assert fed(Checker(COUNT, size), contents) == report()


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (Fault("drop", 7), report(lost=1)),
        (Fault("drop", 0), report(lost=1)),
        (Fault("drop", COUNT - 1), report(lost=1)),
        (Fault("swap", 7), report(disordered=1)),
        (Fault("repeat", 7), report(disordered=1)),
        (Fault("corrupt", 7), report(wrong=1)),
    ],
)
@pytest.mark.parametrize("kind", [Checker, TimedChecker])
def test_each_fault_is_found(
    fault: Fault, found: object, kind: type[Checker]
) -> None:
    contents = list(series(COUNT, fault=fault))
    assert fed(kind(COUNT), contents) == found


def test_nothing_came() -> None:
    assert fed(Checker(COUNT), [{"seq": 0, "load": 0.0}])["lost"] == COUNT - 1
    assert Checker(COUNT).report()["lost"] == COUNT


def test_whole_content_is_compared_now_and_then() -> None:
    contents = list(series(COUNT))
    contents[WHOLE]["memory"] = 0.62
    assert fed(Checker(COUNT), contents) == report(wrong=1)
    contents = list(series(COUNT, 5000))
    contents[WHOLE]["blob"] = bytes(5000)
    assert fed(Checker(COUNT, 5000), contents) == report(wrong=1)


def test_moments_are_of_each_message() -> None:
    checker = TimedChecker(COUNT)
    fed(checker, list(series(COUNT)))
    assert len(checker.moments) == COUNT
    assert checker.moments == sorted(checker.moments)
