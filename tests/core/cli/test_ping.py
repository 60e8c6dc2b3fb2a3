"""`plugwire ping`."""

import json

import pytest

from plugwire.cli import main


@pytest.mark.parametrize("door", ["main", "tcp"])
def test_a_live_server_answers_with_facts(serving, capsys, door):
    serving("--keep", "--listen", "unix", "--listen", "tcp:json")
    assert main(["ping", "load", "--door", door]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("load answered in ")
    assert f"(door {door}, " in out
    assert "0 clients, 0 broadcasts" in out
    assert err == ""


def test_for_programs_it_is_one_object(serving, start, capsys):
    server = serving("--keep")
    start("listen", "load")
    server.until("joined")
    assert main(["ping", "load", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["round_trip_ms"] > 0
    assert (facts["event"], facts["clients"]) == ("load", 1)
    assert facts["address"] == facts["doors"]["main"]
    assert main(["ping", "load"]) == 0
    assert " 1 client, " in capsys.readouterr().out


def test_nobody_there_fails_at_once_with_the_mend(capsys, folder):
    assert main(["ping", "load"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"plugwire: cannot connect to {folder}/load.sock")
    assert err.count("\n") == 1


def test_a_server_that_does_not_answer_fails_in_time(capsys, folder):
    import socket

    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(folder / "load.sock"))
        deaf.listen()
        assert main(["ping", "load", "--timeout", "0.1"]) == 1
    err = capsys.readouterr().err
    assert "no answer from 'load' at unix:" in err
    assert "within 0.1 s (--timeout)" in err


def test_a_server_may_forbid_questions(serving, capsys, tmp_path):
    config = tmp_path / "plugwire.toml"
    config.write_text(
        '[plugwire]\npermissions = ["peer", "rules"]\n'
        '[[plugwire.rules.allow]]\nwho = "*"\nverbs = ["connect"]\n'
    )
    serving("--keep", "--config", str(config))
    assert main(["ping", "load", "--set", 'permissions=["peer"]']) == 1
    assert "control" in capsys.readouterr().err
