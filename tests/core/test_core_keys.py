"""The core's own keys: what each may be, and what is said of the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.errors import Problem
from plugwire.loading import gather, load_settings
from plugwire.settings import EnvText, Settings


def told(
    source: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
    **overrides: Any,
) -> dict[str, Problem]:
    _, problems = gather(source or {}, overrides, texts=texts or {})
    assert len({p.key for p in problems}) == len(problems)
    return {p.key: p for p in problems}


def test_instances_of_plugins_are_taken_as_they_are() -> None:
    class Mine:
        pass

    one, two = Mine(), Mine()
    settings = load_settings(
        codec=one,
        permissions=["peer", two],
        listen={"main": {"transport": one}},
    )
    assert settings.codec is one
    assert settings.permissions == ("peer", two)
    assert settings.doors("e")[0].transport is one
    assert load_settings(settings).codec is one


def test_defaults_stand_in_for_what_is_wrong() -> None:
    settings, problems = gather(
        {
            "backlog": 0,
            "queue": "none",
            "listen": {"a": {"codec": 1, "plain": True}, "b/c": {}},
            "tpc": {"port": 1},
        },
        {},
    )
    assert len(problems) == 4
    assert settings.backlog == Settings().backlog
    assert settings.queue == "none"
    assert settings.listen == {"a": {"plain": True}}
    assert settings.sections == {}
    assert set(settings.origins) == {
        "plugwire.queue",
        "plugwire.listen",
        "plugwire.listen.a",
        "plugwire.listen.a.plain",
    }


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (600, "600"),
        (True, "true"),
        (EnvText(""), "''"),
        (None, "None"),
        ("", "''"),
        (["a"], "['a']"),
        (b"a", "b'a'"),
        (dict, "the class dict"),
    ],
)
@pytest.mark.parametrize("key", ["transport", "codec", "queue"])
def test_a_plugin_is_a_name_or_an_instance(
    key: str, value: Any, found: str
) -> None:
    problem = told({key: value})[f"plugwire.{key}"]
    assert problem.found == found
    assert "name" in problem.expected
    assert problem.mend


def test_of_several_names_one_is_to_be_written() -> None:
    two = told(codec=["json", "msgpack"])["plugwire.codec"]
    assert two.mend == 'write "json" or "msgpack"'
    for value in ([], [5]):
        mend = told(queue=value)["plugwire.queue"].mend
        assert mend == "plugwire plugins lists their names"


def test_permissions_that_are_no_list_of_names_are_told() -> None:
    empty = told(permissions=[])["plugwire.permissions"]
    assert "anyone" in empty.mend
    word = told(permissions="token")["plugwire.permissions"]
    assert word.mend == 'write ["token"]'
    words = told(permissions="peer, token")["plugwire.permissions"]
    assert words.mend == 'write ["peer", "token"]'
    assert told(permissions="[x")["plugwire.permissions"].mend == ""
    inside = told(permissions=[["peer"]])["plugwire.permissions"]
    assert inside.mend == 'write "peer"'
    assert told(permissions=5)["plugwire.permissions"].found == "5"
    assert told(permissions=["a", 5])["plugwire.permissions"].found == "5"
    text = told(texts={"permissions": "token"})["plugwire.permissions"]
    assert text.mend == 'write ["token"]'
    two = told(texts={"permissions": "peer, token@a-b"})
    assert two["plugwire.permissions"].mend == 'write ["peer", "token@a-b"]'
    broken = told(texts={"permissions": "[peer"})["plugwire.permissions"]
    assert '["a", "b"]' in broken.mend
    assert told(extensions=None)["plugwire.extensions"].expected
    assert told(extensions=[]) == {}


def test_doors_that_are_none_are_told() -> None:
    assert "main" in told(listen={})["plugwire.listen"].mend
    assert told(listen=5)["plugwire.listen"].found == "a number"
    assert told(texts={"listen": "main"})["plugwire.listen"].found == "text"
    assert told(texts={"listen": "{}"})["plugwire.listen"].found == "none"
    problems = told(
        listen={
            "a.b": {},
            "": {},
            "x" * 65: {},
            7: {},
            "flat": 1,
            "ok": {"backlog": 1, "codce": "x", "listen": {}},
        }
    )
    assert "it holds '.'" in problems['plugwire.listen."a.b"'].found
    assert "empty" in problems['plugwire.listen.""'].found
    assert "65" in problems[f"plugwire.listen.{'x' * 65}"].found
    assert "int" in problems["plugwire.listen.7"].found
    assert problems["plugwire.listen.flat"].mend == (
        "write [plugwire.listen.flat]; a plugin's key stands in its section, "
        "[plugwire.NAME]"
    )
    assert "plugwire.backlog" in problems["plugwire.listen.ok.backlog"].mend
    assert problems["plugwire.listen.ok.codce"].mend == (
        "did you mean plugwire.listen.ok.codec?"
    )
    assert "plugwire.listen.ok.listen" in problems
    assert len(problems) == 8


def test_sections_are_tables_of_installed_plugins() -> None:
    assert told({"memory": {}}) == {}
    flat = told({"memory": 5})["plugwire.memory"]
    assert flat.mend == (
        "set a key of it, plugwire.memory.KEY, with its name in place of KEY"
    )
    assert told(texts={"memory": "x"})["plugwire.memory"].found == "text"
    assert "a known key" in told({"memry": {}})["plugwire.memry"].expected
    for key in ("sections", "origins", '"tcp.port"', '""'):
        table = {key.strip('"'): 1}
        assert told(table)[f"plugwire.{key}"].expected == "a known key"
    door = told({"listen": {"a": {"memroy": {}}}})
    assert door["plugwire.listen.a.memroy"].mend == (
        "did you mean plugwire.listen.a.memory?"
    )


def test_a_key_that_begins_with_a_section_is_looked_for_there() -> None:
    assert told(memory_size=5)["plugwire.memory_size"].mend == (
        "did you mean plugwire.memory.size?"
    )
    for key in ("memory__size", "memory-size", "MEMORY__SIZE"):
        problem = told(texts={key: "5"})[f"plugwire.{key}"]
        assert problem.mend == "did you mean plugwire.memory.size?"
    found = told({"memory_": 5})["plugwire.memory_"]
    assert found.mend == "did you mean a key of memory, plugwire.memory.KEY?"
    nothing = told({"zzz": 5})["plugwire.zzz"]
    assert nothing.mend == (
        "plugwire config schema lists them; a plugin's key stands in its "
        "section, [plugwire.NAME]"
    )


@pytest.mark.parametrize(
    ("key", "mend"),
    [
        (
            "codec",
            "write codec under [plugwire.listen.main], or under [plugwire] "
            "for all doors",
        ),
        ("backlog", "write backlog under [plugwire]"),
    ],
)
def test_a_setting_in_place_of_a_door_is_told_where_it_belongs(
    key: str, mend: str
) -> None:
    problem = told(listen={key: "x", "a": {}})[f"plugwire.listen.{key}"]
    assert problem.mend == mend


def test_a_section_that_is_misspelt_and_no_table_is_given_the_nearest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert told(memry=1)["plugwire.memry"].mend == (
        "did you mean a key of memory, plugwire.memory.KEY?"
    )
    file = tmp_path / "none.toml"
    file.touch()
    monkeypatch.setenv("PLUGWIRE_MEMRY", "x")
    _, (problem,) = gather(file, {})
    assert problem.mend == (
        "did you mean a key of memory, PLUGWIRE_MEMORY__KEY?"
    )


def test_a_key_of_no_plugin_is_told_where_plugins_have_theirs() -> None:
    door = told({"listen": {"a": {"zzz": 1}}})["plugwire.listen.a.zzz"]
    assert door.mend.endswith(
        "; a plugin's key stands in its section, NAME = { zzz = … }"
    )


@pytest.mark.parametrize(
    ("variable", "mend"),
    [
        ("SETTING", "did you mean PLUGWIRE_SETTINGS?"),
        ("DISABLED", "did you mean PLUGWIRE_DISABLE?"),
        ("ALLOWED", "did you mean PLUGWIRE_ALLOW?"),
        ("TRANSPROT", "did you mean PLUGWIRE_TRANSPORT?"),
        (
            "ZZZ",
            "plugwire config schema lists them; a plugin's key has its name "
            "before it, PLUGWIRE_NAME__ZZZ",
        ),
    ],
)
def test_a_variable_that_is_no_setting_is_given_the_nearest_name(
    variable: str, mend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "none.toml"
    file.touch()
    monkeypatch.setenv(f"PLUGWIRE_{variable}", "x")
    _, (problem,) = gather(file, {})
    assert problem.mend == mend


def test_a_file_is_offered_no_variable() -> None:
    mend = told(setting="x")["plugwire.setting"].mend
    assert "SETTINGS" not in mend


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("hush", "text"),
        (4711, "a number"),
        (47.11, "a number"),
        (["hush"], "a list"),
        (True, "true"),
        (b"hush", "a value of type bytes"),
    ],
)
@pytest.mark.parametrize(
    ("key", "table"),
    [
        ("plugwire.memory", lambda value: {"memory": value}),
        ("plugwire.listen", lambda value: {"listen": value}),
        ("plugwire.listen.a", lambda value: {"listen": {"a": value}}),
        (
            "plugwire.listen.a.memory",
            lambda value: {"listen": {"a": {"memory": value}}},
        ),
    ],
)
def test_what_stands_in_place_of_a_table_is_not_shown(
    key: str, table: Callable[[Any], Any], value: Any, found: str
) -> None:
    """It may be a secret: PLUGWIRE_TOKEN=hush."""
    assert told(table(value))[key].found == found


@pytest.mark.parametrize("value", ["", 5, True, b"x"])
def test_a_folder_is_a_path(value: Any) -> None:
    assert told(socket_dir=value)["plugwire.socket_dir"].expected


@pytest.mark.parametrize("value", ["run", "./run", Path("run"), "~nobody_/x"])
def test_x7_a_folder_depends_on_no_working_directory(value: Any) -> None:
    problem = told(socket_dir=value)["plugwire.socket_dir"]
    assert problem.expected == "an absolute path, or one from ~/"
    assert str(Path.cwd() / "run") in problem.mend or "~nobody_" in str(value)
    assert told(socket_dir="~/run") == {}
    assert told(socket_dir=Path("/run")) == {}


def test_names_that_are_empty_are_told_to_be_named() -> None:
    for source, texts in (({"codec": ""}, {}), ({}, {"codec": ""})):
        problem = told(source, texts)["plugwire.codec"]
        assert problem.mend == "name one, or leave it out"


def test_keys_with_odd_characters_are_quoted() -> None:
    door = told(listen={"a b": {}})['plugwire.listen."a b"']
    assert door.mend == "rename the door"
    assert told({"a b": 1})['plugwire."a b"'].expected == "a known key"
    section = told(listen={"a": {'x"y': 1}})
    assert 'plugwire.listen.a."x\\"y"' in section


@pytest.mark.parametrize(
    "zone", ["", "Nowhere", "../UTC", "/etc/localtime", "America", "utc\0"]
)
def test_b1_a_time_zone_is_one_that_is_known(zone: str) -> None:
    problem = told(timezone=zone)["plugwire.timezone"]
    assert "IANA" in problem.expected
    assert problem.mend


def test_b1_a_zone_like_no_other_is_given_a_way_out() -> None:
    problem = told(timezone="@now")["plugwire.timezone"]
    assert problem.mend == 'write timezone = "UTC", or another zone\'s name'


def test_b1_known_time_zones_are_taken() -> None:
    for zone in ("UTC", "Europe/Paris", "America/Argentina/Ushuaia"):
        assert load_settings(timezone=zone).timezone == zone
    assert told(timezone="utc")["plugwire.timezone"].mend == (
        'did you mean "UTC"?'
    )
    assert told(timezone=5)["plugwire.timezone"].mend == (
        'put it in quotes, "5"'
    )


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("default_timeout", 0, 1e9),
        ("reconnect_tries", 0, -1),
        ("backlog", 2**31 - 1, 2**31),
        ("max_message_bytes", (1 << 24) - 65, (1 << 24) - 64),
        ("outbox_bytes", 1, 0),
    ],
)
def test_limits_are_held(key: str, good: Any, bad: Any) -> None:
    assert getattr(load_settings({key: good}), key) == good
    assert told({key: bad})[f"plugwire.{key}"].mend.startswith("the default")


@given(
    st.dictionaries(
        st.sampled_from([*Settings.__slots__, "tcp", "x", "memory"]),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_any_table_is_taken_or_told_and_never_raises(table: Any) -> None:
    settings, _ = gather(table, {})
    assert settings.doors("event")
    assert load_settings(settings) == settings
