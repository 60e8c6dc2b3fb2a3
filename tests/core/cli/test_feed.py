"""Standard input as lines."""

import os
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.cli import feed
from plugwire.cli.feed import Splitter, TooLong, as_data, chunks


async def read(fd):
    return b"".join([data async for data in chunks(fd)])


async def test_a_pipe_is_read_to_its_end_and_stays_blocking():
    there, here = os.pipe()
    os.write(here, b"one\ntwo")
    os.close(here)
    assert await read(there) == b"one\ntwo"
    assert os.get_blocking(there)
    os.close(there)


async def test_a_regular_file_is_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(feed, "CHUNK", 3)
    path = tmp_path / "file"
    path.write_bytes(b"12345678")
    with path.open("rb") as file:
        assert [x async for x in chunks(file.fileno())] == [
            b"123",
            b"456",
            b"78",
        ]


async def test_nothing_is_read_before_it_is_asked_for():
    there, here = os.pipe()
    os.write(here, b"x")
    source = chunks(there)
    os.write(here, b"y")
    assert await anext(source) == b"xy"
    await source.aclose()
    os.close(here)
    os.close(there)


def lines(limit, *parts):
    splitter = Splitter(limit)
    found = [line for part in parts for line in splitter.feed(part)]
    return [
        None if isinstance(line, TooLong) else line
        for line in found + splitter.end()
    ]


def test_lines_end_at_line_feeds_and_lose_a_carriage_return():
    assert lines(10, b"a\r\nb\n\nc") == [b"a", b"b", b"", b"c"]
    assert lines(10, b"a\n") == [b"a"]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ((b"12345\nok\n",), [None, b"ok"]),
        (
            (
                b"123",
                b"45",
                b"6\nok",
            ),
            [None, b"ok"],
        ),
        ((b"12345",), [None]),
        ((b"1234\n",), [b"1234"]),
    ],
)
def test_a_line_that_is_too_long_is_told_and_not_held(parts, found):
    assert lines(4, *parts) == found


def test_a_line_without_an_end_is_not_kept():
    splitter = Splitter(100)
    for _ in range(1000):
        assert splitter.feed(b"x" * 99) == []
        assert len(splitter._held) <= 100


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_it_does_not_matter_how_the_bytes_come(data, cuts):
    edges = sorted({0, len(data), *(c for c in cuts if c < len(data))})
    parts = [data[a:b] for a, b in pairwise(edges)]
    assert lines(8, *parts) == lines(8, data)


@pytest.mark.parametrize(
    ("line", "data"),
    [
        (b'{"a": [1, null]}', {"a": [1, None]}),
        (b'  {"a": 1} ', {"a": 1}),
        (b"{}", {}),
        (b"plain", {"text": "plain"}),
        (b"12", {"text": "12"}),
        (b'"x"', {"text": '"x"'}),
        (b"{bad", {"text": "{bad"}),
        (b"{" * 9999, {"text": "{" * 9999}),
        (b'{"a": NaN}', {"text": '{"a": NaN}'}),
        (b"\xff", {"text": "�"}),
        (b'{"a": "\xff"}', {"a": "�"}),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, None),
    ],
)
def test_objects_are_data_and_all_else_is_text(line, data):
    if data is None:
        data = {"text": line.decode()}
    assert as_data(line) == data
