"""What is logged: clean, short, and not too often."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.logs import BURST, CUT, WINDOW, Limiter, clean, log


@given(text=st.text())
def test_b17_peers_text_is_escaped_and_cut(text: str) -> None:
    shown = clean(text)
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= CUT + 3


@given(text=st.text(st.sampled_from("a\\\n\x1bé😀n\ud800"), max_size=300))
def test_clean_text_stays_as_it_is(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 'text'", "plain 'text'"),
        ("a\nb\x1b[31m", r"a\nb\x1b[31m"),
        ("größe", r"gr\xf6\xdfe"),
        (r"C:\new", r"C:\new"),
        ("\ud800", r"\ud800"),
        ("x" * CUT, "x" * CUT),
        ("x" * (CUT + 1), "x" * CUT + "..."),
        ("\n" * CUT, r"\n" * (CUT // 2) + "..."),
        ({"a": 1}, "{'a': 1}"),
    ],
)
def test_clean(text: object, shown: str) -> None:
    assert clean(text) == shown


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_b17_repeats_are_limited_by_kind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch = Watch()
    limiter = Limiter(watch)
    caplog.set_level(logging.INFO, "plugwire")

    def say(times: int) -> list[str]:
        caplog.clear()
        for _ in range(times):
            limiter.say(logging.INFO, "refused", "refused %s: 100%%", "x")
        return [record.getMessage() for record in caplog.records]

    assert say(BURST + 7) == ["refused x: 100%"] * BURST
    limiter.say(logging.INFO, "another", "of another kind")
    assert caplog.messages[-1] == "of another kind"
    watch.now += WINDOW - 0.001
    assert say(1) == []
    watch.now += 0.001
    assert say(2) == [
        "refused x: 100% (8 more like it were not logged)",
        "refused x: 100%",
    ]
    watch.now += WINDOW
    assert say(1) == ["refused x: 100%"]


def test_an_error_is_told_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    limiter = Limiter()
    error = OSError("it was so")
    for _ in range(BURST + 1):
        limiter.say(logging.ERROR, "check", "it failed", error=error)
    limiter.say(logging.ERROR, "other", "it went on")
    assert len(caplog.records) == BURST + 1
    told, other = caplog.records[0], caplog.records[-1]
    assert told.exc_info is not None
    assert told.exc_info[1] is error
    assert not other.exc_info


def test_levels_are_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "plugwire")
    Limiter().say(logging.ERROR, "kind", "it broke")
    assert [(r.name, r.levelname) for r in caplog.records] == [
        ("plugwire", "ERROR")
    ]
    assert log.name == "plugwire"


def test_b17_silent_unless_the_program_configures_it() -> None:
    program = "from plugwire.logs import log; log.error('unheard')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"")
