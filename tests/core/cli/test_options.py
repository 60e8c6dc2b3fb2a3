"""The options of every command."""

import pytest

from plugwire.choice import is_called
from plugwire.cli import main
from plugwire.cli.options import Parser, add_shared, gathered, settings_of
from plugwire.errors import ConfigurationError
from plugwire.loading import load_settings


def parsed(*args):
    parser = Parser()
    add_shared(parser)
    return parser.parse_args(args)


def test_flags_lie_over_the_environment_and_files(monkeypatch, tmp_path):
    config = tmp_path / "settings.toml"
    config.write_text('[plugwire]\ncodec = "a"\ntransport = "b"\nqueue="c"\n')
    monkeypatch.setenv("PLUGWIRE_CODEC", "from_env")
    monkeypatch.setenv("PLUGWIRE_TRANSPORT", "from_env")
    settings = settings_of(
        parsed("--config", str(config), "--transport", "from_flag")
    )
    assert (settings.transport, settings.codec, settings.queue) == (
        "from_flag",
        "from_env",
        "c",
    )
    assert settings.origins["plugwire.transport"] == "--transport"


def test_set_reads_a_value_by_its_keys_type():
    settings = settings_of(
        parsed("--set", "max_connections=3", "--set", "tcp.port=9", "--set",
               "timezone=UTC", "--set", "plugwire.reconnect=false")
    )  # fmt: skip
    assert settings.max_connections == 3
    assert settings.reconnect is False
    assert settings.sections["tcp"] == {"port": "9"}
    assert settings.origins["plugwire.max_connections"] == "--set"


def test_what_other_options_set_has_their_names():
    settings, problems = gathered(
        parsed(), {"--timeout": {"default_timeout": 1.5}}
    )
    assert problems == []
    assert settings.default_timeout == 1.5
    assert settings.origins["plugwire.default_timeout"] == "--timeout"


def test_all_problems_are_raised():
    with pytest.raises(ConfigurationError) as caught:
        settings_of(parsed("--set", "nothing=1", "--set", "lag=x"))
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("args", "wish"),
    [
        ([], {}),
        (["--codec", "msgpack"], {"codec": "msgpack"}),
        (["--set", "transport=unix"], {"transport": "unix"}),
    ],
)
def test_what_the_call_asked_for_is_known_to_a_client(args, wish):
    """Where it is the default, too: it was said in so many words."""
    settings = load_settings(settings_of(parsed(*args)))
    origins = {
        key: settings.origins.get(f"plugwire.{key}")
        for key in ("transport", "codec")
    }
    assert {
        key: getattr(settings, key)
        for key, origin in origins.items()
        if is_called(origin)
    } == wish


@pytest.mark.parametrize("text", ["codec", "=json", "", "a..b=1", ".=1"])
def test_what_is_no_key_and_value_is_refused(text, capsys):
    assert main(["list", "--set", text]) == 2
    assert capsys.readouterr().err == (
        f"plugwire: argument --set: {text!r} is not KEY=VALUE; "
        "see plugwire list --help\n"
    )


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("--conf", "; did you mean --config?"),
        ("--confg=x", "; did you mean --config?"),
        ("--zzz", ""),
        ("-z", ""),
        ("zzz", ""),
    ],
)
def test_options_are_not_guessed_but_the_nearest_is_told(
    option, meant, capsys
):
    assert main(["list", option, "x"]) == 2
    assert capsys.readouterr().err == (
        f"plugwire: unrecognized arguments: {option} x{meant}; "
        "see plugwire list --help\n"
    )


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "x", "1e9"])
def test_what_is_no_time_is_refused(text, capsys):
    assert main(["ping", "load", f"--timeout={text}"]) == 2
    assert "no time in seconds" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_status_2(capsys):
    assert main(["list", "--config", "nowhere.toml"]) == 2
    assert "nowhere.toml" in capsys.readouterr().err


WRONG = """
[plugwire]
max_connections = 0
codec = "jsno"
[plugwire.listen.main]
max_connections = 1.5
[plugwire.unix]
nothing = 1
"""


@pytest.mark.parametrize(
    "args",
    [
        ["serve", "load"],
        ["serve", "load", "--door", "main"],
        ["listen", "load"],
        ["listen", "load", "--door", "other"],
        ["send", "load", "a=1"],
        ["ping", "load"],
        ["clients", "load"],
    ],
    ids=" ".join,
)
def test_b15_what_serves_and_connects_tells_all_at_once(
    args, capsys, tmp_path
):
    """Keys, sections and plugins: not one after the other."""
    (tmp_path / "plugwire.toml").write_text(WRONG)
    assert main(args) == 2
    lines = capsys.readouterr().err.splitlines()
    assert sorted(line.split()[1] for line in lines) == [
        "plugwire.codec",
        "plugwire.listen.main.max_connections",
        "plugwire.max_connections",
        "plugwire.unix.nothing",
    ]
