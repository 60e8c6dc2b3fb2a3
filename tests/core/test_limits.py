"""Numbers and their bounds."""

from __future__ import annotations

import math
from typing import Annotated, Any

import pytest
from annotated_types import Ge, Gt, Interval, Le, Lt, MultipleOf
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from plugwire.limits import Bytes, Count, Seconds, is_within

HINTS: list[Any] = [
    int, float, Seconds, Count, Bytes,
    Annotated[int, Gt(0), Lt(5)],
    Annotated[int, Interval(gt=-3, le=3)],
    Annotated[float, Ge(0), Le(1)],
    Annotated[float, Interval(ge=0, lt=float("inf"))],
]  # fmt: skip


@given(
    st.sampled_from(HINTS),
    st.integers(-10, 10) | st.integers() | st.floats(),
)
def test_what_is_within_is_what_pydantic_takes(
    hint: Any, value: float
) -> None:
    if is_within(hint, value):
        adapter = TypeAdapter(hint, config={"allow_inf_nan": False})
        assert adapter.validate_python(value, strict=True) == value


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Seconds, 1.5),
        (Seconds, 0.0),
        (Count, 1),
        (int, -4),
        (HINTS[5], 4),
        (int, 10**400),
    ],
)
def test_plain_numbers_are_taken(hint: Any, value: float) -> None:
    assert is_within(hint, value)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Count, 0), (Count, 10**400), (Count, True), (Count, 1.0),
        (Seconds, -0.1), (float, 1),
        (float, math.nan), (float, math.inf), (str, 1), (int | None, 1),
        (Annotated[int, MultipleOf(2)], 2), (Annotated[int, Ge("x")], 2),
        (Annotated[int, "a note"], 2), (Annotated[int | None, Ge(1)], 2),
    ],
)  # fmt: skip
def test_all_else_is_left_to_pydantic(hint: Any, value: float) -> None:
    assert not is_within(hint, value)


def test_bounds_that_pydantic_refuses_are_refused() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Count).validate_python(0)
    assert not is_within(Count, 0)
