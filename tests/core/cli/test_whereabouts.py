"""Where no server is found: which events are served."""

from contextlib import ExitStack

import pytest

from plugwire.cli import main
from plugwire.cli.whereabouts import MOST, told
from plugwire.errors import ConnectionFailed, Refused
from plugwire.loading import load_settings
from plugwire.rundir import EventLock


def failed(event, folder):
    settings = load_settings({"socket_dir": str(folder)})
    with pytest.raises(ConnectionFailed) as caught, told(event, settings):
        raise ConnectionFailed("nobody", address="there")
    assert caught.value.address == "there"
    return str(caught.value)


def test_where_nothing_is_served_the_folder_is_told(folder):
    assert failed("load", folder) == (
        f"nobody; in {folder} no event is served"
    )


@pytest.mark.parametrize(
    "words", [["send"], ["listen"], ["ping"], ["clients"]]
)
def test_every_command_that_connects_tells_the_nearest(words, serving, capsys):
    serving("--keep")
    event = ["laod"] + (["a=1"] if words == ["send"] else [])
    waits = ["--set", "default_timeout=0.05"]
    assert main([*words, *event, *waits]) == 1
    assert capsys.readouterr().err.endswith(
        "; did you mean load, of what is served here: load\n"
    )


def test_of_very_many_events_some_are_told(folder):
    folder.mkdir(mode=0o700)
    with ExitStack() as held:
        for number in range(MOST + 5):
            lock = EventLock(folder / f"e{number:02}.lock")
            lock.acquire()
            held.callback(lock.release)
        text = failed("other", folder)
    assert text.startswith("nobody; served here: e00, e01, ")
    assert text.endswith(f", e{MOST - 1:02} and 5 more")


def test_an_event_that_is_served_is_another_matter(serving, folder):
    serving("--keep")
    assert failed("load", folder) == "nobody"


def test_a_folder_that_is_not_to_be_trusted_tells_nothing(folder):
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    assert failed("load", folder) == "nobody"


def test_other_errors_pass(folder):
    with (
        pytest.raises(Refused, match="no"),
        told("load", load_settings({"socket_dir": str(folder)})),
    ):
        raise Refused("no")
