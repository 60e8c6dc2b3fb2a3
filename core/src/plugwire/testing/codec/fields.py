"""Every field of a message on the wire, and what each may not be."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from plugwire.message import MAX_EVENT_NAME, MAX_ISO, MessageType
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.model import NUMBER_MAX, message, rich

_ZONES = ("+00:00", "+05:45", "-03:30", "+14:00", "Z", "")
_NUMBERS = ("seq", "id", "reply_to")
_NAMES = ("", "a.b", "../x", "a b", "é", "a\n", "a\0", "x" * 65)


class Events(StrEnum):
    """Of an application."""

    KIT = "kit"


class Fields(Benched):
    """What docs/wire-format.md says of each."""

    def carries(self, bench: Bench, **fields: Any) -> None:
        """Assert that a message with `fields` arrives as it is."""
        sent = message({"n": 1}, **fields)
        got = bench.carry(sent)
        assert got == sent, f"sent {sent}, received {got}"

    def test_event_names(self, bench: Bench) -> None:
        """From one character to 64, of all that are allowed."""
        letters = "abcdefghijklmnopqrstuvwxyz"
        for name in ("a", letters + letters.upper(), "0123456789_-"):
            self.carries(bench, event_name=name)
        self.carries(bench, event_name="x" * MAX_EVENT_NAME)

    def test_event_names_from_an_enum(self, bench: Bench) -> None:
        """Programs keep their names in a StrEnum."""
        name = Events.KIT
        got = bench.carry(message(event_name=name))
        assert type(got.event_name) is str
        assert got == message()

    def test_timestamps(self, bench: Bench) -> None:
        """Long ago, now, and at the end of 64 bits."""
        for ms in (0, 1, -1, 1767960000123, -1 - NUMBER_MAX, NUMBER_MAX):
            self.carries(bench, timestamp_ms=ms)

    def test_timestamps_in_any_zone(self, bench: Bench) -> None:
        """The text is the sender's: it is not parsed, and not made anew."""
        for zone in _ZONES:
            self.carries(bench, timestamp_iso=f"2026-01-09T12:00:00.12{zone}")
        self.carries(bench, timestamp_iso="")
        self.carries(bench, timestamp_iso="x" * MAX_ISO)

    @pytest.mark.parametrize("kind", list(MessageType))
    def test_message_types(self, bench: Bench, kind: MessageType) -> None:
        """They come back as members of the enum, which programs compare by
        identity."""
        got = bench.carry(message(message_type=kind))
        assert got.message_type is kind, f"found {got.message_type!r}"

    @pytest.mark.parametrize("key", _NUMBERS)
    def test_numbers(self, bench: Bench, key: str) -> None:
        """0 is a number, and not none."""
        for number in (0, 1, 1 << 31, 1 << 53, NUMBER_MAX):
            self.carries(bench, **{key: number})

    def test_op(self, bench: Bench) -> None:
        """The library's own messages have it."""
        for op in ("gap", "attach", "goodbye", ""):
            self.carries(bench, op=op, message_type=MessageType.CONTROL)

    def test_what_is_absent_stays_absent(self, bench: Bench) -> None:
        """A request is what has an `id`: none may come from nowhere."""
        got = bench.carry(message())
        found = {key: getattr(got, key) for key in (*_NUMBERS, "op")}
        assert found == dict.fromkeys(found), f"found {found}"

    def test_all_fields_together(self, bench: Bench) -> None:
        """None of them hides another one."""
        got = bench.carry(rich())
        assert (got.seq, got.id, got.reply_to, got.op) == (7, 8, 9, "kit")

    def test_fields_of_one_message_are_not_the_nexts(
        self, bench: Bench
    ) -> None:
        """Encoders remember what stands before `data`: it must be looked at
        each time."""
        sent = [
            message({"n": 0}),
            message({"n": 1}, seq=1),
            message({"n": 2}, event_name="other", seq=2),
            message({"n": 3}, event_name="other", id=3),
            message({"n": 4}, message_type=MessageType.ERROR),
            message({"n": 5}, timestamp_ms=5),
            message({"n": 6}, timestamp_iso="later"),
            message({"n": 7}, timestamp_iso="later", reply_to=7, op="gap"),
            message({"n": 8}),
        ]
        got = bench.read(bench.wire(*sent))
        assert got == sent, f"sent {sent}, received {got}"

    def test_kept_is_not_on_the_wire(self, bench: Bench) -> None:
        """The receiver finds out by itself, and believes no peer."""
        sent = rich()
        kept = message(
            sent.data,
            message_type=sent.message_type,
            seq=7,
            id=8,
            reply_to=9,
            op="kit",
            kept=True,
        )
        assert bench.wire(kept) == bench.wire(sent)
        assert bench.carry(kept).kept is False

    @pytest.mark.parametrize("name", _NAMES, ids=ascii)
    def test_other_event_names_never_arrive(
        self, bench: Bench, name: str
    ) -> None:
        """They are in paths and logs: what a peer calls `../x` must not get
        there."""
        bench.either_end_refuses(message(event_name=name))

    @pytest.mark.parametrize("key", _NUMBERS)
    def test_other_numbers_never_arrive(self, bench: Bench, key: str) -> None:
        """No sign, no 64th bit, no bool, no text."""
        for number in (-1, NUMBER_MAX + 1, 1 << 70, True, 1.0, "1", [1]):
            bench.either_end_refuses(message(**{key: number}))

    def test_other_timestamps_never_arrive(self, bench: Bench) -> None:
        """An int of 64 bits, and a text of some length."""
        for ms in (NUMBER_MAX + 1, -2 - NUMBER_MAX, 1.5, "1", None, True):
            bench.either_end_refuses(message(timestamp_ms=ms))
        for iso in ("x" * (MAX_ISO + 1), None, 1, ["x"]):
            bench.either_end_refuses(message(timestamp_iso=iso))

    def test_other_types_never_arrive(self, bench: Bench) -> None:
        """There are three, and programs have a branch for each."""
        for kind in ("other", "", "DATA", None, 1):
            bench.either_end_refuses(message(message_type=kind))

    def test_other_ops_never_arrive(self, bench: Bench) -> None:
        """It is text."""
        for op in (1, True, ["gap"], {"gap": 1}):
            bench.either_end_refuses(message(op=op))

    def test_wrong_types_of_names_never_arrive(self, bench: Bench) -> None:
        """A number is no name, and does not become one."""
        for name in (1, None, True, 1.5, ["kit"]):
            bench.either_end_refuses(message(event_name=name))
