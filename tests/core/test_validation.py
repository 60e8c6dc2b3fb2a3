"""A plugin's section against its dataclass."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Interval
from hypothesis import given
from hypothesis import strategies as st

from plugwire.settings import EnvText, Lag
from plugwire.validation import (
    nearest,
    shown,
    table_from_text,
    validate_section,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    who: str
    verbs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    name: str = "x"
    on: bool = False
    count: Annotated[int, Ge(1)] = 1
    wait: Annotated[float, Interval(ge=0, lt=math.inf)] = 1.0
    rate: float = 1.0
    file: Path | None = None
    many: tuple[int, ...] = ()
    words: list[str] = field(default_factory=list)
    table: Mapping[str, int] = field(default_factory=dict)
    maybe: int | None = 3
    rules: tuple[Rule, ...] = ()
    one: Rule | None = None
    lag: Lag = Lag.DISCONNECT
    level: Literal["low", "high"] = "low"

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("bad names are for later")
        if self.name == "worse":
            raise ValueError("name: expected a good one, found 'worse'")


def text(raw: str) -> EnvText:
    return EnvText(raw)


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("name", "y", "y"),
        ("on", True, True),
        ("count", 9, 9),
        ("wait", 2, 2.0),
        ("file", "/a", Path("/a")),
        ("file", Path("/a"), Path("/a")),
        ("many", [1, 2], (1, 2)),
        ("many", (1, 2), (1, 2)),
        ("words", ["a"], ["a"]),
        ("table", {"a": 1}, {"a": 1}),
        ("maybe", None, None),
        (
            "rules",
            [{"who": "a", "verbs": ["v"]}],
            (Rule(who="a", verbs=("v",)),),
        ),
        ("one", {"who": "a"}, Rule(who="a")),
        ("lag", "drop_oldest", Lag.DROP_OLDEST),
        ("lag", Lag.DROP_OLDEST, Lag.DROP_OLDEST),
        ("name", text("007"), "007"),
        ("name", text(" @int 1 "), " @int 1 "),
        ("name", text("[1]"), "[1]"),
        ("count", text("9100"), 9100),
        ("on", text("yes"), True),
        ("on", text("FALSE"), False),
        ("wait", text("0.5"), 0.5),
        ("file", text("~/a"), Path("~/a")),
        ("many", text("[1, 2]"), (1, 2)),
        ("words", text("['a', 'b']"), ["a", "b"]),
        ("table", text('{"a": 1}'), {"a": 1}),
        ("table", text("{a = 1}"), {"a": 1}),
        ("maybe", text("4"), 4),
        ("maybe", text("null"), None),
        ("rules", text('[{who = "a"}]'), (Rule(who="a"),)),
        ("lag", text("keep_latest"), Lag.KEEP_LATEST),
    ],
)
def test_values_of_files_calls_and_texts(
    key: str, raw: Any, value: Any
) -> None:
    made, problems = validate_section(Section, {key: raw}, "plugwire.s", {})
    assert problems == []
    assert made == Section(**{key: value})
    assert type(getattr(made, key)) is type(value)


@pytest.mark.parametrize(
    ("key", "raw", "expected", "mend"),
    [
        ("name", 600, "text", '"600"'),
        ("name", True, "text", '"true"'),
        ("name", None, "text", "the default is 'x'"),
        ("on", 1, "true or false", "write true"),
        ("on", "true", "true or false", "write true"),
        ("on", "Off", "true or false", "write false"),
        ("on", "perhaps", "true or false", "the default is false"),
        ("count", "9100", "a whole number", "write 9100 without quotes"),
        ("count", "many", "a whole number", "the default is 1"),
        ("count", True, "a whole number", "the default is 1"),
        ("count", 1.0, "a whole number", "the default is 1"),
        ("count", 0, "greater than or equal to 1", "the default is 1"),
        ("count", -1, "greater than or equal to 1", "the default is 1"),
        ("wait", -0.1, "greater than or equal to 0", "1.0"),
        ("wait", math.nan, "a finite number", "1.0"),
        ("wait", math.inf, "a finite number", "1.0"),
        pytest.param("wait", 10**5000, "a number", "1.0", id="huge"),
        ("rate", math.nan, "a finite number", "1.0"),
        ("rate", True, "a number", "1.0"),
        ("rate", "1", "a number", "write 1 without quotes"),
        ("many", "1", "a list", "the default is []"),
        ("words", "a", "a list", 'write it in brackets, ["a"]'),
        (
            "rules",
            [{"who": "a", "verbs": "v"}],
            "a list",
            'write it in brackets, ["v"]',
        ),
        ("wait", "5s", "a number", "write a number of seconds, 5; the def"),
        ("wait", text("1h"), "a number", "write a number of seconds, 3600;"),
        ("count", "4k", "a whole number", "without a unit; the default is 1"),
        ("count", "4 KiB", "a whole number", "write a number of bytes, 4096;"),
        ("many", ["1"], "a whole number", "write 1 without quotes"),
        ("many", ["root"], "a whole number", "write the number, without quot"),
        ("many", [True], "a whole number", ""),
        ("table", {1: 1}, "text", ""),
        ("words", [1], "text", '"1"'),
        (
            "rules",
            [{"who": "a", "verb": []}],
            "a known key",
            "did you mean 'verbs'?",
        ),
        (
            "rules",
            [{"who": "a", "zzz": []}],
            "a known key",
            "it may be verbs, who",
        ),
        ("one", {"who": "a", "wo": 1}, "a known key", "did you mean 'who'?"),
        ("rules", [{}], "who in this table", "write who = … there"),
        ("lag", "zzz", "'keep_latest'", "the default is 'disconnect'"),
        ("lag", "drop_oldst", "", 'did you mean "drop_oldest"?'),
        ("lag", text("DROP_OLDST"), "", 'did you mean "drop_oldest"?'),
        ("level", "hihg", "'low'", 'did you mean "high"?'),
        ("count", object(), "a whole number", ""),
        ("count", text("x"), "a whole number", "the default is 1"),
        ("count", text("0"), "greater than or equal to 1", ""),
        ("wait", text("nan"), "a finite number", ""),
        ("wait", text("inf"), "a finite number", ""),
        ("wait", text("-1"), "greater than or equal to 0", ""),
        ("on", text("maybe"), "true or false", ""),
        ("many", text("1, 2"), "a list", 'as in ["a", "b"]'),
        ("many", text('["1"]'), "a whole number", ""),
        ("many", text("1\nother = 2"), "a list", ""),
        ("many", text("[" * 100_000), "a list", ""),
        ("rules", text('[{who = "a", verb = []}]'), "a known key", ""),
    ],
)
def test_what_is_wrong_says_key_origin_expected_and_mend(
    key: str, raw: Any, expected: str, mend: str
) -> None:
    origins = {f"plugwire.s.{key}": "f:3"}
    made, problems = validate_section(
        Section, {key: raw}, "plugwire.s", origins
    )
    assert made is None
    (problem,) = problems
    assert problem.key.startswith(f"plugwire.s.{key}")
    assert problem.origin == "f:3"
    assert expected in problem.expected
    assert problem.found
    assert mend in problem.mend


def test_everything_is_told_at_once_with_the_place_inside() -> None:
    raw = {"cuont": 1, "many": [1, "2", "3"], "on": 0, "rules": [{"who": 1}]}
    made, problems = validate_section(Section, raw, "plugwire.s", {})
    assert made is None
    assert [p.key for p in problems] == [
        "plugwire.s.cuont",
        "plugwire.s.many[1]",
        "plugwire.s.many[2]",
        "plugwire.s.on",
        "plugwire.s.rules[0].who",
    ]
    assert problems[0].mend == "did you mean plugwire.s.count?"
    assert problems[1].found == "'2'"


def test_an_unknown_key_of_a_variable_is_mended_as_a_variable() -> None:
    origins = {"plugwire.s.cuont": "environment PLUGWIRE_S__CUONT"}
    _, (problem,) = validate_section(
        Section, {"cuont": text("1")}, "plugwire.s", origins
    )
    assert problem.mend == "did you mean PLUGWIRE_S__COUNT?"


def test_an_unknown_key_like_no_other_is_told_what_there_is() -> None:
    @dataclass
    class Few:
        a: int = 1

    @dataclass
    class Bare:
        pass

    _, (few,) = validate_section(Few, {"zzz": 1}, "plugwire.s", {})
    assert few.mend == "it may be a"
    _, (none,) = validate_section(Bare, {"zzz": 1}, "plugwire.s", {})
    assert none.mend == "remove it"


def test_a_doors_section_names_the_place_that_gave_the_value() -> None:
    origins = {
        "plugwire.s.count": "f:3",
        "plugwire.listen.a.s": "f:8",
        "plugwire.listen.a.s.on": "f:9",
    }
    _, problems = validate_section(
        Section, {"count": 0, "on": 0}, "plugwire.listen.a.s", origins
    )
    assert [(p.key, p.origin) for p in problems] == [
        ("plugwire.s.count", "f:3"),
        ("plugwire.listen.a.s.on", "f:9"),
    ]


def test_a_rule_of_the_class_is_a_problem_with_its_origins() -> None:
    made, (problem,) = validate_section(
        Section,
        {"name": "bad", "on": True},
        "plugwire.s",
        {"plugwire.s.name": "f:3", "plugwire.s.on": "call"},
    )
    assert made is None
    assert problem.key == "plugwire.s"
    assert problem.origin == "f:3, call"
    assert str(problem) == ("plugwire.s (f:3, call): bad names are for later")


def test_a_rule_about_one_key_names_that_key() -> None:
    """By its text, `key: what is wrong`, which stands as it is."""
    _, (problem,) = validate_section(
        Section,
        {"name": "worse", "on": True},
        "plugwire.s",
        {"plugwire.s.name": "f:3", "plugwire.s.on": "call"},
    )
    assert str(problem) == (
        "plugwire.s.name (f:3): expected a good one, found 'worse'"
    )


def test_a_rule_of_a_table_inside_stands_as_it_is() -> None:
    @dataclass
    class Inner:
        who: str = "*"

        def __post_init__(self) -> None:
            if self.who == "me":
                raise ValueError("who: me is nobody")
            raise ValueError("never right")

    @dataclass
    class Outer:
        one: Inner | None = None
        two: Inner | None = None

    Outer.__annotations__.update(one=Inner | None, two=Inner | None)
    _, problems = validate_section(
        Outer, {"one": {"who": "me"}, "two": {}}, "plugwire.s", {}
    )
    assert [str(p) for p in problems] == [
        "plugwire.s.one.who (default): me is nobody",
        "plugwire.s.two (default): never right",
    ]


def test_a_field_without_default_is_asked_for() -> None:
    made, (problem,) = validate_section(Rule, {}, "plugwire.rule", {})
    assert made is None
    assert str(problem) == (
        "plugwire.rule.who (default): expected a value, found none; "
        "write who under [plugwire.rule]"
    )


def test_an_annotation_that_is_wrong_is_the_authors() -> None:
    @dataclass
    class Odd:
        a: Annotated[int, Ge("x")] = 1  # type: ignore[arg-type]

    @dataclass
    class Missing:
        a: NoSuchName = 1  # type: ignore[name-defined]  # noqa: F821

    for cls in (Odd, Missing):
        made, (problem,) = validate_section(cls, {"a": 1}, "plugwire.s", {})
        assert made is None
        assert problem.found
        assert "author" in problem.mend


def test_an_instance_of_a_foreign_class_is_taken_as_it_is() -> None:
    class Foreign:
        pass

    @dataclass
    class Holder:
        a: Any = None
        b: Foreign | None = None

    Holder.__annotations__["b"] = Foreign | None
    one = Foreign()
    made, problems = validate_section(Holder, {"b": one}, "plugwire.s", {})
    assert problems == []
    assert isinstance(made, Holder)
    assert made.b is one


def test_an_empty_section_and_plain_values_need_no_pydantic() -> None:
    code = """
import sys
from dataclasses import dataclass
from plugwire.validation import validate_section
from plugwire.settings import EnvText

@dataclass
class S:
    a: str = "x"
    b: bool = False

assert validate_section(S, {}, "k", {}) == (S(), [])
assert validate_section(S, {"a": "y", "b": True}, "k", {})[0] == S("y", True)
assert validate_section(S, {"a": EnvText("y")}, "k", {})[0] == S("y")
print("pydantic" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


@given(st.text())
def test_text_for_a_str_is_byte_exact(raw: str) -> None:
    made, problems = validate_section(
        Section, {"name": text(f"_{raw}")}, "plugwire.s", {}
    )
    assert problems == []
    assert made == Section(name=f"_{raw}")


@given(st.text())
def test_any_text_for_any_field_is_taken_or_told(raw: str) -> None:
    for key in ("count", "wait", "many", "table", "maybe", "rules", "lag"):
        made, problems = validate_section(
            Section, {key: text(raw)}, "plugwire.s", {}
        )
        assert (made is None) == bool(problems)


def test_a_table_is_read_from_toml_or_json() -> None:
    assert table_from_text('{"a": 1}') == {"a": 1}
    assert table_from_text("{a = 1}") == {"a": 1}
    assert table_from_text("[1]") is None
    assert table_from_text("{a = 1}\nother = 2") is None
    assert table_from_text("a") is None


def test_the_nearest_ignores_case_and_may_be_nothing() -> None:
    assert nearest("utc", ["UTC", "GMT"]) == "UTC"
    assert nearest("zzzz", ["UTC"]) is None
    assert nearest("tpc", ["tcp", "unix"]) == "tcp"
    assert nearest("port", ["transport", "plain"]) is None


def test_a_long_value_is_cut() -> None:
    assert len(shown("x" * 1000)) == 60
    assert shown(10**5000) == "a very long int"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        ([False, "a", 1.5], "[false, 'a', 1.5]"),
        ((), "[]"),
        ({"a": True, "b": {}}, "{a = true, b = {}}"),
        ({"a b": 1}, '{"a b" = 1}'),
        (Path("/a"), "'/a'"),
        (None, "None"),
        ([[[[[1]]]]], "[[[[…]]]]"),
    ],
)
def test_values_are_shown_as_a_file_has_them(value: Any, text: str) -> None:
    assert shown(value) == text
