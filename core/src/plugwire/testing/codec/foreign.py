"""What no message may hold is refused to its sender, by each codec alike."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from plugwire.framing import MAX_DEPTH
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.model import message, nested, rich
from plugwire.values import INT_MAX, INT_MIN


class Foreign(Benched):
    """A program that is tested with one codec works with all."""

    def test_ints_beyond_are_refused(self, bench: Bench) -> None:
        """An int that the other side cannot hold is told to its sender."""
        for value in (INT_MIN - 1, INT_MAX + 1, 1 << 100, [1, [-1 << 90]]):
            bench.encoder_refuses(message({"value": value}))

    def test_half_a_surrogate_is_refused(self, bench: Bench) -> None:
        """It is no text in UTF-8; file names bring it."""
        bench.encoder_refuses(message({"value": "\ud800"}))
        bench.encoder_refuses(message({"list": ["a", {"b": "\udfff"}]}))
        bench.encoder_refuses(message({"\udc80": 1}))

    def test_too_many_levels_are_refused(self, bench: Bench) -> None:
        """The sender is told, not the recursion of somebody's parser."""
        for levels in (MAX_DEPTH + 1, 500, 5000):
            bench.encoder_refuses(message(nested(levels)))

    @pytest.mark.parametrize(
        "value",
        [{1, 2}, 1j, object(), range(3), {1: 2}, {None: 1}, {b"a": 1}],
        ids=lambda value: type(value).__name__,
    )
    def test_foreign_values_are_refused(
        self, bench: Bench, value: Any
    ) -> None:
        """Each codec refuses the same: a program that is tested with one
        works with all. `plugwire.values.plain` says what is foreign."""
        bench.encoder_refuses(message({"value": value}))
        bench.encoder_refuses(message({"list": [{"value": [value]}]}))

    def test_dates_and_decimals_are_refused(self, bench: Bench) -> None:
        """Many libraries have a way of their own with them, which arrives
        as something else or nowhere."""
        now = datetime(2026, 1, 9, tzinfo=UTC)
        for value in (now, date(2026, 1, 9), Decimal("0.1"), UUID(int=1)):
            bench.encoder_refuses(message({"value": value}))

    def test_data_is_a_mapping(self, bench: Bench) -> None:
        """With text as keys, at the top too."""
        for data in ([], [1], "text", 1, {1: 2}, {("a",): 1}):
            bench.encoder_refuses(message(data))

    def test_a_refusal_is_in_words(self, bench: Bench) -> None:
        """Whoever sent it reads them: what it was, not all that it held."""
        text = bench.encoder_refuses(message({"value": {*range(9999)}}))
        assert 10 <= len(text) <= 500, f"expected a sentence, found {text!r}"

    def test_a_refusal_spoils_nothing(self, bench: Bench) -> None:
        """The next message goes out as if nothing had been."""
        before = bench.wire(rich())
        for value in (INT_MAX + 1, "\ud800", object(), nested(99)):
            bench.encoder_refuses(message({"a": 1, "value": value}))
            assert bench.wire(rich()) == before
