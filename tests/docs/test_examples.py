"""Each example runs, says what it promises, and can be read in one go."""

from __future__ import annotations

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
LINES = 60
WIDTH = 79

SAYS = {
    "unix": """\
serving at example_unix.sock, mode 0600
received {'load': 0.42} of example_unix
the kernel says who it is: True
stopped, the socket is gone: True
""",
    "tcp": """\
serving at 127.0.0.1, a port of the range: True
received {'load': 0.42}, number 1
serving again: True
""",
    "broadcast": """\
anybody there: False
early bird: 0 clients
to all: 2 clients
to all but one: 1 client
client 1: {'n': 0} (kept)
client 1: {'n': 1} (live)
client 1: {'n': 3} (live)
client 2: {'n': 1} (live)
client 2: {'n': 2} (live)
client 2: {'n': 3} (live)
""",
    "unicast": """\
{'hello': 'client 1'}
{'to': 'everybody'}
{'to': 'you alone'}
{'to': 'everybody again'}
client 1 left: the client went away
ClientGone: no client 1 is connected (it may have left)
""",
    "sessions": """\
build: (1, 2)
shell: (3,)
said in build to 2 clients
ada hears first: make: done
ben hears first: make: done
cleo hears first: good evening
build: ()
shell: (3, 2)
sessions of 1, 2, 3: [None, 'shell', 'shell']
""",
    "request": """\
client 1 asks {'a': 84, 'b': 2}
answer: {'quotient': 42.0}
client 1 asks {'a': 1, 'b': 0}
RequestFailed: division by zero
broadcast: {'still': 'here'}
client 1 asks {'think': True}
TimedOut after 0.2 s
""",
    "message_types": """\
usual: data {'disk': 71}
usual: error {'last': 'disk is full'}
alarm: error {'last': 'disk is full'}
every: data {'disk': 71}
every: control {'refresh': 5}
every: error {'last': 'disk is full'}
in UTC: True
""",
    "several_doors": """\
main: unix
remote: tcp
readers: unix
msgpack: {'load': 0.42}
json: {'load': 0.42}
plain: {'load': 0.42}
""",
    "codec_override": """\
codec = msgpack (default)
msgpack: {'load': 0.42, 'raw': b'\\x00\\x01'}
codec = json (environment PLUGWIRE_CODEC)
json: {'load': 0.42, 'raw': 'AAE='}
""",
    "compress": """\
extensions: compress
received 10000 lines
Refused: the client's extensions are none, those of door 'main' are compress
to mend it: name the same extensions on both sides, in the same order
""",
    "metrics": """\
plugwire_messages_total 5.0
plugwire_server_clients 1.0
plugwire_server_queued 0.0
""",
}


@pytest.mark.parametrize("name", SAYS)
def test_an_example_says_what_happens(name: str, run, place: Path) -> None:
    assert run(EXAMPLES / f"{name}.py") == SAYS[name]
    left = {path.name for path in (place / "plugwire").iterdir()}
    # Nothing stays but empty locks and the token.
    assert all(n == "token" or n.endswith(".lock") for n in left), left


def test_d4_one_variable_moves_an_unchanged_example(run, environment) -> None:
    environment["PLUGWIRE_CODEC"] = "json"
    assert run(EXAMPLES / "message_types.py") == SAYS["message_types"]


def test_every_example_is_run() -> None:
    there = {path.stem for path in EXAMPLES.glob("*.py")}
    assert there == {*SAYS, "demo"}


@pytest.mark.parametrize("name", SAYS)
def test_an_example_is_short_and_says_what_it_shows(name: str) -> None:
    text = (EXAMPLES / f"{name}.py").read_text("utf-8")
    lines = text.splitlines()
    assert len(lines) < LINES
    assert max(map(len, lines)) <= WIDTH
    assert text.startswith('"""')
    assert "# " in text
