"""`plugwire list`."""

import json
import signal

from plugwire.cli import main


def test_nothing_served_is_said_to_people_only(capsys, folder):
    assert main(["list"]) == 0
    assert capsys.readouterr() == ("", f"nothing is served in {folder}\n")
    assert main(["list", "--json"]) == 0
    assert capsys.readouterr() == ("[]\n", "")


def test_events_and_their_doors_are_listed(serving, start, capsys, folder):
    serving("--keep", "--listen", "unix", "--listen", "tcp:json",
            "--listen", "unix:json:plain")  # fmt: skip
    other = start("serve", "other")
    other.until("serving")
    assert main(["list"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "EVENT", "DOOR", "TRANSPORT", "CODEC", "ADDRESS", "OWNER",
    ]  # fmt: skip
    assert [row.split()[:2] for row in rows] == [
        ["load", "main"],
        ["load", "tcp"],
        ["load", "unix"],
        ["other", "main"],
    ]
    assert "json (plain)" in rows[2]
    assert f" unix:{folder}/load.sock " in rows[0]
    assert " tcp:127.0.0.1:" in rows[1]
    assert "pid " in rows[0]


def test_for_programs_it_is_one_document(serving, capsys, folder):
    serving("--keep")
    assert main(["list", "--json"]) == 0
    ((load),) = json.loads(capsys.readouterr().out)
    assert load["event"] == "load"
    assert load["owner"].startswith("pid ")
    (door,) = load["doors"]
    assert door["address"] == f"{folder}/load.sock"
    assert (door["transport"], door["plain"]) == ("unix", False)


def test_one_door_may_be_picked(serving, capsys):
    serving("--keep", "--listen", "unix", "--listen", "tcp")
    assert main(["list", "--door", "tcp"]) == 0
    (row,) = capsys.readouterr().out.splitlines()[1:]
    assert row.split()[1] == "tcp"


def test_a_killed_server_is_not_listed(serving, capsys):
    server = serving("--keep")
    server.signal(signal.SIGKILL)
    server.wait()
    assert main(["list"]) == 0
    assert capsys.readouterr().out == ""


def test_a_folder_that_is_not_ours_alone_is_a_failure(folder, capsys):
    folder.mkdir()
    folder.chmod(0o777)
    assert main(["list"]) == 1
    assert "writable by others" in capsys.readouterr().err
