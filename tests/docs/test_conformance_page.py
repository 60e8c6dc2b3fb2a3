"""docs/conformance.md and docs/checks.md say what the suites are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from plugwire import testing
from plugwire.testing import Suite

DOCS = Path(__file__).parents[2] / "docs"
PAGE = "docs/conformance.md"
KINDS = ("Transport", "Codec", "Queue", "Permission", "Extension", "Packaging")
TOPIC = """\
::: {0.__module__}.{0.__name__}
    options: {{filters: ['!.*', '^test_'], heading_level: 4, \
show_bases: false, show_root_full_path: false, show_signature: false}}

"""


def suite(kind: str) -> type[Suite]:
    return getattr(testing, f"{kind}Suite")


def text() -> str:
    return (DOCS / "conformance.md").read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_of_checks_has_every_topic(kind: str) -> None:
    whole = (DOCS / "checks.md").read_text("utf-8")
    topics = map(TOPIC.format, suite(kind).__bases__)
    wanted = f"## {kind}Suite\n\n" + "".join(topics).rstrip() + "\n"
    assert wanted in whole, f"write into docs/checks.md:\n\n{wanted}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_says_why(kind: str) -> None:
    """The list is made of docstrings: without one a check is not in it."""
    checks = {n: getattr(suite(kind), n) for n in dir(suite(kind))}
    names = [name for name in checks if name.startswith("test_")]
    assert len(names) >= 20
    assert [name for name in names if not checks[name].__doc__] == []


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_the_capabilities_are_the_suites(kind: str) -> None:
    found = re.findall(
        rf"^\*\*{kind}s\b.*?^\| --- \| --- \|\n(.*?)^$",
        text(),
        re.DOTALL | re.MULTILINE,
    )
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", found[0], re.MULTILINE)
    assert dict(rows) == dict(suite(kind).CAPABILITIES)


def test_the_page_names_each_suite() -> None:
    for kind in KINDS:
        assert f"| `{kind}Suite` |" in text()
    assert {f"{kind}Suite" for kind in KINDS} | {"Suite"} == {
        name for name in testing.__all__ if name.endswith("Suite")
    }


def test_the_exemption_shown_is_one(page) -> None:
    shown = [b.text for b in page(PAGE) if b.text.startswith("exempt = ")]
    (exempt,) = (ast.literal_eval(text.partition(" = ")[2]) for text in shown)
    (name,) = exempt
    assert hasattr(testing.PermissionSuite, name)


def test_what_is_refused_is_refused_so() -> None:
    case = {"__module__": __name__, "exempt": {"test_the_anser": "why"}}
    with pytest.raises(TypeError) as caught:
        type("TestPace", (testing.PermissionSuite,), case)
    words = str(caught.value).partition(" its checks")[0]
    assert f"    {words} its checks are …\n" in text()

    replaced = re.findall(r"TestPace replaces (\w+), which", text())
    case = {"__module__": __name__, replaced[0]: lambda self: None}
    with pytest.raises(TypeError) as caught:
        type("TestPace", (testing.PermissionSuite,), case)
    assert f"    {caught.value}\n" in text()
