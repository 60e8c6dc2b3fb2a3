"""`plugwire listen`."""

import base64
import json
import re
import signal
import subprocess
import sys
import threading

import pytest

from plugwire.cli import main


def test_messages_are_lines_of_json(serving, capsys):
    server = serving("--keep")
    server.write('{"a": 1, "b": [true, null]}\n')
    assert main(["listen", "load", "--count", "1"]) == 0
    out, err = capsys.readouterr()
    message = json.loads(out)
    assert message["data"] == {"a": 1, "b": [True, None]}
    assert message["event_name"] == "load"
    assert message["message_type"] == "data"
    assert message["timestamp_iso"].endswith("+00:00")
    assert message["timestamp_ms"] > 1_700_000_000_000
    assert (message["seq"], message["kept"]) == (1, True)
    assert err == ""


ODD = """
import asyncio, math
from plugwire import Server
async def main():
    async with Server("load") as server:
        server.broadcast({"raw": b"\\x00\\xff", "nan": math.nan, "n": 2**64-1})
        server.broadcast({"oops": 1}, message_type="error")
        server.broadcast({"note": 1}, message_type="control")
        print("ready", flush=True)
        await server.serve_forever()
asyncio.run(main())
"""


@pytest.fixture
def odd():
    """A server whose messages JSON cannot say word for word."""
    with subprocess.Popen(
        [sys.executable, "-c", ODD], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.terminate()


def test_bytes_are_base64_and_a_nan_is_null(odd, capsys):
    assert main(["listen", "load", "--count", "1"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert base64.b64decode(data["raw"]) == b"\x00\xff"
    assert data["nan"] is None
    assert data["n"] == 2**64 - 1


def test_data_and_errors_are_shown_unless_types_are_named(odd, capsys):
    assert main(["listen", "load", "--count", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    kinds = [json.loads(line)["message_type"] for line in lines]
    assert kinds == ["data", "error"]


def test_b4_types_are_chosen(odd, capsys):
    types = ["--type", "control", "--type", "error"]
    assert main(["listen", "load", "--count", "2", *types]) == 0
    lines = capsys.readouterr().out.splitlines()
    kinds = [json.loads(line)["message_type"] for line in lines]
    assert kinds == ["error", "control"]


def test_pretty_is_for_people(serving, capsys):
    server = serving("--keep")
    server.write('{"a": 1}\n')
    assert main(["listen", "load", "--count", "1", "--pretty"]) == 0
    out = capsys.readouterr().out
    assert out.endswith(" load (kept) a=1\n")
    assert "\x1b" not in out


def test_no_message_for_so_long_is_a_failure(serving, capsys):
    serving("--keep")
    assert main(["listen", "load", "--timeout", "0.05"]) == 1
    assert capsys.readouterr().err == (
        "plugwire: no message of 'load' within 0.05 s (--timeout)\n"
    )
    chosen = ["--type", "error", "--type", "control", "--session", "s1"]
    assert main(["listen", "load", "--timeout", "0.5", *chosen]) == 1
    assert capsys.readouterr().err == (
        "plugwire: no message of 'load' of type error or control in session "
        "s1 within 0.5 s (--timeout)\n"
    )


def test_no_server_is_a_failure_with_the_mend(capsys, folder):
    assert main(["listen", "load", "--timeout", "0.05"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith(
        "plugwire: no connection to 'load' within 0.05 s (--timeout): "
    )
    assert str(folder / "load.sock") in line


def test_a_session_is_attached_to(serving, start, capsys):
    server = serving("--keep")
    reader = start("listen", "load", "--session", "s1", "--timeout", "30")
    server.until("joined")
    server.write("x\n")
    assert json.loads(reader.line())["data"] == {"text": "x"}
    assert main(["clients", "load", "--json"]) == 0
    (client,) = json.loads(capsys.readouterr().out)["clients"]
    assert client["session"] == "s1"


def test_a_plain_door_is_refused_in_words(serving, capsys):
    serving("--keep", "--listen", "unix", "--listen", "unix:json:plain")
    assert main(["listen", "load", "--door", "unix"]) == 1
    assert "is plain" in capsys.readouterr().err


def test_transport_and_codec_flags_choose_the_door(serving, capsys):
    serving("--keep", "--listen", "unix:json", "--listen", "tcp")
    # The defaults, said in words, are a wish like any other.
    for flags in (["--codec", "msgpack"], ["--set", "codec=msgpack"]):
        assert main(["listen", "load", "--timeout", "2", *flags]) == 1
        assert "no message" in capsys.readouterr().err
    assert main(["send", "load", "a=1", "--codec", "msgpack"]) == 0
    assert main(["send", "load", "a=1", "--transport", "unix"]) == 0


@pytest.mark.parametrize("count", ["0", "-1", "x", "1.5"])
def test_a_wrong_count_is_refused(count, capsys):
    assert main(["listen", "load", f"--count={count}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("plugwire: argument --count: ")


def test_a_wrong_type_is_refused(capsys):
    assert main(["listen", "load", "--type", "date"]) == 2
    assert "not data, error or control" in capsys.readouterr().err


def test_interrupted_it_ends_quietly_with_130(serving, start):
    server = serving("--keep")
    reader = start("listen", "load")
    server.until("joined")
    reader.signal(signal.SIGINT)
    assert reader.end() == (130, "", "")
    assert "client 1 left" in server.until("left")


def test_a_closed_pipe_ends_it_quietly(serving, start):
    server = serving("--keep")
    # `plugwire listen load | head -1`: no second message need come.
    reader = start("listen", "load")
    server.write("one\n")
    assert json.loads(reader.line())["data"] == {"text": "one"}
    reader.close_output()
    assert reader.end() == (0, "", "")


def test_head_ends_the_pipeline(serving, tmp_path):
    server = serving("--keep")
    server.write("one\ntwo\n")
    command = f"{sys.executable} -m plugwire listen load | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert json.loads(done.stdout)["data"] == {"text": "one"}
    assert done.stderr == ""


def test_a_restarted_server_is_found_again_and_the_loss_is_told(
    serving, start
):
    first = serving("--keep")
    reader = start("listen", "load", "--set", "reconnect_delay=0.01")
    first.write("one\n")
    assert json.loads(reader.line())["data"] == {"text": "one"}
    first.signal(signal.SIGTERM)
    assert first.wait() == 0
    assert "the server stops" in reader.until("connection lost")
    second = serving("--keep")
    assert {reader.error_line(), reader.error_line()} == {
        "missed an unknown number: the server was restarted",
        "connected to load again",
    }
    second.write("two\n")
    assert json.loads(reader.line())["data"] == {"text": "two"}


def test_with_v_each_loss_is_told_once(serving, start):
    first = serving("--keep")
    reader = start("listen", "load", "-v", "--set", "reconnect_delay=0.01")
    first.until("joined")
    first.signal(signal.SIGTERM)
    assert first.wait() == 0
    serving("--keep").until("joined")
    reader.signal(signal.SIGINT)
    _, _, err = reader.end()
    assert (err.count("connection lost"), err.count(" again")) == (1, 1)


def test_help_says_who_gets_what_fifo_kept(capsys):
    assert main(["listen", "--help"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "the first listener takes all that fifo keeps" in words


GAP = """
import asyncio
from plugwire import Server
async def main():
    server = Server("load", lag="drop_newest", outbox_messages=1)
    async with server:
        print("ready", flush=True)
        joined = asyncio.Event()
        @server.on_connect
        def come(client):
            joined.set()
        await joined.wait()
        while not server.stats.dropped:
            server.broadcast({"x": "x" * 60_000})
            await asyncio.sleep(0)
        print("dropped", flush=True)
        await server.serve_forever()
asyncio.run(main())
"""


def test_what_was_dropped_is_told(start):
    with subprocess.Popen(
        [sys.executable, "-c", GAP], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout.readline() == "ready\n"
        # Nobody takes its output yet, so that it stops reading.
        reader = start("listen", "load", "--set", "buffer_size=1")
        assert server.stdout.readline() == "dropped\n"
        taker = threading.Thread(target=reader.drain)
        taker.start()
        told = reader.until("missed ")
        reader.signal(signal.SIGTERM)
        taker.join()
        server.terminate()
    assert re.fullmatch(r"missed \d+ messages?", told)
