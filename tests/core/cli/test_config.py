"""`plugwire config`."""

import json
import sys

import pytest

from plugwire.cli import main

FILE = """
[plugwire]
codec = "json"
extensions = []
[plugwire.tcp]
port_range_start = 9050
[plugwire.listen.main]
transport = "tcp"
[plugwire.listen.main.tcp]
port_range_end = 9060
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "plugwire.toml"
    path.write_text(FILE)
    return path


def test_values_are_shown_with_their_origins(config, monkeypatch, capsys):
    monkeypatch.setenv("PLUGWIRE_TIMEZONE", "Europe/Paris")
    assert main(["config", "show", "--json", "--set", "lag=drop_oldest"]) == 0
    found = json.loads(capsys.readouterr().out)

    def of(key):
        return tuple(found[f"plugwire.{key}"].values())

    assert of("codec")[0] == "json"
    assert "plugwire.toml" in of("codec")[1]
    assert of("timezone") == (
        "Europe/Paris",
        "environment PLUGWIRE_TIMEZONE",
    )
    assert of("lag") == ("drop_oldest", "--set")
    assert of("max_connections") == (10, "default")
    assert of("extensions")[0] == []
    assert of("tcp.port_range_start")[0] == 9050
    assert of("listen.main.tcp.port_range_end")[0] == 9060
    assert of("permissions") == (None, "default")


def test_for_people_it_is_a_table(config, capsys, folder):
    assert main(["config", "show", "--codec", "msgpack"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["KEY", "VALUE", "ORIGIN"]
    shown = {row.split()[0]: row.split()[1:] for row in rows}
    assert shown["plugwire.codec"] == ['"msgpack"', "--codec"]
    assert "(the transport's own)" in " ".join(shown["plugwire.permissions"])
    assert shown["plugwire.socket_dir"] == [f'"{folder}"', "default"]


def test_lists_tables_and_texts_of_sections_are_shown(capsys):
    allow = 'rules.allow=[{who="*", verbs=["connect"]}]'
    args = ["config", "show", "--json", "--set", allow, "--set", "unix={}"]
    assert main(args) == 0
    found = json.loads(capsys.readouterr().out)
    assert "connect" in found["plugwire.rules.allow"]["value"]
    args = ["config", "show", "--json", "--set", f"rules={{{allow[6:]}}}"]
    assert main(args) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["plugwire.rules.allow"]["value"] == [
        {"who": "*", "verbs": ["connect"]}
    ]


def test_settings_that_are_right_are_said_to_be(config, capsys):
    assert main(["config", "check"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "the settings are right; doors: main\n")


def test_all_that_is_wrong_is_told_at_once(tmp_path, capsys):
    path = tmp_path / "wrong.toml"
    path.write_text(
        '[plugwire]\ncodec = "jsno"\nmax_connections = 0\n'
        '[plugwire.tcp]\nport = "x"\n[plugwire.unix]\nnothing = 1\n'
        '[plugwire.listen.a]\ntransport = "unix"\n'
        '[plugwire.listen.b]\ntransport = "tcp"\n'
    )
    assert main(["config", "check", "--config", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    keys = [line.split()[1] for line in lines]
    assert sorted(set(keys)) == [
        "plugwire.codec",
        "plugwire.max_connections",
        "plugwire.tcp.port",
        "plugwire.unix.nothing",
    ]
    assert len(lines) == len(set(lines))
    assert all(line.startswith("plugwire: plugwire.") for line in lines)


def test_a_section_that_nothing_names_is_said_not_to_be_checked(capsys):
    args = ["--set", "tcp.port=x", "--set", "unix.auto_remove_socket=true"]
    assert main(["config", "check", *args]) == 0
    assert capsys.readouterr().err.splitlines()[1:] == [
        "note: plugwire.tcp was not checked: nothing names tcp"
    ]


def test_a_plugin_that_is_missing_is_told(capsys):
    assert main(["config", "check", "--codec", "jsno"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "did you mean 'json'?" in line


@pytest.mark.parametrize("words", [["config", "check"], ["serve", "load"]])
def test_a_loop_that_is_missing_is_told(words, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert main([*words, "--set", "event_loop=uvloop"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("plugwire: plugwire.event_loop (--set): ")
    assert 'pip install "plugwire[uvloop]"' in line


def test_a_plain_door_has_no_clients_to_check(capsys):
    args = ["--set", "plain=true", "--codec", "json"]
    assert main(["config", "check", *args]) == 0


def test_schema_is_printed(capsys):
    assert main(["config", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert "codec" in schema["properties"]["plugwire"]["properties"]


def test_a_schema_is_printed_whatever_is_wrong(tmp_path, monkeypatch, capsys):
    path = tmp_path / "plugwire.toml"
    monkeypatch.setenv("PLUGWIRE_DISABLE", "[json]")
    for text, told in (
        ("[plugwire]\nbogus = 1\nlag = 'x'\n", ("bogus", "lag", "DISABLE")),
        ("[plugwire\n", ("plugwire.toml", "DISABLE")),
    ):
        path.write_text(text)
        assert main(["config", "schema", "--config", str(path)]) == 0
        out, err = capsys.readouterr()
        assert json.loads(out)["title"] == "plugwire"
        lines = err.splitlines()
        assert len(lines) == len(told)
        assert all(word in err for word in told)


def test_what_is_no_act_is_refused(capsys):
    for args in ([], ["chekc"], ["show", "--installed"]):
        assert main(["config", *args]) == 2
        assert capsys.readouterr().err.count("\n") == 1


UNUSED = """
[plugwire]
transport = "unix"
codec = "json"
[plugwire.history]
size = 3
[plugwire.tcp]
port_range_start = 9050
[plugwire.listen.main]
transport = "unix"
unix = {}
tcp = {}
[plugwire.listen.far]
transport = "tcp"
fifo = {}
"""


def test_keys_and_sections_that_nobody_uses_are_noted(tmp_path, capsys):
    (tmp_path / "plugwire.toml").write_text(UNUSED)
    assert main(["config", "check"]) == 0
    assert capsys.readouterr().err.splitlines()[1:] == [
        "note: plugwire.history was not checked: nothing names history",
        "note: plugwire.listen.main.tcp was not checked: door main does not "
        "name tcp",
        "note: plugwire.listen.far.fifo was not checked: door far does not "
        "name fifo",
        "note: no door takes plugwire.transport: each has its own",
    ]


def test_for_programs_the_problems_are_one_document(config, capsys):
    assert main(["config", "check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    wrong = ["--set", "max_connections=0", "--codec", "jsno"]
    assert main(["config", "check", "--json", *wrong]) == 2
    out, err = capsys.readouterr()
    first, second = json.loads(out)
    assert first == {
        "key": "plugwire.max_connections",
        "origin": "--set",
        "expected": "a value greater than or equal to 1",
        "found": "'0'",
        "mend": "the default is 10",
    }
    assert (second["key"], second["origin"]) == ("plugwire.codec", "--codec")
    assert err.count("\n") == 2


def test_a_door_that_is_none_is_told(config, capsys):
    assert main(["config", "check", "--door", "main"]) == 0
    assert main(["config", "check", "--door", "mian"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "plugwire: plugwire.listen (--door): expected one of the doors main, "
        "found 'mian'; did you mean main?"
    )
    assert main(["config", "check", "--door", "x"]) == 2
    assert capsys.readouterr().err.endswith(
        "found 'x'; write [plugwire.listen.x], or take one of these\n"
    )


def test_keys_with_odd_characters_are_quoted(tmp_path, capsys):
    (tmp_path / "plugwire.toml").write_text(
        '[plugwire.rules]\nallow = []\n"a b" = 1\n'
    )
    assert main(["config", "show", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found['plugwire.rules."a b"']["origin"].endswith(".toml:3")


def test_a_plugins_own_words_stand_as_they_are(tmp_path, capsys):
    (tmp_path / "plugwire.toml").write_text(
        '[plugwire.unix]\nsocket_permissions = "888"\n'
        "[plugwire.tcp]\nport_range_start = 9100\nport_range_end = 9000\n"
        '[plugwire.listen.a]\ntransport = "unix"\n'
        '[plugwire.listen.b]\ntransport = "tcp"\n'
    )
    assert main(["config", "check"]) == 2
    file = f"{tmp_path}/plugwire.toml"
    assert capsys.readouterr().err.splitlines() == [
        f"plugwire: plugwire.unix.socket_permissions ({file}:2): expected "
        'three octal digits in a string, such as "0600" or "0660", '
        "found '888'",
        f"plugwire: plugwire.tcp ({file}:4, {file}:5): an empty port range: "
        "port_range_start 9100 is above port_range_end 9000",
    ]


def test_a_plugins_key_outside_its_section_is_told_where_it_belongs(
    tmp_path, capsys
):
    path = tmp_path / "plugwire.toml"
    path.write_text(
        "[plugwire]\ntransport = 'tcp'\nport = 1\n"
        "[plugwire.listen]\nsize = 1\n[plugwire.listen.main]\nhost = 'x'\n"
    )
    assert main(["config", "check", "--config", str(path)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.rpartition("; ")[2] for line in told] == [
        "did you mean plugwire.tcp.port?",
        "did you mean plugwire.fifo.size?",
        "did you mean plugwire.listen.main.tcp.host?",
    ]


def test_of_very_many_problems_the_first_are_told(tmp_path, capsys):
    path = tmp_path / "plugwire.toml"
    keys = "".join(f"k{n} = {n}\n" for n in range(2000))
    path.write_text(f"[plugwire]\n{keys}")
    for words in (["check"], ["show"], ["schema"]):
        status = main(["config", *words, "--config", str(path)])
        assert status == (0 if words == ["schema"] else 2)
        *lines, last = capsys.readouterr().err.splitlines()
        assert len(lines) == 100
        assert last == "plugwire: and 1900 more"
    main(["config", "check", "--json", "--config", str(path)])
    assert len(json.loads(capsys.readouterr().out)) == 2000
    assert main(["doctor", "--config", str(path)]) == 1
    out = capsys.readouterr().out
    assert out.count("a known key") == 100
    assert "and 1900 more, which --json lists" in out
