"""`plugwire explain`."""

import json

import pytest

from plugwire.cli import main


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "doors.toml"
    path.write_text(
        '[plugwire]\nqueue = "history"\n'
        '[plugwire.listen.main]\ntransport = "unix"\n'
        '[plugwire.listen.remote]\ntransport = "tcp"\ncodec = "json"\n'
    )
    return path


def test_every_hook_is_explained(config, capsys):
    assert main(["explain", "load", "--config", str(config)]) == 0
    out = capsys.readouterr().out
    main_door, remote, queue, client = out.split("\n\n")
    assert main_door.startswith("server, door main (load)\n")
    assert "bind    transport unix" in main_door
    assert (
        "plugwire.listen.main.transport (file "
        in main_door.replace(str(config), "file ")
        or str(config) in main_door
    )
    assert "the transport's proposal" in main_door
    assert remote.startswith("server, door remote (load.remote)\n")
    assert "codec json" in remote
    assert "queue history" in queue
    assert client.startswith("client, to door main (load)\n")
    assert "connect  transport unix" in client


def test_an_event_need_not_be_named(capsys):
    assert main(["explain"]) == 0
    assert "(example)" in capsys.readouterr().out


def test_one_door_alone(config, capsys):
    args = ["explain", "load", "--config", str(config), "--door", "remote"]
    assert main(args) == 0
    out = capsys.readouterr().out
    assert "door main" not in out
    assert "client, to door remote (load.remote)" in out


def test_for_programs_it_is_one_document(config, capsys):
    assert main(["explain", "load", "--json", "--config", str(config)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["event"] == "load"
    names = [door["door"] for door in found["server"]["doors"]]
    assert names == ["main", "remote"]
    (queue,) = found["server"]["queue"]
    assert (queue["hook"], queue["plugin"]) == ("queue", "history")
    hooks = [answer["hook"] for answer in found["client"]["answers"]]
    assert hooks[0] == "connect"


def test_a_plain_door_says_so(capsys):
    args = ["--set", "plain=true", "--codec", "json"]
    assert main(["explain", *args]) == 0
    assert "server, door main (example, plain)" in capsys.readouterr().out


def test_a_live_server_decides_where_a_client_goes(serving, capsys):
    serving("--keep", "--listen", "tcp:json")
    assert main(["explain", "load", "--json"]) == 0
    client = json.loads(capsys.readouterr().out)["client"]
    assert (client["transport"], client["codec"]) == ("tcp", "json")


def test_what_cannot_be_composed_is_told_in_full(capsys):
    args = ["--codec", "jsno", "--transport", "unx", "--set", "nothing=1"]
    assert main(["explain", *args]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("plugwire: plugwire.") for line in lines)
