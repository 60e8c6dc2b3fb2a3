"""Numbers with units, and what to write instead."""

from __future__ import annotations

import pytest

from plugwire.units import seconds, size


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5s", "5"),
        ("5 seconds", "5"),
        ("1h", "3600"),
        ("1.5 min", "90"),
        ("250ms", "0.25"),
        (" 2 D ", "172800"),
        ("100 µs", "0.0001"),
    ],
)
def test_a_duration_is_told_in_seconds(text: str, number: str) -> None:
    assert seconds(text) == f"write a number of seconds, {number}"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("8 MiB", "8388608"),
        ("8MB", "8388608"),
        ("1.5k", "1536"),
        ("1 g", "1073741824"),
        ("2 TiB", "2199023255552"),
        ("512 bytes", "512"),
        ("512B", "512"),
    ],
)
def test_a_size_is_told_in_bytes(text: str, number: str) -> None:
    assert size(text, named=True) == f"write a number of bytes, {number}"


def test_a_letter_alone_may_be_a_thousand_of_anything() -> None:
    bare = "write a whole number without a unit"
    assert size("4k", named=False) == bare
    assert size("4 KiB", named=False) == "write a number of bytes, 4096"


@pytest.mark.parametrize("text", ["", "5", "s", "5 x", "-5s", "5s 1", "1e9s"])
def test_other_texts_are_not_guessed(text: str) -> None:
    assert seconds(text) is None
    assert size(text, named=True) is None


def test_numbers_without_an_end_are_not_read() -> None:
    assert seconds("9" * 5000 + "s") is None
    assert size("9" * 5000 + "k", named=True) is None
