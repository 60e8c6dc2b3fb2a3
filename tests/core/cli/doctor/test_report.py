"""What people read."""

from __future__ import annotations

from plugwire.cli import main


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
