"""The exception tree, and what each error carries."""

from __future__ import annotations

import pytest

from plugwire import errors
from plugwire.errors import (
    MOST_TOLD,
    AlreadyRunning,
    ClientGone,
    ConfigurationError,
    ConnectionClosed,
    ConnectionFailed,
    Denied,
    MessageError,
    PluginError,
    PlugwireError,
    Problem,
    Refused,
    RequestFailed,
    TimedOut,
    TooManyConnections,
    ValidationFailed,
    told,
)

PROBLEM = Problem(
    key="plugwire.tcp.port",
    origin="a.toml:3",
    expected="a number",
    found="'x'",
    mend="write a number",
)


def test_b16_one_base_for_all() -> None:
    found = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert len(found) == 14
    assert all(issubclass(error, PlugwireError) for error in found)


@pytest.mark.parametrize(
    ("error", "base"),
    [
        (TooManyConnections, Refused),
        (Denied, Refused),
        (TimedOut, TimeoutError),
        (ValidationFailed, ValueError),
    ],
)
def test_b16_what_is_caught_as_what(
    error: type[Exception], base: type[Exception]
) -> None:
    assert issubclass(error, base)


def test_two_faults_are_told_apart() -> None:
    assert not issubclass(MessageError, ValidationFailed | ValueError)
    assert not issubclass(ConnectionClosed, ConnectionFailed)


@pytest.mark.parametrize(
    ("error", "text", "carried"),
    [
        (
            ConnectionFailed("no way", address="unix:/x"),
            "no way",
            {"address": "unix:/x"},
        ),
        (ConnectionFailed("no way"), "no way", {"address": ""}),
        (
            ConnectionClosed("bye", final=True),
            "bye",
            {"reason": "bye", "final": True},
        ),
        (ConnectionClosed("bye"), "bye", {"final": False}),
        (Refused("no", "ask"), "no; ask", {"reason": "no", "mend": "ask"}),
        (Denied("no"), "no", {"reason": "no", "mend": ""}),
        (AlreadyRunning("there", owner="pid 7"), "there", {"owner": "pid 7"}),
        (
            ClientGone(7),
            "no client 7 is connected (it may have left)",
            {"client_id": 7},
        ),
        (RequestFailed("bad"), "bad", {"reason": "bad"}),
        (TimedOut("late", seconds=2.5), "late", {"seconds": 2.5}),
        (TimedOut("late"), "late", {"seconds": 0.0}),
        (
            PluginError("broken", kind="codec", name="x", distribution="x 1"),
            "broken",
            {
                "kind": "codec",
                "name": "x",
                "distribution": "x 1",
                "problems": (),
            },
        ),
        (
            PluginError("broken", problems=[PROBLEM]),
            "broken",
            {"problems": (PROBLEM,)},
        ),
    ],
)
def test_b16_each_carries_what_a_program_needs(
    error: PlugwireError, text: str, carried: dict[str, object]
) -> None:
    assert str(error) == text
    assert {key: getattr(error, key) for key in carried} == carried


def test_b15_a_problem_names_key_origin_and_mend() -> None:
    text = (
        "plugwire.tcp.port (a.toml:3): expected a number, found 'x'; write "
        "a number"
    )
    assert str(PROBLEM) == text
    bare = Problem(key="k", origin="call", expected="text")
    assert str(bare) == "k (call): expected text"
    own = Problem(key="k", origin="call", expected="", found="no good")
    assert str(own) == "k (call): no good"
    error = ConfigurationError([PROBLEM, bare])
    assert error.problems == (PROBLEM, bare)
    assert str(error) == f"{text}\nk (call): expected text"


def test_the_text_of_many_problems_is_bounded_and_problems_has_all() -> None:
    many = [PROBLEM._replace(key=f"k{n}") for n in range(MOST_TOLD + 1900)]
    error = ConfigurationError(many)
    assert error.problems == tuple(many)
    *lines, last = str(error).splitlines()
    assert lines == [str(p) for p in many[:MOST_TOLD]]
    assert last == "and 1900 more"
    assert len(list(told(many[:MOST_TOLD]))) == MOST_TOLD


def test_a_key_without_an_end_is_cut_in_the_text_alone() -> None:
    problem = PROBLEM._replace(key="k" * 500_000)
    assert str(problem).startswith(f"{'k' * 199}… (a.toml:3): expected")
    assert ConfigurationError([problem]).problems[0].key == problem.key
