"""This machine's load, at a steady beat."""

from plugwire.cli import load
from plugwire.cli.load import FIRST, Machine, beats


async def beat_times(monkeypatch, every, works):
    """When the beats came, on a clock that only sleep and work move."""
    clock = [100.0]

    async def sleep(seconds):
        clock[0] += seconds

    monkeypatch.setattr(load.asyncio, "sleep", sleep)
    source = beats(every, lambda: clock[0])
    times = []
    for work in works:
        await anext(source)
        times.append(round(clock[0] - 100, 6))
        clock[0] += work
    await source.aclose()
    return times


async def test_work_between_two_beats_does_not_move_the_next(monkeypatch):
    times = await beat_times(monkeypatch, 1.0, [0.3, 0.0, 0.9, 0.0])
    assert times == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]


async def test_beats_that_were_missed_are_left_out(monkeypatch):
    times = await beat_times(monkeypatch, 1.0, [3.5, 0.0, 0.0])
    assert times == [FIRST, FIRST + 4, FIRST + 5]


async def test_the_first_beat_is_soon(monkeypatch):
    assert await beat_times(monkeypatch, 0.01, [0, 0]) == [0.01, 0.02]


def test_a_sample_is_of_this_machine():
    sample = Machine().sample()
    assert sample["memory_total"] > sample["memory_used"] > 0
    assert all(isinstance(v, int | float) for v in sample.values())
