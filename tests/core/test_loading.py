"""Files, environment, call: what goes over what, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.errors import ConfigurationError, Problem
from plugwire.loading import MAX_DEPTH, find_file, gather, load_settings
from plugwire.settings import EnvText, Lag, Settings


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PLUGWIRE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def told(
    source: Any = None,
    texts: Mapping[str, str] | None = None,
    **overrides: Any,
) -> dict[str, Problem]:
    _, problems = gather(source, overrides, texts=texts or {})
    assert len({p.key for p in problems}) == len(problems)
    return {p.key: p for p in problems}


# ----------------------------------------------------- what goes over what


def test_without_anything_all_is_default() -> None:
    assert load_settings() == Settings()
    assert load_settings({}) == Settings()
    assert find_file() is None


def test_call_over_environment_over_file_over_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(
        tmp_path / "plugwire.toml",
        '[plugwire]\ntransport = "a"\ncodec = "a"\nqueue = "a"\nbacklog = 1\n'
        "[plugwire.tcp]\nhost = 'a'\nport = 1\nport_range_end = 1\n",
    )
    monkeypatch.setenv("PLUGWIRE_CODEC", "b")
    monkeypatch.setenv("PLUGWIRE_QUEUE", "b")
    monkeypatch.setenv("PLUGWIRE_BACKLOG", "2")
    monkeypatch.setenv("PLUGWIRE_TCP__PORT", "2")
    monkeypatch.setenv("PLUGWIRE_TCP__PORT_RANGE_END", "2")
    settings, problems = gather(
        None,
        {"queue": "c", "tcp": {"port_range_end": 3}},
        texts={"backlog": "4", "plugwire.reconnect_cap": "5"},
    )
    assert problems == []
    assert settings.transport == "a"
    assert settings.codec == "b"
    assert settings.queue == "c"
    assert settings.backlog == 4
    assert settings.reconnect_cap == 5.0
    assert settings.lag is Lag.DISCONNECT
    assert settings.sections == {
        "tcp": {"host": "a", "port": "2", "port_range_end": 3}
    }
    assert isinstance(settings.sections["tcp"]["port"], EnvText)
    assert settings.origins == {
        "plugwire.transport": f"{path}:2",
        "plugwire.codec": "environment PLUGWIRE_CODEC",
        "plugwire.queue": "call",
        "plugwire.backlog": "--set",
        "plugwire.reconnect_cap": "--set",
        "plugwire.tcp": f"{path}:6",
        "plugwire.tcp.host": f"{path}:7",
        "plugwire.tcp.port": "environment PLUGWIRE_TCP__PORT",
        "plugwire.tcp.port_range_end": "call",
    }


def test_d4_one_variable_overrides_the_codec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "plugwire.toml", '[plugwire]\ncodec = "msgpack"')
    assert load_settings().codec == "msgpack"
    monkeypatch.setenv("PLUGWIRE_CODEC", "json")
    assert load_settings().codec == "json"


def test_b5_transport_and_codec_are_named_in_one_call() -> None:
    settings = load_settings(transport="tcp", codec="json")
    assert (settings.transport, settings.codec) == ("tcp", "json")


def test_lists_replace_and_tables_merge() -> None:
    settings = load_settings(
        {
            "permissions": ["peer", "rules"],
            "extensions": ["a"],
            "rules": {"allow": [{"who": "a"}, {"who": "b"}], "x": {"y": 1}},
            "listen": {"main": {"codec": "json"}},
        },
        permissions=("anyone",),
        rules={"allow": [{"who": "c"}], "x": {"z": 2}},
        listen={"main": {"plain": True}, "far": {"transport": "tcp"}},
    )
    assert settings.permissions == ("anyone",)
    assert settings.extensions == ("a",)
    assert settings.sections == {
        "rules": {"allow": [{"who": "c"}], "x": {"y": 1, "z": 2}}
    }
    assert settings.listen == {
        "main": {"codec": "json", "plain": True},
        "far": {"transport": "tcp"},
    }
    assert load_settings(permissions=None).permissions is None


def test_a_named_file_is_read_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "plugwire.toml", '[plugwire]\ncodec = "here"')
    path = written(tmp_path / "a.toml", '[plugwire]\nqueue = "a"')
    monkeypatch.setenv("PLUGWIRE_TRANSPORT", "tcp")
    monkeypatch.setenv("PLUGWIRE_SETTINGS", "no such file")
    for source in (path, str(path)):
        settings = load_settings(source)
        assert settings.codec == "msgpack"
        assert settings.queue == "a"
        assert settings.transport == "tcp"


@pytest.mark.parametrize("source", [{"codec": "json"}, Settings(codec="json")])
def test_a_mapping_or_settings_is_all_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Any
) -> None:
    written(tmp_path / "plugwire.toml", '[plugwire]\nqueue = "here"')
    monkeypatch.setenv("PLUGWIRE_TRANSPORT", "tcp")
    monkeypatch.setenv("PLUGWIRE_NONSENSE", "x")
    settings = load_settings(source, backlog=7)
    assert settings.codec == "json"
    assert settings.queue == "fifo"
    assert settings.transport == "unix"
    assert settings.backlog == 7
    assert settings.origins["plugwire.codec"] == "settings"


def test_settings_come_back_as_they_are_with_their_origins(
    tmp_path: Path,
) -> None:
    path = written(
        tmp_path / "a.toml",
        '[plugwire]\ncodec = "a"\nlag = "drop_oldest"\nsocket_dir = "/x"\n'
        'permissions = ["peer"]\n[plugwire.tcp]\nport = 1\n'
        "[plugwire.listen.far]\nlag_grace = 1\n",
    )
    first = load_settings(
        written(path, path.read_text().replace("lag_grace = 1", ""))
    )
    assert load_settings(first) == first
    second = load_settings(first, tcp={"host": "h"}, codec="b")
    assert second.sections == {"tcp": {"port": 1, "host": "h"}}
    assert second.codec == "b"
    assert second.origins["plugwire.tcp.port"] == f"{path}:7"
    assert second.origins["plugwire.codec"] == "call"


def test_settings_made_by_hand_are_checked() -> None:
    problems = told(Settings(max_connections=-3, permissions=()))
    assert set(problems) == {
        "plugwire.max_connections",
        "plugwire.permissions",
    }
    assert problems["plugwire.max_connections"].origin == "settings"


def test_what_was_handed_over_is_not_changed_nor_seen_changing() -> None:
    source = {"tcp": {"port": 1}}
    settings = load_settings(source, tcp={"host": "h"})
    assert source == {"tcp": {"port": 1}}
    source["tcp"]["port"] = 2
    assert settings.sections["tcp"]["port"] == 1


@pytest.mark.parametrize("given", ["/tmp/x", Path("/tmp/x")])
def test_a1_socket_dir_is_text_or_path(given: Any) -> None:
    assert load_settings(socket_dir=given).folder() == Path("/tmp/x")
    assert load_settings(socket_dir=None).socket_dir is None


# ------------------------------------------------------------------ texts


def test_texts_are_read_by_the_type_of_their_field(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, text in {
        "CODEC": "007",
        "QUEUE": "@int 1",
        "SOCKET_DIR": "/a b",
        "TIMEZONE": "Europe/Paris",
        "PLAIN": "True",
        "RECONNECT": "no",
        "BACKLOG": "12",
        "LAG_GRACE": "1.5",
        "LAG": "keep_latest",
        "PERMISSIONS": '["peer", "rules"]',
        "EXTENSIONS": "[]",
        "LISTEN": "{main = {codec = 'json'}}",
        "TCP": '{"port": 9100}',
        "LISTEN__FAR": "{transport = 'tcp'}",
        "LISTEN__FAR__TCP": "{port = 1}",
        "LISTEN__FAR__TCP__HOST": "h",
        "LISTEN__FAR__MAX_CONNECTIONS": "3",
    }.items():
        monkeypatch.setenv(f"PLUGWIRE_{name}", text)
    settings = load_settings()
    assert settings.codec == "007"
    assert type(settings.codec) is str
    assert settings.queue == "@int 1"
    assert settings.socket_dir == Path("/a b")
    assert settings.timezone == "Europe/Paris"
    assert (settings.plain, settings.reconnect) == (True, False)
    assert (settings.backlog, settings.lag_grace) == (12, 1.5)
    assert settings.lag is Lag.KEEP_LATEST
    assert settings.permissions == ("peer", "rules")
    assert settings.extensions == ()
    assert settings.sections == {"tcp": {"port": 9100}}
    assert settings.listen == {
        "far": {
            "transport": "tcp",
            "tcp": {"port": 1, "host": "h"},
            "max_connections": 3,
        },
        "main": {"codec": "json"},
    }


@pytest.mark.parametrize("door", ["readers", "Read-Ers", "READ-ers"])
def test_a_variable_finds_a_door_whatever_its_capitals_and_dashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    written(
        tmp_path / "plugwire.toml",
        f'[plugwire.listen.{door}]\ncodec = "a"',
    )
    variable = door.upper().replace("-", "_")
    monkeypatch.setenv(f"PLUGWIRE_LISTEN__{variable}__CODEC", "b")
    assert load_settings().listen == {door: {"codec": "b"}}


def test_the_order_of_the_environment_decides_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLUGWIRE_LISTEN__B__CODEC", "b")
    monkeypatch.setenv("PLUGWIRE_LISTEN__A__CODEC", "a")
    assert list(load_settings().listen) == ["a", "b"]


def test_a_variable_that_could_mean_two_doors_means_neither(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written(
        tmp_path / "plugwire.toml",
        "[plugwire.listen.A-b]\n[plugwire.listen.a-B]\n",
    )
    monkeypatch.setenv("PLUGWIRE_LISTEN__A_B__CODEC", "c")
    assert load_settings().listen == {
        "A-b": {},
        "a-B": {},
        "a_b": {"codec": "c"},
    }


# ---------------------------------------------------------------- refusals


def test_b15_everything_wrong_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(
        tmp_path / "plugwire.toml",
        """[plugwire]
codce = "json"
backlog = "9100"
max_connections = -1
handler_threads = true
default_timeout = nan
drain_timeout = inf
lag_grace = -0.5
timezone = "Europe/Pariss"
transport = 600
lag = "drop"
[plugwire.tpc]
port = 1
[plugwire.listen.main]
codec = ""
""",
    )
    monkeypatch.setenv("PLUGWIRE_TRANSPROT", "tcp")
    monkeypatch.setenv("PLUGWIRE_PLAIN", "perhaps")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(buffer_size=0, outbox_byte=1)
    problems = {p.key: p for p in caught.value.problems}
    assert {
        key.removeprefix("plugwire."): p.origin for key, p in problems.items()
    } == {
        "codce": f"{path}:2",
        "backlog": f"{path}:3",
        "max_connections": f"{path}:4",
        "handler_threads": f"{path}:5",
        "default_timeout": f"{path}:6",
        "drain_timeout": f"{path}:7",
        "lag_grace": f"{path}:8",
        "timezone": f"{path}:9",
        "transport": f"{path}:10",
        "lag": f"{path}:11",
        "tpc": f"{path}:12",
        "listen.main.codec": f"{path}:15",
        "transprot": "environment PLUGWIRE_TRANSPROT",
        "plain": "environment PLUGWIRE_PLAIN",
        "buffer_size": "call",
        "outbox_byte": "call",
    }
    mends = {key: p.mend for key, p in problems.items()}
    assert mends["plugwire.codce"] == "did you mean plugwire.codec?"
    assert mends["plugwire.backlog"] == "write 9100 without quotes"
    assert mends["plugwire.timezone"] == 'did you mean "Europe/Paris"?'
    assert mends["plugwire.tpc"] == "did you mean plugwire.tcp?"
    assert mends["plugwire.transprot"] == "did you mean PLUGWIRE_TRANSPORT?"
    assert (
        mends["plugwire.outbox_byte"] == "did you mean plugwire.outbox_bytes?"
    )
    for problem in problems.values():
        assert str(problem) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ('codec = "json"', "move it there, as plugwire.codec, or"),
        ("[development.plugwire]\ncodec = 'json'", "move it there, as"),
        ("[default]\ncodec = 'json'", "move it there, as plugwire.default"),
        ("[plugwrie]\ncodec = 'json'", "did you mean [plugwire]?"),
        ("[plugwir]\ncodec = 'json'", "did you mean [plugwire]?"),
        ("[Plugwire]\ncodec = 'json'", "did you mean [plugwire]?"),
        ("dynaconf_include = ['other.toml']", "move it there, as"),
        ("dynaconf_merge = true", "move it there, as"),
    ],
)
def test_all_of_a_file_stands_under_plugwire(
    tmp_path: Path, text: str, mend: str
) -> None:
    path = written(tmp_path / "a.toml", text)
    settings, (problem,) = gather(path, {})
    assert settings == Settings()
    assert problem.expected == "everything under [plugwire]"
    assert problem.mend.startswith(mend)
    assert problem.origin.startswith(f"{path}")


def test_plugwire_is_a_table(tmp_path: Path) -> None:
    path = written(tmp_path / "a.toml", "plugwire = 5")
    assert told(path)["plugwire"].origin == f"{path}:1"


@pytest.mark.parametrize(
    "mark",
    [
        "dynaconf_merge",
        "dynaconf_merge_unique",
        "dynaconf_include",
        "DYNACONF_MERGE",
        "includes_for_dynaconf",
        "__del__",
        "auto_cast_for_dynaconf",
        "CODEC",
    ],
)
def test_marks_for_dynaconf_are_unknown_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    path = written(tmp_path / "a.toml", f"[plugwire]\n{mark} = true")
    assert told(path)[f"plugwire.{mark}"].expected == "a known key"
    monkeypatch.setenv(f"PLUGWIRE_{mark.upper()}", "true")
    if mark != "CODEC":
        assert len(told()) == 1


@pytest.mark.parametrize(
    "token", ["@int 5", "@none", "@del", "@merge ['x']", "@read_file /etc/x"]
)
def test_a_string_that_begins_with_an_at_sign_is_a_string(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    quoted = '"' + token + '"'
    path = written(
        tmp_path / "a.toml",
        f"[plugwire]\ncodec = {quoted}\npermissions = [{quoted}]\n"
        f"[plugwire.memory]\na = [[{quoted}], {{ b = {quoted} }}]\n"
        '[plugwire.listen.main]\npermissions = ["dynaconf_merge"]\n',
    )
    monkeypatch.setenv("PLUGWIRE_QUEUE", token)
    monkeypatch.setenv("PLUGWIRE_MEMORY__C__D", token)
    settings = load_settings(path)
    assert settings.codec == settings.queue == token
    assert settings.permissions == (token,)
    assert settings.sections == {
        "memory": {"a": [[token], {"b": token}], "c": {"d": token}}
    }
    assert settings.listen["main"]["permissions"] == ("dynaconf_merge",)


def test_what_cannot_be_read_is_a_problem_among_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUGWIRE_SETTINGS", str(tmp_path / "no.toml"))
    monkeypatch.setenv("PLUGWIRE_BACKLOG", "x")
    assert set(told(queue=5)) == {
        "plugwire",
        "plugwire.backlog",
        "plugwire.queue",
    }
    monkeypatch.delenv("PLUGWIRE_SETTINGS")
    written(tmp_path / "plugwire.toml", "").chmod(0o666)
    assert "chmod go-w" in told()["plugwire"].mend


@pytest.mark.skipif(os.name == "nt", reason="names have no case there")
def test_variables_are_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUGWIRE_Codec", "json")
    monkeypatch.setenv("PLUGWIRE_TCP__port", "1")
    problems = told()
    assert len(problems) == 2
    assert problems["plugwire.tcp.port"].mend == "write PLUGWIRE_TCP__PORT"


def test_a_broken_dynaconf_does_not_hide_the_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = (
        "from plugwire.loading import gather\n"
        "print(*gather(None, {'backlog': 0})[1], sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "REDIS_PORT_FOR_DYNACONF": "x",
            "PLUGWIRE_CODEC": "json",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "REDIS_PORT_FOR_DYNACONF" in done.stdout
    assert "plugwire.backlog (call)" in done.stdout


def test_deep_tables_are_bounded(tmp_path: Path) -> None:
    fits = f"memory.{'.'.join(['a'] * MAX_DEPTH)}"
    path = written(tmp_path / "a.toml", f"[plugwire]\n{fits} = 1")
    assert load_settings(path).sections["memory"]
    assert load_settings(load_settings(path)).doors("e")[0].sections["memory"]
    path.write_text(f"[plugwire]\n{fits}.a = 1")
    with pytest.raises(ConfigurationError, match=f"{MAX_DEPTH} deep at most"):
        load_settings(path)
    endless: dict[str, Any] = {}
    endless["a"] = endless
    for problems in (
        told(memory=endless),
        told(texts={f"memory{'.a' * 5000}": "1"}),
        told(texts={"memory": '{"a": ' * 500 + "1" + "}" * 500}),
    ):
        assert list(problems) == [f"plugwire.{fits}"]


def test_a_plain_call_imports_neither_pydantic_nor_dynaconf() -> None:
    code = """
import sys
from plugwire.loading import load_settings
load_settings(transport="tcp", codec="json", socket_dir="/x",
              plain=True, timezone="UTC",
              permissions=["anyone"], listen={"main": {"codec": "json"}})
print({"pydantic", "dynaconf", "zoneinfo"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


# ------------------------------------------------------------------- laws

leaves = st.one_of(
    st.integers(0, 9), st.text("@x", max_size=3), st.lists(st.integers(0, 9))
)
tables = st.recursive(
    st.dictionaries(st.sampled_from("abc"), leaves, max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from("abc"), leaves | inner, max_size=3
    ),
    max_leaves=8,
)


def over(low: Any, high: Any) -> Any:
    """The law of merging, said again."""
    if not (isinstance(low, dict) and isinstance(high, dict)):
        return high
    return {
        key: over(low[key], high[key])
        if key in low and key in high
        else {**low, **high}[key]
        for key in {**low, **high}
    }


@given(tables, tables)
def test_tables_merge_and_all_else_replaces(low: Any, high: Any) -> None:
    settings = load_settings({"memory": low}, memory=high)
    assert settings.sections == {"memory": over(low, high)}
    ends = {
        key
        for key in settings.origins
        if not any(k.startswith(f"{key}.") for k in settings.origins)
    }

    def at(key: str) -> Any:
        value: Any = settings.sections
        for name in key.removeprefix("plugwire.").split("."):
            value = value[name]
        return value

    for key in ends:
        assert not isinstance(at(key), dict) or at(key) == {}


def test_settings_without_their_wrong_doors_can_be_handed_on() -> None:
    settings, problems = gather({"listen": {"a b": {}}}, {})
    assert len(problems) == 1
    assert load_settings(settings) == settings
