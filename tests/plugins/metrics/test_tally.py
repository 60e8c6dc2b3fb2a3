"""Numbers that any thread adds to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from plugwire.message import Message, MessageType
from plugwire_metrics.tally import Denials, Flow, Keeping, Tally

Make = Callable[..., Message]
HERE = {"plugwire.side": "server"}


def made(kind: MessageType) -> Message:
    return Message(
        event_name="status",
        timestamp_ms=0,
        timestamp_iso="",
        message_type=kind,
        data={},
    )


def test_a_flow_counts_messages_by_type(message: Make) -> None:
    flow = Flow(HERE)
    for kind in MessageType:
        flow.message(message(message_type=kind))
    flow.read([message(message_type=kind) for kind in MessageType] * 2, 50)
    flow.read([message()] * 5, 7)
    flow.frame(100)
    assert flow.types() == (("data", 8), ("control", 3), ("error", 3))
    assert flow.bytes == 157
    assert flow.attributes == HERE


def test_denials_are_counted_by_verb() -> None:
    denials = Denials(HERE)
    for verb in ("send", "attach", "send"):
        denials.deny(verb)
    assert denials.verbs == {"send": 2, "attach": 1}


def test_keeping_counts_what_was_lost() -> None:
    keeping = Keeping(HERE)
    keeping.lose(2)
    keeping.lose(0)
    keeping.lose(3)
    assert (keeping.kept, keeping.lost) == (0, 5)


class Slow(int):
    """A number that, the first time it is added to, lets `other` go on."""

    other: Callable[[], object] | None = None

    def __add__(self, count: int) -> int:
        other, self.other = self.other, None
        if other is not None:
            other()
        return Slow(int(self) + count)


def adding() -> Iterator[tuple[str, Tally, str, Callable[[], object]]]:
    """Each number: its tally, its name, and what adds one to it."""
    for name, kind in (
        ("data", MessageType.DATA),
        ("control", MessageType.CONTROL),
    ):
        flow, one = Flow(HERE), made(kind)
        yield name, flow, name, partial(flow.message, one)
    flow = Flow(HERE)
    yield "bytes", flow, "bytes", partial(flow.frame, 1)
    flow = Flow(HERE)
    yield "read", flow, "data", partial(flow.read, [made(MessageType.DATA)], 0)
    keeping = Keeping(HERE)
    yield "lost", keeping, "lost", partial(keeping.lose, 1)


CASES = list(adding())


@pytest.mark.parametrize(
    ("tally", "name", "add"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_no_thread_takes_anothers_count(
    tally: Tally, name: str, add: Callable[[], object]
) -> None:
    thread = threading.Thread(target=add)

    def meanwhile() -> None:
        thread.start()
        thread.join(0.1)  # it waits for its turn, and is not waited for

    number = Slow(0)
    number.other = meanwhile
    setattr(tally, name, number)
    add()
    thread.join()
    assert getattr(tally, name) == 2


def test_no_thread_takes_anothers_denial() -> None:
    denials = Denials(HERE)
    denials.deny("send")
    number = Slow(1)
    thread = threading.Thread(target=denials.deny, args=("send",))

    def meanwhile() -> None:
        thread.start()
        thread.join(0.1)

    number.other = meanwhile
    denials.verbs["send"] = number
    denials.deny("send")
    thread.join()
    assert denials.verbs == {"send": 3}


def test_a_signals_handler_may_count_amidst_a_count() -> None:
    flow = Flow(HERE)
    number = Slow(0)
    number.other = partial(flow.frame, 5)
    flow.bytes = number
    flow.frame(1)
    assert flow.bytes >= 1
