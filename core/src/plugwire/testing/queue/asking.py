"""The hook, and `wants`, which is asked for every broadcast."""

from __future__ import annotations

import threading
from typing import Any

from plugwire.interfaces import Queue
from plugwire.testing.asking import hooks
from plugwire.testing.pipes import Pipes
from plugwire.testing.queue.base import (
    FEW,
    MakeQueue,
    QueueBase,
    broadcasts,
    drain,
    expect,
    offer,
    preface,
)
from plugwire.testing.watching import watched

AUDIENCES = (0, 1, 2, 10, 4096, 10**9)
"""How many clients there may be."""
THREADS = 4
TIMES = 2000


class Asking(QueueBase):
    """How a queue comes to be, and what it says when asked."""

    def test_a_server_is_composed_with_it(
        self, instance: Any, pipes: Pipes
    ) -> None:
        """Core refuses a plugin whose hooks it cannot use: that is seen
        here before a user sees it."""
        pipes.pipeline(queue=instance)

    def test_it_answers_queue_and_no_other_hook(self, instance: Any) -> None:
        """One plugin has one kind; a hook of another is refused."""
        expect("hooks", sorted(hooks(instance)), ["queue"])

    def test_it_begins_empty(self, queue: Queue) -> None:
        """Nobody has said anything yet."""
        expect("len of a new queue", len(queue), 0)
        expect("preface of a new queue", preface(queue), [])
        expect("clear of a new queue", queue.clear(), 0)

    def test_servers_do_not_share_it(self, fresh: MakeQueue) -> None:
        """Two servers in one process have a queue each: what is said to one
        event must not reach the clients of another."""
        one, other = fresh(), fresh()
        offer(one, broadcasts(FEW))
        expect("len of another server's queue", len(other), 0)
        expect("what another server's newcomer gets", drain(other), [])

    def test_making_it_does_no_input_or_output(self, fresh: MakeQueue) -> None:
        """Composing must be quick and possible anywhere."""
        fresh()  # what is imported is imported now
        with watched() as seen:
            fresh()
        assert not seen, f"making the queue did {', '.join(seen)}"

    def test_keeping_does_no_input_or_output(self, queue: Queue) -> None:
        """It is called in the server's loop, between two messages: whatever
        waits there stops every client."""
        offer(queue, broadcasts(FEW))  # what is imported is imported now
        drain(queue)
        items = broadcasts(FEW, first=FEW + 1)
        with watched() as seen:
            queue.wants(0)
            offer(queue, items)
            given = queue.preface(0, None, 1000.0)
            queue.returned(given)
            queue.clear()
        assert not seen, f"the queue did {', '.join(seen)}"

    def test_wants_says_yes_or_no(self, queue: Queue) -> None:
        """Core asks it before it encodes, and takes True and False."""
        for joined in AUDIENCES:
            answer: object = queue.wants(joined)
            assert isinstance(answer, bool), (
                f"wants({joined}) must be True or False; found {answer!r}"
            )

    def test_wants_goes_by_the_claim(self, queue: Queue) -> None:
        """A queue that keeps anything must want what nobody hears; one that
        keeps nothing makes the server encode for nothing if it does."""
        expect("wants(0)", queue.wants(0), self.is_keeping())
        history = "each" in self.capabilities
        if history:
            expect("wants(1) of a history", queue.wants(1), True)

    def test_wants_changes_nothing(self, queue: Queue) -> None:
        """It is asked for each broadcast, kept or not."""
        offer(queue, broadcasts(FEW))
        before = len(queue)
        answers = {queue.wants(0) for _ in range(TIMES)}
        expect("answers of wants(0), asked again and again", len(answers), 1)
        expect("len after wants", len(queue), before)

    def test_wants_may_be_asked_from_any_thread(self, queue: Queue) -> None:
        """`broadcast` may be called anywhere, and asks at once, while the
        loop offers and hands over."""
        wrong: list[object] = []
        start = threading.Barrier(THREADS + 1)

        def work() -> None:
            start.wait()
            try:
                for number in range(TIMES):
                    answer: object = queue.wants(number % 2)
                    if not isinstance(answer, bool):
                        wrong.append(answer)
            except Exception as error:
                wrong.append(error)

        crowd = [threading.Thread(target=work) for _ in range(THREADS)]
        for thread in crowd:
            thread.start()
        start.wait()
        for number in range(TIMES // FEW):
            offer(queue, broadcasts(FEW, first=1 + number * FEW))
            drain(queue)
        for thread in crowd:
            thread.join()
        expect("trouble in other threads", wrong, [])

    def test_what_it_does_not_want_it_does_not_keep(
        self, fresh: MakeQueue
    ) -> None:
        """Others may have joined since `wants` was asked: `offer` goes by
        the number that it is told, and by the same rule."""
        for joined in AUDIENCES:
            queue = fresh()
            wanted = queue.wants(joined)
            lost = offer(queue, broadcasts(FEW), joined)
            if not wanted:
                expect(f"len after an unwanted offer to {joined}",
                       len(queue), 0)  # fmt: skip
                expect(f"lost of an unwanted offer to {joined}", lost, 0)
