"""Reading as it is: nothing that dynaconf knows changes what is written."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.reading import (
    MAX_FILE_BYTES,
    Unreadable,
    find_file,
    read_file,
    read_found,
    variables,
)

TOKENS = [
    "@int 5",
    "@str 5",
    "@float 5",
    "@bool true",
    '@json {"a": 1}',
    "@none",
    "@none ",
    "@del",
    "@reset x",
    "@merge [1]",
    "@merge_unique [1]",
    "@insert 0 x",
    "@format {env[HOME]}",
    "@format {this.x}",
    "@jinja {{ 1 + 1 }}",
    "@jinja {{ cycler.__init__.__globals__ }}",
    "@read_file /etc/passwd",
    "@get x",
    "@upper x",
    "@empty",
    "@note x",
    "@int @format {env[HOME]}",
    "dynaconf_merge",
    "dynaconf_merge_unique",
    "True",
    "False",
    "007",
    "[1, 2]",
    " a ",
    "",
]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PLUGWIRE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


# ------------------------------------------------------------ which file


def test_nothing_is_found_where_nothing_is() -> None:
    assert find_file() is None
    assert read_found() is None


def test_the_variable_wins_over_here_and_here_over_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = written(
        tmp_path / "home/.config/plugwire/plugwire.toml", "a = 'home'"
    )
    assert find_file() == home
    config = written(
        tmp_path / "config/plugwire/plugwire.toml", "a = 'config'"
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")
    assert find_file() == home
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert find_file() == config
    here = written(tmp_path / "here/plugwire.toml", "a = 'here'")
    assert find_file() == Path("plugwire.toml")
    found = read_found()
    assert found
    assert found.tables == {"a": "here"}
    assert found.path == here
    named = written(tmp_path / "named.toml", "a = 'named'")
    monkeypatch.setenv("PLUGWIRE_SETTINGS", str(named))
    assert find_file() == named
    monkeypatch.setenv("PLUGWIRE_SETTINGS", "")
    assert find_file() == Path("plugwire.toml")


def test_a_user_without_a_home_has_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert find_file() is None


def test_a_folder_of_the_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "here/plugwire.toml").mkdir()
    assert find_file() is None


@pytest.mark.parametrize("mode", [0o602, 0o622, 0o666])
def test_a_file_here_that_others_may_write_is_refused(
    tmp_path: Path, mode: int
) -> None:
    path = written(tmp_path / "here/plugwire.toml", "a = 1", mode)
    with pytest.raises(Unreadable, match=f"chmod go-w {path}") as caught:
        read_found()
    assert f"mode {mode:04o}" in caught.value.problem.found
    assert read_file(path).tables == {"a": 1}


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o400])
def test_a_file_here_that_only_the_user_may_write_is_read(
    tmp_path: Path, mode: int
) -> None:
    written(tmp_path / "here/plugwire.toml", "a = 1", mode)
    found = read_found()
    assert found
    assert found.tables == {"a": 1}


def test_the_users_own_group_may_write_and_another_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "here/plugwire.toml", "a = 1", 0o660)
    me = path.stat().st_uid
    if path.stat().st_gid == me:
        assert read_found()
        if os.geteuid() != 0:
            return
        os.chown(path, me, me + 1)
    with pytest.raises(Unreadable, match="chmod go-w"):
        read_found()


def test_a_foreign_file_here_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "here/plugwire.toml", "a = 1")
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(Unreadable, match=f"uid {me}, and this") as caught:
        read_found()
    assert f"PLUGWIRE_SETTINGS={path}" in caught.value.problem.mend


# ------------------------------------------------------------- the file


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file") as caught:
        read_file(tmp_path / "no.toml")
    assert caught.value.problem.origin == str(tmp_path / "no.toml")


@pytest.mark.parametrize("name", ["~nobody-of-this-name/x", "a\0b"])
def test_a_path_that_is_none_is_told(name: str) -> None:
    with pytest.raises(Unreadable):
        read_file(Path(name))


@pytest.mark.parametrize(
    ("raw", "line", "why"),
    [
        (b"b = 1\na = \n", ":2", "Invalid value (column 5)"),
        (b"a = 1\na = 2", ":2", "overwrite"),
        (b"\n\na = '\xff'", ":3", "a byte that is none"),
        (b"a = " + b"[" * 100_000, "", "too many"),
        (b"#" * (MAX_FILE_BYTES + 1), "", "more than"),
        (b"\n" + b"a." * 10_000 + b"a = 1", ":2", "more than 64 names"),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_its_line(
    tmp_path: Path, raw: bytes, line: str, why: str
) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(raw)
    with pytest.raises(Unreadable, match="a TOML file in UTF-8") as caught:
        read_file(path)
    assert why in caught.value.problem.found
    assert caught.value.problem.origin == f"{path}{line}"


def test_an_empty_file_holds_nothing_and_a_mark_at_its_start_is_skipped(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b" \n")
    assert read_file(path).tables == {}
    path.write_bytes(b"# only a comment\n")
    assert read_file(path).tables == {}
    path.write_bytes(b"\xef\xbb\xbfa = 1")
    assert read_file(path).tables == {"a": 1}


def test_any_name_is_read_as_toml(tmp_path: Path) -> None:
    for name in ("settings.yaml", "settings.py", "settings", "a.json"):
        assert read_file(written(tmp_path / name, "a = 1")).tables == {"a": 1}


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_in_a_file_is_text(tmp_path: Path, token: str) -> None:
    tables = {
        "a": token,
        "b": {"c": token, "d": {"e": token}},
        "l": [token, [token], {"k": token}],
        token: token,
    }
    quoted = "'" + token + "'"
    lines = [
        f"a = {quoted}",
        f"b = {{ c = {quoted}, d = {{ e = {quoted} }} }}",
        f"l = [{quoted}, [{quoted}], {{ k = {quoted} }}]",
        f"{quoted} = {quoted}",
    ]
    path = written(tmp_path / "a.toml", "\n".join(lines))
    assert read_file(path).tables == tables


def test_marks_for_dynaconf_are_ordinary_keys(tmp_path: Path) -> None:
    other = written(tmp_path / "other.toml", "stolen = 1")
    text = f"""
    dynaconf_merge = true
    dynaconf_merge_unique = true
    dynaconf_include = ["{other}"]
    includes_for_dynaconf = ["{other}"]
    preload_for_dynaconf = ["{other}"]
    auto_cast_for_dynaconf = true
    environments_for_dynaconf = true
    loaders_for_dynaconf = ["os"]
    dynaconf_dotted_lookup = false
    __del__ = 1
    "a.b" = 1
    a__b = 2
    Key = 1
    key = 2
    [development]
    x = 1
    [default]
    x = 2
    [global]
    x = 3
    [tcp]
    dynaconf_merge = true
    """
    assert read_file(written(tmp_path / "a.toml", text)).tables == {
        "dynaconf_merge": True,
        "dynaconf_merge_unique": True,
        "dynaconf_include": [str(other)],
        "includes_for_dynaconf": [str(other)],
        "preload_for_dynaconf": [str(other)],
        "auto_cast_for_dynaconf": True,
        "environments_for_dynaconf": True,
        "loaders_for_dynaconf": ["os"],
        "dynaconf_dotted_lookup": False,
        "__del__": 1,
        "a.b": 1,
        "a__b": 2,
        "Key": 1,
        "key": 2,
        "development": {"x": 1},
        "default": {"x": 2},
        "global": {"x": 3},
        "tcp": {"dynaconf_merge": True},
    }


HOSTILE = {
    "ENV_FOR_DYNACONF": "production",
    "FORCE_ENV_FOR_DYNACONF": "production",
    "ENVIRONMENTS_FOR_DYNACONF": "true",
    "MERGE_ENABLED_FOR_DYNACONF": "true",
    "AUTO_CAST_FOR_DYNACONF": "true",
    "ENVVAR_PREFIX_FOR_DYNACONF": "EVIL",
    "NESTED_SEPARATOR_FOR_DYNACONF": "_",
    "LOAD_DOTENV_FOR_DYNACONF": "true",
    "DOTENV_OVERRIDE_FOR_DYNACONF": "true",
    "LOADERS_FOR_DYNACONF": '["evil"]',
    "CORE_LOADERS_FOR_DYNACONF": "[]",
    "INCLUDES_FOR_DYNACONF": '["evil.toml"]',
    "PRELOAD_FOR_DYNACONF": '["evil.toml"]',
    "SECRETS_FOR_DYNACONF": "evil.toml",
    "SETTINGS_FILE_FOR_DYNACONF": "evil.toml",
    "SETTINGS_FILES_FOR_DYNACONF": "evil.toml",
    "ROOT_PATH_FOR_DYNACONF": "/",
    "INSTANCE_FOR_DYNACONF": "evil.settings",
    "ENCODING_FOR_DYNACONF": "utf-16",
    "SILENT_ERRORS_FOR_DYNACONF": "false",
    "SYSENV_FALLBACK_FOR_DYNACONF": "true",
    "IGNORE_UNKNOWN_ENVVARS_FOR_DYNACONF": "true",
    "DYNACONF_A": "evil",
    "DYNACONF_PLUGWIRE__A": "evil",
    "EVIL_A": "evil",
}
READS = """
import os, sys
from pathlib import Path
from plugwire.reading import read_file, variables
before = dict(os.environ)
print(dict(read_file(Path(sys.argv[1])).tables), *variables())
print(before == dict(os.environ), "evil" in sys.modules)
"""


def test_neither_variables_nor_files_for_dynaconf_change_anything(
    tmp_path: Path,
) -> None:
    """In a process of its own, since dynaconf reads them at its import."""
    path = written(
        tmp_path / "here/plugwire.toml", "a = '@int 1'\n[production]\na = 2"
    )
    evil = "a = 'evil'\n[default]\na = 'evil'\n"
    for name in (
        "plugwire.local.toml",
        ".secrets.toml",
        "settings.toml",
        "evil.toml",
        "production_plugwire.toml",
    ):
        written(tmp_path / "here" / name, evil)
    written(
        tmp_path / "here/.env",
        "PLUGWIRE_A=evil\nDYNACONF_A=evil\nPLUGWIRE_DOT=evil\n",
    )
    written(tmp_path / "here/dynaconf_hooks.py", "raise SystemExit('evil')")
    done = subprocess.run(
        [sys.executable, "-c", READS, str(path)],
        env={**os.environ, **HOSTILE, "PLUGWIRE_A": "@int 1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "{'a': '@int 1', 'production': {'a': 2}} {'A': '@int 1'} []",
        "True False",
    ]


@pytest.mark.parametrize("what", ["file", "variables"])
def test_a_variable_that_stops_dynaconfs_import_is_named(
    tmp_path: Path, what: str
) -> None:
    path = written(tmp_path / "a.toml", "a = 1")
    code = f"""
from pathlib import Path
from plugwire.reading import Unreadable, read_file, variables
try:
    if {what == "file"}:
        read_file(Path({str(path)!r}))
    print(*variables()[1])
except Unreadable as error:
    print(error.problem)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "REDIS_PORT_FOR_DYNACONF": "evil",
            "PLUGWIRE_A": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "environment REDIS_PORT_FOR_DYNACONF" in done.stdout
    assert "unset these variables" in done.stdout


def test_without_file_or_variable_dynaconf_is_not_imported(
    tmp_path: Path,
) -> None:
    path = written(tmp_path / "a.toml", "")
    code = f"""
import sys
from pathlib import Path
from plugwire.reading import read_file, read_found, variables
print(read_found(), variables(), read_file(Path({str(path)!r})).tables)
print("dynaconf" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["None ({}, []) {}", "False"]


def test_many_threads_read_their_own(tmp_path: Path) -> None:
    paths = [
        written(tmp_path / f"{n}.toml", f"a = {n}\n[b]\nc = ['@int {n}']")
        for n in range(32)
    ]
    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(read_file, paths * 4))
    assert [f.tables for f in files] == [
        {"a": n, "b": {"c": [f"@int {n}"]}} for n in range(32)
    ] * 4


# ------------------------------------------------------------ variables


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_in_a_variable_is_text(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("PLUGWIRE_A", token)
    monkeypatch.setenv("PLUGWIRE_B__C__D", token)
    assert variables() == ({"A": token, "B__C__D": token}, [])


def test_reserved_variables_and_others_names_are_no_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (
        "PLUGWIRE_SETTINGS",
        "PLUGWIRE_DISABLE",
        "PLUGWIRE_ALLOW",
        "PLUGWIRE",
        "PLUGWIRED_A",
        "MY_PLUGWIRE_A",
        "plugwire_a",
    ):
        monkeypatch.setenv(name, "x")
    assert variables() == ({}, [])


# ---------------------------------------------------------------- lines


def test_each_key_has_its_line(tmp_path: Path) -> None:
    text = """# a comment = 1
[plugwire]
codec = "json"
permissions = [
    "peer",
    "x = 1",
]
tcp = { port = 1 }
"quoted key" = 1
listen.main.codec = "a" # b = 1

[plugwire.listen."Read-ers"] # [not.this]
codec = "json"
[other]
codec = 2
"""
    path = written(tmp_path / "a.toml", text)
    file = read_file(path)
    assert file.lines == {
        "plugwire": 2,
        "plugwire.codec": 3,
        "plugwire.permissions": 4,
        "plugwire.tcp": 8,
        'plugwire."quoted key"': 9,
        "plugwire.listen.main.codec": 10,
        "plugwire.listen.Read-ers": 12,
        "plugwire.listen.Read-ers.codec": 13,
        "other": 14,
        "other.codec": 15,
    }
    assert file.origin("plugwire.tcp.port") == f"{path}:8"
    assert file.origin("nowhere") == str(path)


@pytest.mark.parametrize(
    "text",
    ['a = """\nb = 1\n"""\nb = 2', "a = '''\nb = 1\n'''", "[[a]]\nb = 1"],
)
def test_where_lines_are_not_certain_there_are_none(
    tmp_path: Path, text: str
) -> None:
    path = written(tmp_path / "a.toml", text)
    file = read_file(path)
    assert file.lines == {}
    assert file.origin("a.b") == str(path)


@given(st.lists(st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)))
def test_the_line_of_a_key_is_where_it_stands(names: list[str]) -> None:
    from plugwire.reading import _lines

    names = list(dict.fromkeys(names))
    text = "\n".join(f" {name}  = {n}" for n, name in enumerate(names))
    assert _lines(text) == {name: n + 1 for n, name in enumerate(names)}


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    text = "# a\u2028b\u0085c\r\nd = 1\r\n"
    path = tmp_path / "a.toml"
    path.write_bytes(text.encode())
    assert read_file(path).lines == {"d": 2}


def test_a_long_line_costs_no_more_than_its_length(tmp_path: Path) -> None:
    text = "# " + "a" * 500_000 + "\n" + "b" * 500_000 + " = 1"
    file = read_file(written(tmp_path / "a.toml", text))
    assert file.lines == {"b" * 500_000: 2}


def test_empty_lines_cost_no_more_than_their_number(tmp_path: Path) -> None:
    file = read_file(written(tmp_path / "a.toml", "\n" * 500_000 + "a = 1"))
    assert file.lines == {"a": 500_001}
