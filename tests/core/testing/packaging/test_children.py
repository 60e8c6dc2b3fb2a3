"""Processes of their own, and what they are spared of this one."""

from __future__ import annotations

import json

from plugwire.testing.packaging import children


def test_a_report_tells_of_each_target(toy) -> None:
    toy()
    seen = children.report(["plugwire_toy:Toy", "plugwire_toy:None_"])
    assert seen["ended"] == ""
    assert seen["targets"]["plugwire_toy:Toy"] == {
        "error": "",
        "type": "class",
    }
    assert "None_" in seen["targets"]["plugwire_toy:None_"]["error"]
    assert "plugwire_toy" in seen["modules"]


def test_a_process_that_hangs_is_ended_and_told(toy, monkeypatch) -> None:
    toy(source=("class Toy:", "import time\ntime.sleep(60)\nclass Toy:"))
    monkeypatch.setattr(children, "DEADLINE", 0.5)
    seen = children.report(["plugwire_toy:Toy"])
    assert "it was not done within 0.5 s" in seen["ended"]


def test_the_command_has_the_kits_plugins_and_no_variables(
    monkeypatch,
) -> None:
    monkeypatch.setenv("PLUGWIRE_CODEC", "nonsense")
    done = children.command(
        'codec = "kit_codec"\n', "config", "show", "--json"
    )
    assert done.err == ""
    shown = json.loads(done.out)
    assert shown["plugwire.codec"]["value"] == "kit_codec"
    done = children.command("", "plugins", "--json")
    names = {one["name"] for one in json.loads(done.out)}
    assert {"kit_codec", "kit_queue", "kit_gate", "memory"} <= names
