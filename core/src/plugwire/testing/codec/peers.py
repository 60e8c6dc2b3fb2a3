"""What only a hostile peer would say, in the codec's own format.

An encoder never writes these; `raw` does. So it is the decoder alone that
can be at fault here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from plugwire.framing import MAX_DEPTH
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.model import NUMBER_MAX, message, nested

REQUIRED = (
    "event_name",
    "timestamp_ms",
    "timestamp_iso",
    "message_type",
    "data",
)
_WRONG: dict[str, tuple[Any, ...]] = {
    "event_name": (None, 1, True, ["kit"], "", "a.b", "../x", "x" * 65, "a\n"),
    "timestamp_ms": (None, "1", True, 1.5, [1], NUMBER_MAX + 1),
    "timestamp_iso": (None, 1, ["x"], "x" * 65),
    "message_type": (None, 1, "other", "", "DATA"),
    "data": (None, 1, "text", [], [["a", 1]], True),
    "seq": ("1", True, 1.5, [1], -1, NUMBER_MAX + 1),
    "id": ("1", True, 1.5, [1], -1, NUMBER_MAX + 1),
    "reply_to": ("1", True, 1.5, [1], -1, NUMBER_MAX + 1),
    "op": (1, True, ["gap"], {"gap": 1}),
}
_CASES = [(key, value) for key, values in _WRONG.items() for value in values]


def fields(**changes: Any) -> dict[str, Any]:
    """The mapping of a message; a change to `...` leaves the key out."""
    usual: dict[str, Any] = {
        "event_name": "kit",
        "timestamp_ms": 1767960000123,
        "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
        "message_type": "data",
        "data": {},
    }
    changed = usual | changes
    return {key: value for key, value in changed.items() if value is not ...}


class Peers(Benched):
    """Decoders trust nobody."""

    def says(self, bench: Bench, *values: Any) -> bytes:
        """A frame of `values`, as the codec's format has them."""
        return bench.encoder.frame([self.unchecked(v) for v in values])

    def test_raw_writes_what_the_decoder_reads(self, bench: Bench) -> None:
        """Otherwise the checks that say something wrong with it would pass
        whatever the decoder did."""
        got = bench.read(self.says(bench, fields(), fields(seq=1)))
        assert got == [message(), message(seq=1)], f"received {got}"

    @pytest.mark.parametrize("key", REQUIRED)
    def test_a_missing_field_is_refused(self, bench: Bench, key: str) -> None:
        """Each of the five is always there: programs do not look."""
        bench.is_refused(self.says(bench, fields(**{key: ...})))

    @pytest.mark.parametrize(("key", "value"), _CASES)
    def test_a_wrong_field_is_refused(
        self, bench: Bench, key: str, value: Any
    ) -> None:
        """Not only in the first message of a frame."""
        wrong = fields(**{key: value})
        bench.is_refused(self.says(bench, wrong))
        bench.is_refused(self.says(bench, fields(), wrong))

    def test_unknown_fields_are_ignored(self, bench: Bench) -> None:
        """A later version may have more."""
        more = fields(later=1, other=[{"x": [1.5, "a", None]}])
        assert bench.read(self.says(bench, more)) == [message()]

    def test_kept_is_ignored(self, bench: Bench) -> None:
        """It is the receiver's to say."""
        for kept in (True, False):
            got = bench.read(self.says(bench, fields(kept=kept)))
            assert got == [message()], f"received {got}"

    @pytest.mark.parametrize(
        "value", [None, True, 1, 1.5, "text", [], {}, [[]], ["event_name"]]
    )
    def test_what_is_no_map_of_fields_is_refused(
        self, bench: Bench, value: Any
    ) -> None:
        """In the place of a message."""
        bench.is_refused(self.says(bench, value))

    @pytest.mark.parametrize(
        "key", [1, None, True, b"key", 1.5, ("a",)], ids=repr
    )
    def test_keys_that_are_no_text_never_arrive(
        self, bench: Bench, key: Any
    ) -> None:
        """At the top of `data` and within it. JSON's writers make text of
        some, and then it is text."""
        for data in ({key: 1}, {"in": [{key: 1}]}):
            bench.survives(self.says(bench, fields(data=data)))

    @pytest.mark.parametrize("value", [1 << 64, -(1 << 63) - 1, 1 << 200])
    def test_ints_of_over_64_bits_are_refused(
        self, bench: Bench, value: int
    ) -> None:
        """No other codec could carry them on."""
        for data in ({"n": value}, {"in": [{"n": [value]}]}):
            bench.is_refused(self.says(bench, fields(data=data)))

    @pytest.mark.parametrize(
        "value",
        [
            datetime(2026, 1, 9, tzinfo=UTC),
            Decimal("0.1"),
            UUID(int=1),
            {1, 2},
            1j,
            frozenset({"a"}),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_types_of_the_format_alone_never_arrive(
        self, bench: Bench, value: Any
    ) -> None:
        """Dates, sets and whatever else its library reads: nobody expects
        them, and no other codec could carry them on."""
        for data in ({"value": value}, {"in": [{"value": [value]}]}):
            bench.survives(self.says(bench, fields(data=data)))

    def test_too_many_levels_never_arrive(self, bench: Bench) -> None:
        """What follows walks through `data`, each by its own recursion."""
        deep = nested(MAX_DEPTH)
        got = bench.read(self.says(bench, fields(data=deep)))
        assert got == [message(deep)]
        for levels in (MAX_DEPTH + 1, 2 * MAX_DEPTH):
            wrong = fields(data=nested(levels))
            bench.is_refused(self.says(bench, wrong))

    def test_far_too_many_levels_never_arrive(self, bench: Bench) -> None:
        """A parser that recurses must not fall over the end of its stack."""
        inner = self.unchecked([[[]]])
        outer = self.unchecked([[[[]]]])
        at = outer.find(inner)
        if at < 0:
            pytest.skip("lists do not stand in lists as they are")
        before, after = outer[:at], outer[at + len(inner) :]
        body = before * 100_000 + inner + after * 100_000
        bench.is_refused(bench.encoder.frame([body]))
