"""Keys of plugins outside their sections, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from toys import Carrier

from plugwire import ConfigurationError, Problem
from plugwire.compose import compose_server
from plugwire.loading import gather
from plugwire.misplaced import A_DOOR, replaced
from plugwire.validation import A_KNOWN_KEY


class Near:
    @dataclass
    class Settings:
        port: int = 1
        size: int = 1


class Far:
    @dataclass
    class Settings:
        port: int = 1


class Bare:
    Settings = 5


CHOSEN = {"near": Near, "far": Far, "bare": Bare, "none": Carrier}


def mend(key: str, expected: str = A_KNOWN_KEY, origin: str = "f:1") -> str:
    problem = Problem(key, origin, expected, "x", "as it was")
    (told,) = replaced([problem], CHOSEN)
    assert told._replace(mend="as it was") == problem
    return told.mend


@pytest.mark.parametrize(
    ("key", "expected", "words"),
    [
        ("plugwire.size", A_KNOWN_KEY, "did you mean plugwire.near.size?"),
        (
            "plugwire.port",
            A_KNOWN_KEY,
            "did you mean plugwire.far.port or plugwire.near.port?",
        ),
        (
            "plugwire.listen.a.size",
            A_KNOWN_KEY,
            "did you mean plugwire.listen.a.near.size?",
        ),
        ("plugwire.listen.size", A_DOOR, "did you mean plugwire.near.size?"),
        ("plugwire.other", A_KNOWN_KEY, "as it was"),
        ("plugwire.size", "a number", "as it was"),
        ("plugwire.far.size", A_KNOWN_KEY, "as it was"),
        ("plugwire.listen.a.far.size", A_KNOWN_KEY, "as it was"),
        ("plugwire.listen.size", A_KNOWN_KEY, "as it was"),
    ],
)
def test_a_chosen_plugins_key_is_told_with_its_section(key, expected, words):
    assert mend(key, expected) == words


def test_a_variable_is_told_as_one():
    origin = "environment PLUGWIRE_SIZE"
    assert mend("plugwire.size", origin=origin) == (
        "did you mean PLUGWIRE_NEAR__SIZE?"
    )


def test_composing_tells_where_a_key_belongs(acme):
    """By the schemas of the plugins that the settings name, no others."""
    settings, problems = gather(
        {"codec": "acme", "level": 3, "listen": {"level": 4, "a": {}}}, {}
    )
    assert not any("acme" in problem.mend for problem in problems)
    with pytest.raises(ConfigurationError) as caught:
        compose_server("x", settings, problems)
    told = {p.key: p.mend for p in caught.value.problems}
    wanted = "did you mean plugwire.acme.level?"
    assert told["plugwire.level"] == wanted
    assert told["plugwire.listen.level"] == wanted
