"""Every value that `data` may hold arrives as it was sent."""

from __future__ import annotations

import math
from collections import OrderedDict, namedtuple
from enum import IntEnum, StrEnum
from typing import Any

from plugwire.errors import MessageError
from plugwire.framing import LARGE, MAX_DEPTH
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.model import alike, message, nested, rich
from plugwire.values import INT_MAX, INT_MIN

_INTS = [
    0,
    -1,
    23,
    24,
    -32,
    -33,
    *(s << n for n in range(7, 64) for s in (-1, 1)),
]
_FLOATS = (0.1, -2.5, 1e300, 5e-324, 2.0**-1074, 1.7976931348623157e308)
_CONTROLS = "".join(map(chr, range(32))) + "\x7f\x80\x85\x9f"


class Values(Benched):
    """What the message model promises to applications."""

    def test_empty_data(self, bench: Bench) -> None:
        """A message may say all by its name."""
        assert bench.carry(message({})) == message({})

    def test_something_of_everything(self, bench: Bench) -> None:
        """All at once, and all fields."""
        got, sent = bench.carry(rich()), rich()
        assert got == sent, f"sent {sent}, received {got}"
        assert alike(got.data, sent.data), f"received {got.data}"

    def test_none(self, bench: Bench) -> None:
        """None is a value, and not the absence of its key."""
        bench.carries(None)

    def test_bools_stay_bools(self, bench: Bench) -> None:
        """True is not 1."""
        bench.carries([True, False, 1, 0])

    def test_ints_of_every_size(self, bench: Bench) -> None:
        """Formats change their encoding from size to size."""
        bench.carries(_INTS)

    def test_the_least_and_the_largest_int(self, bench: Bench) -> None:
        """From -2^63 to 2^64 - 1: both ends of it."""
        bench.carries([INT_MIN, INT_MIN + 1, INT_MAX - 1, INT_MAX])

    def test_floats_keep_every_bit(self, bench: Bench) -> None:
        """Half precision and few digits lose what was measured."""
        bench.carries(list(_FLOATS))

    def test_whole_floats_stay_floats(self, bench: Bench) -> None:
        """1.0 is not 1, and 0.0 is not -0.0."""
        bench.carries([1.0, 0.0, -0.0, -3.0, 1e15, 1e22])

    def test_nonfinite(self, bench: Bench) -> None:
        """NaN and the infinities: carried, or refused; never something
        else, a null say."""
        odd = [math.nan, math.inf, -math.inf]
        arrived = []
        for value in odd:
            try:
                got = bench.carry(message({"value": value})).data["value"]
            except MessageError:
                continue
            assert alike(got, value) or (got != got and value != value), (
                f"sent {value}, received {got!r}; refuse what you cannot carry"
            )
            arrived.append(value)
        shown = f"of {odd} arrived {arrived}"
        self.claimed("nonfinite", present=len(arrived) == 3, shown=shown)

    def test_text(self, bench: Bench) -> None:
        """Empty, long, of every plane, and combining marks as they are."""
        bench.carries(["", "é", "e\u0301", "漢字", "\U0001f600", "x" * 300])

    def test_text_with_control_characters(self, bench: Bench) -> None:
        """NUL ends no text, and a line's end no message."""
        bench.carries(
            [_CONTROLS, "a\0b", "\n", "\r\n", '"\\/', "\ufeff\uffff"]
        )

    def test_bytes(self, bench: Bench) -> None:
        """Formats without bytes make text of them, or refuse."""
        every = bytes(range(256))
        try:
            got = bench.carry(message({"value": every})).data["value"]
        except MessageError as error:
            got = error
        self.claimed(
            "bytes",
            present=alike(got, every),
            shown=f"bytes arrive as {type(got).__name__}",
        )

    def test_bytes_of_every_length(self, bench: Bench) -> None:
        """None at all, many, and many in a list."""
        self.need("bytes")
        for value in (b"", bytes(255), bytes(256), bytes(LARGE), [b"a"] * 9):
            bench.carries(value)

    def test_lists(self, bench: Bench) -> None:
        """Empty ones, long ones, mixed ones."""
        mixed = [None, 1, "a", [2.5]]
        several: list[Any] = [[], [[]], mixed, list(range(1000))]
        for value in several:
            bench.carries(value)

    def test_maps(self, bench: Bench) -> None:
        """Empty ones, large ones, maps in lists."""
        many = {f"key {n}": n for n in range(1000)}
        several: list[Any] = [{}, {"a": {}}, [{"a": 1}, {"a": 2}], many]
        for value in several:
            bench.carries(value)

    def test_keys_are_any_text(self, bench: Bench) -> None:
        """Not only what looks like a name, and those of the fields too."""
        keys = ["", " ", "é", "\0", "a.b", '"', "漢", "x" * 300, "seq", "data"]
        bench.carries({key: key for key in keys})

    def test_many_levels(self, bench: Bench) -> None:
        """As deep as plugwire allows."""
        sent = message(nested(MAX_DEPTH))
        assert bench.carry(sent) == sent

    def test_large_messages(self, bench: Bench) -> None:
        """Over `framing.LARGE` bytes a payload is a view of what was read,
        which not every library takes."""
        bench.carries("x" * (LARGE + 1))
        bench.carries(["y" * 1000] * 500)

    def test_relatives_arrive_as_what_they_are(self, bench: Bench) -> None:
        """Applications send tuples and enums."""
        levels = IntEnum("levels", {"HIGH": 3})
        words = StrEnum("words", {"RED": "red"})
        point = namedtuple("point", "x y")
        sent = {
            "tuple": (1, (2,)),
            "point": point(1, 2),
            "enum": levels["HIGH"],
            "word": words["RED"],
            "map": OrderedDict(a=words["RED"]),
        }
        want = {
            "tuple": [1, [2]],
            "point": [1, 2],
            "enum": 3,
            "word": "red",
            "map": {"a": "red"},
        }
        got = bench.carry(message(sent)).data
        assert alike(got, want), f"expected {want}, received {got}"

    def test_relatives_of_bytes_arrive_as_bytes(self, bench: Bench) -> None:
        """A read into a buffer is sent as it is."""
        self.need("bytes")
        sent = {"array": bytearray(b"ab"), "view": memoryview(b"abcd")[::2]}
        got = bench.carry(message(sent)).data
        assert alike(got, {"array": b"ab", "view": b"ac"}), f"received {got}"
