"""`plugwire doctor`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from plugwire.cli import main
from plugwire.cli.doctor.checks import CHECKS

PAGE = Path(__file__).parents[3] / "docs/command.md"


def test_ids_are_stable_words_and_single():
    ids = [check.id for check in CHECKS]
    assert len(ids) == len(set(ids)) >= 15
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in ids)


def test_each_id_is_documented_and_no_other():
    section = PAGE.read_text("utf-8").partition("\n## doctor")[2]
    section = section.partition("\n## ")[0]
    told = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)
    assert told == [check.id for check in CHECKS]


def test_each_id_has_a_fault_that_is_planted():
    tests = Path(__file__).with_name("doctor").glob("test_*.py")
    text = "\n".join(path.read_text("utf-8") for path in tests)
    assert [c.id for c in CHECKS if f'"{c.id}"' not in text] == []


def test_one_document_for_programs(capsys):
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["well"] is True
    assert [c["id"] for c in told["checks"]] == [c.id for c in CHECKS]
    assert [(i["kind"], i["name"]) for i in told["imports"]] == [
        ("queue", "fifo"),
        ("transport", "unix"),
        ("codec", "msgpack"),
        ("permission", "peer"),
    ]


def test_what_is_no_event_is_asked_wrongly(capsys):
    assert main(["doctor", "a b"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
