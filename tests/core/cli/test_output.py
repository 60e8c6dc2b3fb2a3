"""Standard output and standard error."""

import asyncio
import io
import os
import subprocess
import sys

import pytest

from plugwire.cli import output
from plugwire.cli.output import (
    ReaderGone,
    Unwritable,
    no_reader,
    out,
    printable,
    table,
    tell,
    watched_reader,
)


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


def test_lines_for_programs_are_as_they_are(capsys):
    out.line('{"a":"\x7f\u009b"}'.encode())
    assert capsys.readouterr().out == '{"a":"\x7f\u009b"}\n'


def test_on_a_terminal_controls_are_escaped_in_json(monkeypatch):
    terminal = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Terminal(terminal, "utf-8"))
    out.line('{"a":"\x7f\u009b"}'.encode())
    assert terminal.getvalue() == b'{"a":"\\u007f\\u009b"}\n'


def test_json_says_what_it_cannot_say_otherwise(capsys):
    out.json({"b": b"x", "n": float("nan")})
    assert capsys.readouterr().out == '{"b":"eA==","n":null}\n'


def test_text_is_made_harmless_line_by_line(capsys):
    out.text("a\x1b[2J\nb")
    assert capsys.readouterr().out == "a\\x1b[2J\nb\n"


def test_what_the_encoding_lacks_is_escaped(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))
    out.text("é")
    assert raw.getvalue() == b"\\xe9\n"


class Broken(io.RawIOBase):
    def __init__(self, error):
        self.error = error

    def writable(self):
        return True

    def write(self, data):
        raise self.error


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (BrokenPipeError(), ReaderGone),
        (OSError(28, "No space left on device"), Unwritable),
    ],
)
def test_errors_of_writing_are_told_apart(monkeypatch, error, raised):
    stream = io.TextIOWrapper(io.BufferedWriter(Broken(error)), "utf-8")
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(raised):
        out.text("x")
    stream.buffer.raw.error = None
    monkeypatch.setattr(Broken, "write", lambda self, data: len(data))
    stream.close()


def test_no_standard_output_is_a_reader_that_is_gone(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    out.flush()
    assert not out.is_terminal
    with pytest.raises(ReaderGone):
        out.text("x")


def test_words_for_people_are_on_one_line(capsys):
    tell("a\nb\x07")
    tell("a\nb", lines=True)
    assert capsys.readouterr() == ("", "a\\nb\\x07\na\nb\n")


def test_nobody_hears_and_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    tell("x")


def test_printable_text_is_left_alone():
    assert printable("é x") == "é x"
    assert printable("\u202e") == "\\u202e"


def test_columns_are_as_wide_as_they_must_be():
    text = table(("A", "B"), [("long", None), (1, "x\ty")])
    assert text.splitlines() == ["A     B", "long  -", "1     x\\ty"]


PIPED = """
import asyncio, sys
from plugwire.cli.output import ReaderGone, watched_reader
async def main():
    try:
        with watched_reader():
            print("watching", file=sys.stderr, flush=True)
            await asyncio.Event().wait()
    except ReaderGone:
        await asyncio.sleep(0)  # the task lives on
        print("gone", file=sys.stderr, flush=True)
asyncio.run(main())
"""


def test_a_reader_that_goes_is_noticed_with_nothing_to_write():
    with subprocess.Popen(
        [sys.executable, "-c", PIPED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr.readline() == "watching\n"
        process.stdout.close()
        assert process.stderr.read() == "gone\n"
        assert process.wait() == 0


async def piped(monkeypatch):
    """Standard output as a pipe in this process; the end that reads."""
    there, here = os.pipe()
    stream = os.fdopen(here, "w")
    monkeypatch.setattr(sys, "stdout", stream)
    return there, stream


async def test_a_reader_that_goes_ends_the_wait(monkeypatch):
    there, stream = await piped(monkeypatch)
    os.close(there)
    with pytest.raises(ReaderGone), watched_reader():
        await asyncio.Event().wait()
    await asyncio.sleep(0)
    stream.close()


async def test_other_cancellations_stay_what_they_are(monkeypatch):
    there, stream = await piped(monkeypatch)

    async def wait():
        with watched_reader():
            await asyncio.Event().wait()

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    os.close(there)
    stream.close()


async def test_what_is_no_pipe_is_not_watched(monkeypatch, tmp_path):
    with (tmp_path / "file").open("w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        with watched_reader():
            assert output._pipe() is None


def test_what_is_left_goes_nowhere(monkeypatch):
    there, here = os.pipe()
    stream = os.fdopen(here, "w")
    monkeypatch.setattr(sys, "stdout", stream)
    stream.write("left")
    os.close(there)
    no_reader()
    stream.close()  # would raise BrokenPipeError
