"""Whose data it is: nothing is kept of a sender's, nothing is shared between
receivers or between threads."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from plugwire.message import Message
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.model import message, rich
from plugwire.testing.suite import DEADLINE

THREADS = 4


class Borrowed(dict[str, Any]):
    """Data that can be seen to be let go."""

    __slots__ = ("__weakref__",)


class Own(Benched):
    """Encoders and decoders between many users."""

    def test_a_message_has_the_same_bytes_each_time(
        self, bench: Bench
    ) -> None:
        """Whatever was encoded between: what is kept and what is sent again
        can be compared."""
        first = bench.wire(rich())
        bench.wire(message({"other": 1}), message({"text": "x" * 999}))
        assert bench.wire(rich()) == first

    def test_two_encoders_write_the_same_bytes(
        self, benches: Callable[..., Bench]
    ) -> None:
        """Doors of one codec share an encoder, or do not."""
        assert benches().wire(rich()) == benches().wire(rich())

    def test_the_senders_data_is_left_as_it_was(self, bench: Bench) -> None:
        """It goes on using it, and another codec encodes it too."""
        sent = rich()
        before = deepcopy(sent)
        bench.wire(sent)
        assert sent == before, f"found {sent}"
        assert list(sent.data) == list(before.data)

    def test_the_senders_data_is_looked_at_each_time(
        self, bench: Bench
    ) -> None:
        """The same dict with another value in it, at the top or within, is
        another message."""
        data: dict[str, Any] = {"n": 0, "in": [{"n": 0}]}
        for n in range(3):
            data["n"] = data["in"][0]["n"] = n
            got = bench.carry(message(data)).data
            assert got == {"n": n, "in": [{"n": n}]}, f"received {got}"

    def test_the_senders_data_is_let_go(self, bench: Bench) -> None:
        """An encoder lives as long as its server: what it remembers of each
        message is a leak."""
        data = Borrowed(a=1)
        gone = weakref.ref(data)
        bench.encoder.encode(message(data))
        del data
        gc.collect()
        assert gone() is None, f"held by {gc.get_referrers(gone())!r:.300}"

    def test_a_body_does_not_change_with_the_senders_data(
        self, bench: Bench
    ) -> None:
        """It was said when it was said."""
        inner = [1]
        body = bench.encoder.encode(message({"in": inner}))
        inner.append(2)
        (got,) = bench.read(bench.encoder.frame([body]))
        assert got.data == {"in": [1]}

    def test_what_arrives_is_the_receivers_own(self, bench: Bench) -> None:
        """Programs change it: no other message may change with it."""
        want = {"a": {"b": [1, {"c": 2}]}, "d": []}
        decoder, other = bench.decoder(), bench.decoder()
        data = bench.wire(message(want), message(want))
        first, second = decoder.feed(data)
        first.data["a"]["b"][1]["c"] = 3
        first.data["a"]["b"].append(4)
        first.data["d"].append(first.data["a"])
        later = [second, *decoder.feed(data), *other.feed(data)]
        found = [m.data for m in later]
        assert found == [want] * 5, f"found {found}"

    def test_one_encoder_serves_many_decoders(self, bench: Bench) -> None:
        """Each in a state of its own, amidst its frames."""
        data = bench.wire(rich()) + bench.wire(message())
        decoders = [bench.decoder() for _ in range(20)]
        got: list[list[Message]] = [[] for _ in decoders]
        for step in range(40):  # each one starts a step behind the last
            for late, decoder in enumerate(decoders):
                a, b = _span(step - late, 20, len(data))
                got[late] += decoder.feed(data[a:b])
        assert got == [[rich(), message()]] * 20

    def test_an_encoder_is_no_threads_own(self, bench: Bench) -> None:
        """One at a time, but any: `broadcast` may be called from all."""
        wires = [bench.wire(rich())]
        in_threads(1, lambda: wires.append(bench.wire(rich())))
        assert wires == [bench.wire(rich())] * 2

    def test_a_decoder_is_no_threads_own(self, bench: Bench) -> None:
        """A blocking client reads in whichever thread asks."""
        data = bench.wire(rich())
        decoder, got = bench.decoder(), []
        decoder.feed(data[:9])
        in_threads(1, lambda: got.extend(decoder.feed(data[9:])))
        assert got == [rich()]

    def test_decoders_work_at_once(self, bench: Bench) -> None:
        """Clients in threads, each with its own and a piece further at each
        step: nothing beneath is shared."""
        sent = [rich()] * 20
        data = bench.wire(*sent)
        together = threading.Barrier(THREADS, timeout=DEADLINE)

        def read() -> None:
            decoder, got = bench.decoder(), []
            try:
                for at in range(0, len(data), 701):
                    together.wait()
                    got += decoder.feed(data[at : at + 701])
            except BaseException:
                together.abort()  # the others need not wait for this one
                raise
            assert got == sent, f"received {len(got)} of {len(sent)}"

        in_threads(THREADS, read)


def in_threads(count: int, work: Callable[[], object]) -> None:
    """Call `work` in so many threads at once, and raise what one raises."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive(), "a thread did not end"
    if failed:
        raise failed[0]


def _span(step: int, steps: int, size: int) -> tuple[int, int]:
    """The part of `size` bytes that is due at `step`: none before the first
    and behind the last."""
    if not 0 <= step < steps:
        return 0, 0
    return size * step // steps, size * (step + 1) // steps
