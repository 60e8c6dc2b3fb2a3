"""`plugwire send`."""

import json
import subprocess
import sys

import pytest

from plugwire.cli import main
from plugwire.cli.options import Misused
from plugwire.cli.send import data_of

ANSWERS = """
import asyncio
from plugwire import Server
server = Server("load", **{overrides})
@server.on_message
def heard(client, message):
    if "fail" in message.data:
        raise ValueError(message.data["fail"])
    if "wait" in message.data:
        return asyncio.sleep(1000)
    print(client.id, message.message_type, message.data, flush=True)
    return {{"heard": message.data, "raw": b"x"}}
async def main():
    await server.start()
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@pytest.fixture
def answering():
    """A server that prints what it hears, and answers with it."""
    started = []

    def begin(**overrides):
        source = ANSWERS.format(overrides=overrides)
        process = subprocess.Popen(
            [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process.stdout

    yield begin
    for process in started:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def test_pairs_are_sent_and_the_sender_is_no_client(answering, capsys):
    heard = answering()
    assert main(["send", "load", "a=1", "b=x y", "c=[1]", "d="]) == 0
    assert heard.readline() == (
        "None data {'a': 1, 'b': 'x y', 'c': [1], 'd': ''}\n"
    )
    assert capsys.readouterr() == ("", "")


def test_an_object_is_sent_as_any_type(answering):
    heard = answering()
    object = '{"deep": {"er": null}}'
    assert main(["send", "load", "--json", object, "--type", "error"]) == 0
    assert heard.readline() == "None error {'deep': {'er': None}}\n"


def test_a_request_prints_the_answer(answering, capsys):
    answering()
    assert main(["send", "load", "--request", "a=1", "--door", "main"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"heard": {"a": 1}, "raw": "eA=="}
    assert (out.count("\n"), err) == (1, "")


def test_options_may_stand_between_the_pairs(answering, capsys):
    answering()
    assert main(["send", "load", "a=1", "--request", "b=2"]) == 0
    assert json.loads(capsys.readouterr().out)["heard"] == {"a": 1, "b": 2}


def test_what_the_server_raises_is_a_failure(answering, capsys):
    answering()
    assert main(["send", "load", "--request", "fail=why"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("plugwire: ")
    assert "why" in err


def test_no_answer_is_a_failure(answering, capsys):
    answering()
    asked = ["send", "load", "--request", "wait=1", "--timeout", "0.2"]
    assert main(asked) == 1
    assert "no answer from 'load' within 0.2 s" in capsys.readouterr().err


def test_b9_a_server_that_lets_nobody_send_refuses(answering, capsys):
    answering(allow_client_send=False)
    assert main(["send", "load", "a=1"]) == 1
    assert "this client send" in capsys.readouterr().err


def test_nobody_there_is_a_failure(capsys):
    assert main(["send", "load", "a=1", "--timeout", "0.05"]) == 1
    assert capsys.readouterr().err.startswith(
        "plugwire: no connection to 'load' within 0.05 s (--timeout): "
    )


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("k=true", True),
        ("k=1.5", 1.5),
        ("k=null", None),
        ('k="1"', "1"),
        ("k=one", "one"),
        ("k=a=b", "a=b"),
        ("k=NaN", "NaN"),
        ("k={", "{"),
        ("k=" + "[" * 9999, "[" * 9999),
    ],
)
def test_a_value_is_json_where_it_parses(pair, value):
    assert data_of([pair], None) == {"k": value}


@pytest.mark.parametrize(
    ("pairs", "text", "words"),
    [
        ([], None, "nothing to send"),
        (["a"], None, "not KEY=VALUE"),
        (["=1"], None, "not KEY=VALUE"),
        (["a=1", "a=2"], None, "given twice"),
        (["a=1"], "{}", "give KEY=VALUE or --json OBJECT, not both"),
        ([], "[1]", "no JSON object"),
        ([], "{", "no JSON object"),
    ],
)
def test_what_is_no_data_is_refused(pairs, text, words):
    with pytest.raises(Misused, match=words):
        data_of(pairs, text)


def test_an_object_without_its_option_is_told_of_it():
    with pytest.raises(Misused, match=r"not KEY=VALUE; .* --json OBJECT$"):
        data_of(['{"a": 1}'], None)


def test_an_empty_object_is_data():
    assert data_of([], "{}") == {}


def test_a_request_has_no_type(capsys):
    args = ["send", "load", "a=1", "--request", "--type", "error"]
    assert main(args) == 2
    assert capsys.readouterr().err.count("\n") == 1
