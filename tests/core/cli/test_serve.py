"""`plugwire serve`, as a process of its own."""

import argparse
import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

from plugwire import Client, load_settings
from plugwire.cli import main
from plugwire.cli.options import Misused
from plugwire.cli.serve import _Run, doors


def data(line):
    return json.loads(line)["data"]


def test_lines_are_broadcast_as_data_or_as_text(serving, start):
    server = serving("--keep")
    reader = start("listen", "load")
    server.write('{"load": 0.5}\nhello world\n{no json}\n[1]\n\n')
    assert [data(reader.line()) for _ in range(5)] == [
        {"load": 0.5},
        {"text": "hello world"},
        {"text": "{no json}"},
        {"text": "[1]"},
        {"text": ""},
    ]


def test_the_end_of_input_ends_it_with_all_that_was_said(
    serving, start, tmp_path
):
    server = serving()
    heard = tmp_path / "heard"
    with heard.open("w") as file:
        reader = start("listen", "load", "--count", "5001", stdout=file)
    server.until("joined")
    server.write("".join(f"{n}\n" for n in range(5000)) + "last, no feed")
    server.close_input()
    assert server.wait() == 0
    assert reader.wait() == 0
    said = [data(line)["text"] for line in heard.read_text().splitlines()]
    assert said == [*map(str, range(5000)), "last, no feed"]


def test_a9_a_fast_producer_loses_nothing_to_a_slow_reader(
    serving, start, tmp_path, capsys
):
    server = serving("--set", "outbox_messages=8")
    heard = tmp_path / "heard"
    with heard.open("w") as file:
        reader = start("listen", "load", "--count", "3000", stdout=file)
    server.until("joined")
    reader.signal(signal.SIGSTOP)
    # More than the kernel takes for a reader that does not read.
    lines = "".join(f"{n:0500}\n" for n in range(3000))
    producer = threading.Thread(target=server.write, args=(lines,))
    producer.start()
    while not any(one["queued"] for one in clients(capsys)):
        assert clients(capsys), "the reader was let go"
    reader.signal(signal.SIGCONT)
    producer.join()
    server.close_input()
    assert reader.end() == (0, "", "")
    seqs = [json.loads(line)["seq"] for line in heard.read_text().splitlines()]
    assert seqs == list(range(1, 3001))
    assert server.wait() == 0


def clients(capsys):
    """Who the server says is connected."""
    capsys.readouterr()
    assert main(["clients", "load", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["clients"]


def test_a_regular_file_is_read(start, tmp_path):
    lines = tmp_path / "lines"
    lines.write_text("one\ntwo\n")
    with lines.open() as file:
        server = start("serve", "load", "--keep", stdin=file)
        server.until("serving")
        reader = start("listen", "load", "--count", "2")
        _, out, _ = reader.end()
    assert [data(line)["text"] for line in out.splitlines()] == ["one", "two"]
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


def test_a_process_feeds_it(start):
    feeder = subprocess.Popen(
        [sys.executable, "-c", "print('fed')"], stdout=subprocess.PIPE
    )
    with feeder:
        server = start("serve", "load", "--keep", stdin=feeder.stdout)
        assert data(start("listen", "load").line()) == {"text": "fed"}
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


def test_bytes_that_are_no_utf_8_are_replaced(start, tmp_path):
    (tmp_path / "odd").write_bytes(b'x\xff\n{"a": "\xfe"}\n')
    with (tmp_path / "odd").open("rb") as file:
        start("serve", "load", "--keep", stdin=file)
        reader = start("listen", "load")
        assert data(reader.line()) == {"text": "x�"}
        assert data(reader.line()) == {"a": "�"}


def test_lines_that_cannot_be_sent_are_told_and_the_rest_goes_on(
    serving, start
):
    server = serving("--set", "max_message_bytes=300", "--keep")
    server.write("x" * 301 + "\nfine\n" + "y" * 299 + "\nlast\n")
    reader = start("listen", "load")
    assert data(reader.line()) == {"text": "fine"}
    assert data(reader.line()) == {"text": "last"}
    assert "plugwire: line 1 was not sent: " in server.until("line 1")
    assert "max_message_bytes" in server.until("line 3")


def test_what_was_not_sent_makes_the_exit_status_1(serving):
    server = serving("--set", "max_message_bytes=300")
    server.write("x" * 301)
    status, _, err = server.end()
    assert status == 1
    assert "plugwire: line 1 was not sent" in err


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)]
)
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a3_signals_stop_it_cleanly(
    serving, start, folder, number, status, loop
):
    server = serving("--keep", "--set", f"event_loop={loop}")
    assert ("uvloop" in server.mapped()) is (loop == "uvloop")
    reader = start("listen", "load", "--set", "reconnect=false")
    server.until("joined")
    assert (folder / "load.sock").exists()
    server.signal(number)
    got, out, err = server.end()
    assert (got, out) == (status, "")
    assert "Traceback" not in err
    assert not (folder / "load.sock").exists()
    assert "the server stops" in reader.until("plugwire: ")
    assert reader.wait() == 1


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 1)]
)
def test_a_second_signal_cuts_the_draining_short(
    serving, folder, capsys, number, status
):
    server = serving("--set", "drain_timeout=1000", "--keep",
                     "--set", "lag_grace=1000",
                     "--set", "outbox_messages=100000",
                     "--listen", "unix",
                     "--listen", "unix:json:plain")  # fmt: skip
    with socket.socket(socket.AF_UNIX) as idle:
        idle.connect(str(folder / "load.unix.sock"))
        server.until("joined")
        # More than the kernel takes for a reader that does not read.
        server.write(("x" * 1000 + "\n") * 2000)
        while broadcasts(capsys) < 2000:
            continue
        server.signal(number)
        while main(["ping", "load"]) == 0:
            continue
        server.signal(number)
        got, _, err = server.end()
    assert got == status
    assert "Traceback" not in err


def broadcasts(capsys):
    """How many the server has said."""
    capsys.readouterr()
    assert main(["ping", "load", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["broadcasts"]


def test_ignored_interrupts_stay_ignored(start):
    # As the job of a script in the background has it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = start("serve", "load", "--keep")
    server.until("serving")
    server.signal(signal.SIGINT)
    assert main(["ping", "load"]) == 0
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


def test_without_relay_what_clients_send_is_told_once(serving, capsys):
    server = serving("--keep")
    for _ in range(2):
        assert main(["send", "load", "a=1"]) == 0
    # A request is answered as where nobody listens.
    assert main(["send", "load", "a=1", "--request"]) == 1
    assert "nobody answers requests here" in capsys.readouterr().err
    server.signal(signal.SIGTERM)
    _, _, err = server.end()
    told = [line for line in err.splitlines() if "--relay" in line]
    assert told == [
        "plugwire: a client sends, and nobody hears it: serve passes on what "
        "clients send only with --relay"
    ]


def test_what_nobody_heard_is_told_at_the_end(start):
    server = start("serve", "load")
    server.write("one\ntwo\n")
    status, _, err = server.end()
    assert status == 0
    assert err.splitlines()[1:] == [
        "plugwire: 2 messages were heard by nobody, and are lost; --keep "
        "waits for listeners"
    ]


def test_what_came_after_the_last_listener_was_heard_by_nobody(serving, start):
    server = serving()
    reader = start("listen", "load", "--count", "1")
    server.until("joined")
    server.write("heard\n")
    assert reader.end()[0] == 0
    server.until("left")
    server.write("unheard\n")
    _, _, err = server.end()
    assert "plugwire: 1 message was heard by nobody, and is lost;" in err


def test_what_was_kept_and_taken_was_heard(serving, start):
    server = serving()
    server.write("kept\n")
    reader = start("listen", "load")
    assert data(reader.line()) == {"text": "kept"}
    reader.signal(signal.SIGINT)
    server.until("left")
    _, _, err = server.end()
    assert "nobody" not in err


def test_relay_passes_on_to_all_but_the_sender(serving, start):
    server = serving("--keep", "--relay")
    reader = start("listen", "load")
    server.until("joined")
    assert main(["send", "load", "a=1", "--type", "control"]) == 0
    assert main(["send", "load", "a=2", "--type", "error"]) == 0
    message = json.loads(reader.line())
    assert (message["data"], message["message_type"]) == ({"a": 2}, "error")


def test_relay_leaves_out_the_member_that_sent(serving, start, folder):
    server = serving("--keep", "--relay", "--listen", "unix",
                     "--listen", "unix:json:plain")  # fmt: skip
    reader = start("listen", "load", "--door", "main")
    server.until("joined")
    line = {
        "event_name": "load",
        "timestamp_ms": 1,
        "timestamp_iso": "2026-01-09T12:00:00.123+00:00",
        "message_type": "data",
        "data": {"from": "plain"},
    }
    with socket.socket(socket.AF_UNIX) as plain:
        plain.connect(str(folder / "load.unix.sock"))
        plain.sendall(json.dumps(line).encode() + b"\n")
        assert data(reader.line()) == {"from": "plain"}
        server.write("from stdin\n")
        with plain.makefile() as lines:
            assert data(lines.readline()) == {"text": "from stdin"}


def test_a_relayed_message_that_cannot_be_passed_on_is_told(serving):
    server = serving(
        "--keep", "--relay", "--listen", "unix:json", "--listen", "unix"
    )
    # msgpack carries a NaN, JSON has none, and the first door speaks JSON.
    done = subprocess.run(
        [sys.executable, "-c", NAN], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    line = server.until("was not passed on")
    assert "JSON takes finite floats" in line


NAN = """
import asyncio, math
from plugwire import Client, RequestFailed
async def main():
    async with Client("load", door="unix", receive=False) as client:
        try:
            await client.request({"x": math.nan})
        except RequestFailed:
            return
        raise SystemExit("no error")
asyncio.run(main())
"""


def test_tick_publishes_the_load_of_this_machine(serving, start):
    server = serving("--tick", "0.01")
    reader = start("listen", "load", "--count", "3")
    status, out, _ = reader.end()
    assert status == 0
    for line in out.splitlines():
        sample = data(line)
        assert 0 <= sample["memory_percent"] <= 100
        assert sample["memory_total"] >= sample["memory_used"] > 0
        assert sample["cpu_count"] >= 1
    server.signal(signal.SIGINT)
    assert server.wait() == 130


def test_c4_doors_are_added_and_a_plain_one_is_read_as_lines(serving, folder):
    server = serving("--listen", "unix", "--listen", "tcp:json",
                     "--listen", "unix:json:plain", "--keep")  # fmt: skip
    with socket.socket(socket.AF_UNIX) as plain:
        plain.connect(str(folder / "load.unix.sock"))
        server.until("joined")
        server.write("hello\n")
        with plain.makefile() as lines:
            assert data(lines.readline()) == {"text": "hello"}
    assert main(["ping", "load", "--door", "tcp"]) == 0


def test_where_it_serves_is_said_on_standard_error(start, folder):
    server = start("serve", "load")
    server.close_input()
    status, out, err = server.end()
    assert (status, out) == (0, "")
    assert err == f"serving load at unix:{folder}/load.sock\n"


def test_several_doors_are_said_by_name(start):
    server = start("serve", "load", "--listen", "tcp", "--listen", "unix")
    server.close_input()
    _, _, err = server.end()
    found = r"serving load at tcp:\S+:\d+ \(main\), unix:\S+ \(unix\)\n"
    assert re.fullmatch(found, err)


def test_no_standard_input_at_all_is_its_end(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["serve", "load"]) == 0


def test_door_serves_that_door_alone(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    config = tmp_path / "settings.toml"
    config.write_text(
        '[plugwire.listen.a]\ntransport = "tcp"\n'
        '[plugwire.listen.b]\ntransport = "unix"\n'
    )
    assert main(["serve", "e", "--config", str(config), "--door", "b"]) == 0
    assert capsys.readouterr().err.startswith("serving e at unix:")


def test_a2_a_second_server_fails_and_names_the_first(serving, capsys):
    server = serving("--keep")
    assert main(["serve", "load"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("plugwire: load is served already, by pid ")
    assert main(["ping", "load"]) == 0
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


async def test_cancelled_it_stops_the_server(monkeypatch, folder, capsys):
    # As Ctrl-C does where a loop takes no signals, which is on Windows.
    def refuse(*args):
        raise NotImplementedError

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "add_signal_handler", refuse)
    monkeypatch.setattr(sys, "stdin", None)
    args = argparse.Namespace(event="load", relay=False, tick=None, keep=True)
    task = asyncio.ensure_future(_Run(args, load_settings({})).serve())
    async with Client("load"):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not (folder / "load.sock").exists()


def test_doors_are_named_by_their_transport():
    assert doors(["unix", "tcp:json", "tcp", "tcp::plain", "a@b:json"]) == {
        "main": {"transport": "unix"},
        "tcp": {"transport": "tcp", "codec": "json"},
        "tcp2": {"transport": "tcp"},
        "tcp3": {"transport": "tcp", "plain": True},
        "a": {"transport": "a@b", "codec": "json"},
    }


@pytest.mark.parametrize("spec", ["", ":json", "unix:json:bare", "a:b:plain:"])
def test_what_is_no_door_is_refused(spec):
    with pytest.raises(Misused, match="TRANSPORT"):
        doors([spec])


@pytest.mark.parametrize(
    "args",
    [
        ["no name"],
        ["load", "--tick", "0"],
        ["load", "--tick", "nan"],
        ["load", "--tick", "soon"],
        ["load", "--listen", "unix", "--door", "main"],
        ["load", "--listen", "unix", "--transport", "tcp"],
        ["load", "--door", "no name"],
        ["load", "--listen", "nothing"],
        ["load", "--transport", "tpc"],
    ],
)
def test_wrong_questions_have_status_2_and_one_line(args, capsys):
    assert main(["serve", *args]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("plugwire: ")
