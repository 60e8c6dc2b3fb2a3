"""`plugwire plugins`."""

import json
import subprocess
import sys

from plugwire.cli import main
from plugwire.plugins import GROUPS


def test_what_is_installed_is_listed(capsys):
    assert main(["plugins"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "KIND", "NAME", "DISTRIBUTION", "VERSION", "STATE", "WHY",
    ]  # fmt: skip
    kinds = {tuple(row.split()[:2]) for row in rows}
    assert {("codec", "json"), ("transport", "memory")} <= kinds


def test_one_that_cannot_be_used_says_why(monkeypatch, capsys):
    monkeypatch.setenv("PLUGWIRE_DISABLE", "json")
    assert main(["plugins", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    (found,) = [p for p in listed if p["name"] == "json"]
    assert found["state"] == "blocked"
    assert "PLUGWIRE_DISABLE" in found["why"]
    assert found["distribution"] == "plugwire-json"


def test_a_misspelt_group_is_told_with_the_right_one(install, capsys):
    groups = {
        "plugwire.codec": {"cap": "m:C"},
        "plugwire.codecs": {"ok": "m:C"},
        "plugwire.zzz": {"zed": "m:C"},
        "plugwires": {"none": "of ours"},
    }
    install("acme", groups)
    assert main(["plugins", "--json"]) == 0
    out, err = capsys.readouterr()
    listed = [p["name"] for p in json.loads(out) if p["version"] == "1.0"]
    assert listed == ["ok"]
    near, far = err.splitlines()
    assert near == (
        "'cap' of acme 1.0 is in the entry-point group plugwire.codec, which "
        "is no plugin's: did you mean plugwire.codecs?"
    )
    assert far.startswith("'zed' of acme 1.0 is in the entry-point group plu")
    assert far.endswith("plugin's: there are " + ", ".join(GROUPS))


def test_where_all_is_well_nothing_is_told(capsys):
    assert main(["plugins"]) == 0
    assert capsys.readouterr().err == ""


def test_none_is_imported(acme, capsys):
    assert main(["plugins"]) == 0
    out = capsys.readouterr().out
    assert "poison" in out
    assert "acme_mod" not in sys.modules


def test_no_first_party_plugin_is_imported():
    source = (
        "import sys; from plugwire.cli import main; main(['plugins']);"
        "print([m for m in sys.modules if m.startswith('plugwire_')"
        " and 'finder' not in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_word_of_the_operator_that_means_nothing_here_is_noted(
    monkeypatch, capsys
):
    monkeypatch.setenv("PLUGWIRE_DISABLE", "jsn")
    note = (
        "note: PLUGWIRE_DISABLE names jsn: no such plugin or distribution is "
        "installed; did you mean json?"
    )
    for command in (["plugins"], ["plugins", "--json"], ["config", "check"]):
        assert main(command) == 0
        assert note in capsys.readouterr().err.splitlines()


def test_whatever_is_wrong_with_settings_they_are_listed(capsys):
    assert main(["plugins", "--set", "codec=", "--set", "nothing=1"]) == 2
    out, err = capsys.readouterr()
    assert "msgpack" in out
    assert err.count("\n") == 2
