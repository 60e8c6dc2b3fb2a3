"""What is found in a message's data."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.cli.top.figures import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_TEXT,
    MAX_VALUES,
    figures,
    plain,
)


def test_nested_data_gets_flat_names():
    found, left_out = figures(
        {"cpu": {"user": 1.5, "cores": [3, 4]}, "a": [{"b": 1}], "n": 2}
    )
    assert list(found.items()) == [
        ("cpu.user", 1.5),
        ("cpu.cores.0", 3.0),
        ("cpu.cores.1", 4.0),
        ("a.0.b", 1.0),
        ("n", 2.0),
    ]
    assert left_out == 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1, 1.0),
        (-0.5, -0.5),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (10**400, "huge"),
        ("text", "text"),
        (b"\x00\xff", "2 bytes"),
        ({}, "{}"),
        ([], "[]"),
        ([1, 2], "[2 inside]"),
        (1j, "1j"),
    ],
)
def test_numbers_are_floats_and_all_else_is_text(value, shown):
    found = plain(value)
    assert found == shown
    assert type(found) is type(shown)


def test_what_a_terminal_would_obey_is_written_out():
    found, _ = figures({"a\x1b[2J": "b\x07\u202e"})
    assert found == {"a\\x1b[2J": "b\\x07\\u202e"}


def test_long_lists_are_cut_and_counted():
    found, left_out = figures({"a": list(range(MAX_ITEMS + 5)), "b": 1})
    assert len(found) == MAX_ITEMS + 1
    assert found["b"] == 1
    assert left_out == 5


def test_many_values_are_cut_and_counted_at_every_level():
    inner = {str(n): n for n in range(MAX_VALUES + 3)}
    found, left_out = figures({"a": inner, "b": 1, "c": 2})
    assert len(found) == MAX_VALUES
    assert left_out == 3 + 2


def test_deep_data_is_not_opened_below_a_level():
    data = {"end": 1}
    for _ in range(MAX_DEPTH + 5):
        data = {"x": data}
    found, _ = figures(data)
    assert found == {".".join("x" * MAX_DEPTH): "{1 inside}"}


def test_long_texts_and_names_are_cut():
    found, _ = figures({"k" * 1000: "v" * 1000})
    ((name, value),) = found.items()
    assert (len(name), len(value)) == (MAX_TEXT, MAX_TEXT)


leaf = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
)
anything = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), anything, max_size=4))
def test_whatever_comes_is_finite_or_printable(data):
    found, left_out = figures(data)
    assert left_out >= 0
    for name, value in found.items():
        assert name.isprintable()
        if isinstance(value, float):
            assert math.isfinite(value)
        else:
            assert value.isprintable()
