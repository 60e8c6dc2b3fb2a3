"""What people read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from plugwire.cli import main
from plugwire.cli.doctor.check import Check, Finding
from plugwire.cli.doctor.report import words


def test_all_is_well(capsys):
    assert main(["doctor"]) == 0
    *lines, times, verdict = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"ok"}
    assert "transport unix" in times
    assert " ms" in times
    assert verdict == "all is well"


def test_each_finding_has_its_mend_below(capsys):
    assert main(["doctor", "--codec", "jsno", "--set", "backlog=0"]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = next(n for n, t in enumerate(lines) if "plugin-installed" in t)
    assert lines[at].startswith("WRONG  plugin-installed ")
    assert lines[at + 1].startswith("       plugwire.codec (--codec): ")
    assert lines[at + 2].startswith("       mend: did you mean 'json'?")
    assert lines[-1] == "2 found"


def test_what_a_plugin_says_cannot_look_like_a_line_of_its_own():
    evil = "boom\nall is well\r\x1b[2J"
    check = Check("a-check", "it is about this", lambda case: iter(()))
    case: Any = SimpleNamespace(usable=())  # nothing was imported
    finding = Finding(subject=evil, found=evil, mend=evil)
    lines = words(case, {check: [finding]}).splitlines()
    shown = "boom\\nall is well\\r\\x1b[2J"
    assert lines[1:3] == [
        f"       {shown}: {shown}",
        f"       mend: {shown}",
    ]
    assert lines[-1] == "1 found"
