"""`plugwire clients`."""

import json
import os
import re

from plugwire.cli import clients, main


def test_who_is_connected_is_a_table(serving, start, capsys):
    server = serving("--keep")
    start("listen", "load", "--session", "one")
    server.until("joined")
    start("listen", "load")
    server.until("joined")
    assert main(["clients", "load"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "ID", "DOOR", "PEER", "SESSION", "SINCE", "QUEUED", "SENT",
        "RECEIVED", "DROPPED",
    ]  # fmt: skip
    assert [row.split()[:2] for row in rows] == [["1", "main"], ["2", "main"]]
    assert f"uid {os.getuid()} pid " in rows[0]
    assert re.search(r" 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d ", rows[0])


def test_for_programs_it_is_the_servers_answer(serving, start, capsys):
    server = serving("--keep")
    start("listen", "load")
    server.until("joined")
    assert main(["clients", "load", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["total"] == 1
    assert answer["clients"][0]["id"] == 1
    assert answer["clients"][0]["dropped"] == 0


def test_nobody_connected_is_said_to_people_only(serving, capsys):
    serving("--keep")
    assert main(["clients", "load"]) == 0
    assert capsys.readouterr() == ("", "nobody is connected to load\n")


def test_more_than_are_shown_is_said(monkeypatch, capsys):
    client = {
        "id": 1, "door": "main", "peer": "x", "session": None,
        "connected_since": 0, "queued": 0, "sent": 0, "received": 0,
        "dropped": 0,
    }  # fmt: skip
    clients._show("load", [client], 2000)
    assert capsys.readouterr().err == "1 of 2000 are shown\n"


def test_no_server_is_a_failure(capsys):
    assert main(["clients", "load"]) == 1
    assert capsys.readouterr().err.startswith("plugwire: cannot connect to ")
