"""docs/hooks: each page's plugin works, and does what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from plugwire.hookspecs import REQUIRED, Hooks
from plugwire.interfaces import (
    Gate,
    Queue,
    SocketConnector,
    SocketListener,
    StreamConnector,
    StreamListener,
)
from plugwire.shapes import SHAPES

DOCS = Path(__file__).parents[2] / "docs" / "hooks"
HOOKS = tuple(SHAPES)
PAGES = (*HOOKS, "streams")
LONGEST = 195  # lines of a page, of which its plugin takes half
SECONDS = 240.0  # for a suite of a hundred checks, on a machine that is busy
TESTS = {
    "connect": """
from plugwire.testing import TransportSuite
from plugwire_failover import Failover

class TestFailover(TransportSuite):
    plugin = Failover
    capabilities = ("sockets", "processes", "half_close")
""",
    "encode": """
import json
from plugwire.testing import CodecSuite
from plugwire_canon import Canon

class TestCanon(CodecSuite):
    plugin = Canon
    capabilities = ("lines",)
    raw = staticmethod(lambda value: json.dumps(value).encode())
""",
    "decode": """
from msgspec import msgpack
from plugwire.testing import CodecSuite
from plugwire_crcpack import Crcpack

class TestCrcpack(CodecSuite):
    plugin = Crcpack
    capabilities = ("bytes", "frames", "nonfinite")
    raw = msgpack.encode
""",
    "accept": """
import os
import pytest
from plugwire.testing import PermissionSuite
from plugwire_envkey import Envkey

class TestEnvkey(PermissionSuite):
    plugin = Envkey
    capabilities = ("gate", "proof")

    @pytest.fixture
    def foreign_section(self):
        return {"variable": "OTHER_KEY"}

    @pytest.fixture
    def secrets(self):
        return [os.environ["EVENT_KEY"].encode()]
""",
    "authorize": """
from plugwire.testing import PermissionSuite
from plugwire_pace import Pace

class TestPace(PermissionSuite):
    plugin = Pace
    capabilities = ("check",)
    exempt = {"test_an_answer_stays_the_same": "to count is its purpose"}
""",
    "wrap": """
from plugwire.testing import ExtensionSuite
from plugwire_audit import Audit
from plugwire_longest import Longest

class TestAudit(ExtensionSuite):
    plugin = Audit
    capabilities = ("checks",)

class TestLongest(ExtensionSuite):
    plugin = Longest
    capabilities = ("decoder",)
""",
}
"""Hook -> the kit's test file of its page's plugin, where the page itself
has none."""


@pytest.fixture
def files(page, place: Path) -> Callable[[str], dict[str, str]]:
    """Writes a page's named blocks into one folder, and gives them."""

    def write(hook: str) -> dict[str, str]:
        named = {b.name: b.text for b in page(f"docs/hooks/{hook}.md")}
        del named[None]
        for name, text in named.items():
            (place / name).write_text(text)
        return named

    return write


@pytest.mark.parametrize("hook", PAGES)
def test_a_pages_program_says_what_the_page_says(
    hook: str, page, files, run, place: Path
) -> None:
    if hook == "bind" and sys.platform != "linux":
        pytest.skip("SO_PEERCRED is Linux's")
    (program,) = [name for name in files(hook) if name.startswith("try_")]
    blocks = page(f"docs/hooks/{hook}.md")
    (said,) = [block.text for block in blocks if block.language == "text"]
    pattern = re.escape(said).replace("…", r"\S.*?")
    found = run(place / program)
    assert re.fullmatch(pattern, found), found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("hook", [h for h in PAGES if h != "bind"])
def test_a_pages_plugin_passes_the_kit(
    hook: str, files, environment: dict[str, str], place: Path
) -> None:
    named = files(hook)
    (place / "pytest.ini").write_text("[pytest]\n")
    test = next((name for name in named if name.startswith("test_")), None)
    if test is None:
        test = "test_it.py"
        (place / test).write_text(TESTS[hook])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", test],
        cwd=place,
        env={
            **environment,
            "EVENT_KEY": os.urandom(16).hex(),
            "OTHER_KEY": os.urandom(16).hex(),
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) > 10, done.stdout


@pytest.mark.parametrize("hook", PAGES)
def test_a_page_is_short(hook: str) -> None:
    lines = (DOCS / f"{hook}.md").read_text("utf-8").count("\n")
    assert lines <= LONGEST


@pytest.mark.parametrize("hook", HOOKS)
def test_a_page_names_the_arguments_of_its_hook(hook: str) -> None:
    code = getattr(Hooks, hook).__code__
    wanted = code.co_varnames[1 : code.co_argcount]
    text = (DOCS / f"{hook}.md").read_text("utf-8")
    (takes,) = re.findall(r"^\*\*Takes\*\* (.*)\.$", text, re.MULTILINE)
    assert takes == ", ".join(f"`{name}`" for name in wanted)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_index_has_each_hook_and_its_arguments(hook: str) -> None:
    text = (DOCS / "index.md").read_text("utf-8")
    (kind,) = [k for k, (_, hooks) in REQUIRED.items() if hook in hooks]
    assert f"| [`{hook}`]({hook}.md) | {kind} |" in text
    code = getattr(Hooks, hook).__code__
    for name in code.co_varnames[1 : code.co_argcount]:
        ((hooks),) = re.findall(rf"^\| `{name}` \| (.*?) \|", text, re.M)
        assert hooks == "all" or f"`{hook}`" in hooks, (name, hook)


@pytest.mark.parametrize(
    ("hook", "contract"),
    [
        ("bind", SocketListener),
        ("connect", SocketConnector),
        ("accept", Gate),
        ("queue", Queue),
    ],
)
def test_a_pages_table_has_every_method(hook: str, contract: type) -> None:
    text = (DOCS / f"{hook}.md").read_text("utf-8")
    told = set(re.findall(r"^\| `(\w+)(?:\(.*?\))?` \|", text, re.MULTILINE))
    methods = {
        name
        for name, member in vars(contract).items()
        if callable(member) and (name == "__len__" or name[0] != "_")
    }
    attributes = {name for name in contract.__annotations__ if name[0] != "_"}
    assert told == methods | attributes


def test_the_streams_page_has_both_contracts() -> None:
    text = (DOCS / "streams.md").read_text("utf-8")
    for contract in (StreamListener, StreamConnector):
        (table,) = re.findall(
            rf"^\| \[`{contract.__name__}`\].*\n((?:\|.*\n)+)", text, re.M
        )
        told = set(re.findall(r"`(\w+)(?:\(.*?\))?`", table))
        methods = {n for n, m in vars(contract).items() if callable(m)}
        wanted = methods | set(contract.__annotations__)
        assert {n for n in wanted if n[0] != "_"} <= told


def test_the_pages_pipes_are_those_of_the_third_party(page) -> None:
    """tests/third_party builds that one, installs it and runs it."""
    place = DOCS.parents[1] / "tests" / "fixtures" / "third_party" / "pipes"
    named = {b.name: b.text for b in page("docs/hooks/streams.md")}
    source = (place / "plugwire_pipes.py").read_text("utf-8")
    assert named["plugwire_pipes.py"] == f"# plugwire_pipes.py\n{source}"
