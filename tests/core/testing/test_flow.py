"""The settings of a flow, and how a change reaches who waits."""

import asyncio
import threading

import pytest

from plugwire.errors import ValidationFailed
from plugwire.testing import Flow
from plugwire.testing.flow import Pulse


@pytest.fixture
def flow():
    return Flow(Pulse())


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "delay",
            [0, 0.5, 3600],
            [-1, float("inf"), float("nan"), None, True],
        ),
        ("throttle", [None, 0.5, 10**9], [0, -1, "fast", False]),
        ("split", [None, 1, 1000], [0, -1, 1.5, True]),
        ("reset_after", [None, 0, 1000], [-1, 1.5, "x"]),
        ("blackhole", [True, False], [None, 1]),
    ],
)
def test_settings_are_checked(flow, name, good, bad):
    for value in good:
        setattr(flow, name, value)
        assert getattr(flow, name) == value
    for value in bad:
        with pytest.raises(ValidationFailed, match=f"{name} of a flow"):
            setattr(flow, name, value)
        assert getattr(flow, name) == good[-1]


def test_a_misspelled_setting_is_refused(flow):
    with pytest.raises(AttributeError):
        flow.throtle = 3


def test_clear_lets_everything_pass(flow):
    flow.delay, flow.throttle, flow.split = 1, 2, 3
    flow.reset_after, flow.blackhole = 4, True
    flow.clear()
    assert (flow.delay, flow.blackhole) == (0, False)
    assert flow.throttle is flow.split is flow.reset_after is None


async def test_a_change_in_another_thread_wakes_all_who_wait():
    pulse = Pulse()
    flow = Flow(pulse)
    pulse.start()
    waiting = [asyncio.create_task(pulse.wait(s)) for s in (None, 3600)]
    await asyncio.sleep(0)
    thread = threading.Thread(target=setattr, args=(flow, "delay", 1))
    thread.start()
    await asyncio.gather(*waiting)
    thread.join()


async def test_a_wait_ends_after_its_seconds():
    pulse = Pulse()
    pulse.start()
    await pulse.wait(0.001)


def test_a_change_after_the_loop_was_closed_raises_nothing(flow):
    async def main():
        pulse.start()

    pulse = Pulse()
    asyncio.run(main())
    Flow(pulse).delay = 1
