"""One run of the command, and how it ends."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from plugwire import __version__
from plugwire.cli import list as a_command
from plugwire.cli import main
from plugwire.cli.run import COMMANDS
from plugwire.errors import ConfigurationError, ConnectionFailed, Problem


@pytest.fixture
def raising(monkeypatch):
    """Makes `plugwire list` raise."""

    def arrange(error):
        def run(args):
            raise error

        monkeypatch.setattr(a_command, "run", run)

    return arrange


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example(name, capsys):
    assert main([name, "--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"usage: plugwire {name}")
    assert "example: " in out
    for option in ("--config", "--transport", "--codec", "--door", "--set"):
        assert option in out
    assert err == ""


def test_help_lists_the_commands(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in COMMANDS)


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"plugwire {__version__}\n"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "which command?"),
        (["lisen", "load"], "did you mean listen?"),
        (["xyzzy"], "there is no command 'xyzzy'; try serve"),
        (["--codec", "json", "list"], "--codec comes after the command"),
        (["ping"], "EVENT"),
    ],
)
def test_wrong_questions_have_status_2_and_one_line(argv, words, capsys):
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("plugwire: ")
    assert words in line


@pytest.mark.parametrize(
    ("error", "status", "err"),
    [
        (ConnectionFailed("no\nway"), 1, "plugwire: no way\n"),
        (KeyError("x"), 1, "plugwire: KeyError: 'x'\n"),
        (KeyboardInterrupt(), 130, ""),
        (
            ConfigurationError(
                [Problem("a", "b", "c"), Problem("d", "e", "f\x1b")]
            ),
            2,
            "plugwire: a (b): expected c\nplugwire: d (e): expected f\\x1b\n",
        ),
    ],
)
def test_errors_are_lines_and_a_status(raising, capsys, error, status, err):
    raising(error)
    assert main(["list"]) == status
    assert capsys.readouterr() == ("", err)


def test_debug_shows_where_an_error_came_from(raising, capsys):
    raising(ConnectionFailed("no way"))
    assert main(["list", "--debug"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.endswith("ConnectionFailed: no way\nplugwire: no way\n")


def test_b17_what_is_logged_is_shown_as_far_as_asked(raising, capsys):
    def said(*flags):
        assert main(["list", "--json", *flags]) == 0
        log = logging.getLogger("plugwire")
        log.warning("warned\nof %s", "\x1b")
        log.info("informed")
        log.debug("detailed")
        return capsys.readouterr().err.splitlines()

    warned = "plugwire: warned of \\x1b"
    assert said() == [warned]
    assert said("-v") == [warned, "plugwire: informed"]
    both = [warned, "plugwire: informed", "plugwire: detailed"]
    assert said("-vv") == said("-vvv") == both


def test_a_logged_error_says_its_kind(capsys):
    assert main(["list", "--json"]) == 0
    log = logging.getLogger("plugwire")
    log.error("a handler failed", exc_info=ValueError("x"))
    err = capsys.readouterr().err
    assert err == "plugwire: a handler failed (ValueError)\n"


def test_a_full_disk_is_one_line(start):
    with Path("/dev/full").open("w") as full:
        process = start("plugins", stdout=full)
        assert process.end() == (
            1,
            "",
            "plugwire: cannot write to standard output: "
            "No space left on device\n",
        )


@pytest.mark.parametrize("args", [["plugins"], ["--help"], ["list", "-h"]])
def test_a_closed_pipe_is_quiet(args):
    process = subprocess.Popen(
        [sys.executable, "-c", CLOSED, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    with process:
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


CLOSED = """
import select, sys
from plugwire.cli import main
poll = select.poll()
poll.register(1, 0)
poll.poll()  # until nobody reads
sys.exit(main())
"""


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "plugwire", "xyzzy"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("plugwire: there is no command 'xyzzy'")
