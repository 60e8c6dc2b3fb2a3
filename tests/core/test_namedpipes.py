"""Pairs of named pipes: offered, taken, and gone."""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest

from plugwire import ConnectionFailed
from plugwire.namedpipes import (
    READ,
    WRITE,
    failing_at,
    make_pipe,
    offer_pipes,
    open_end,
    take_pipes,
)


@pytest.fixture
def door():
    """A pipe by which names travel: (to read from, to write to)."""
    ends = list(os.pipe())
    yield ends
    for descriptor in ends:
        os.close(descriptor)


def close(*descriptors):
    for descriptor in descriptors:
        os.close(descriptor)


async def offered(path, door):
    """An offer that somebody may take now."""
    task = asyncio.create_task(offer_pipes(str(path), door[1], b"come\n"))
    while not path.with_name(f"{path.name}.down").exists():
        await asyncio.sleep(0)
    return task


async def test_what_is_offered_is_taken(tmp_path, door):
    offer = await offered(tmp_path / "pair", door)
    assert os.read(door[0], 100) == b"come\n"
    assert {path.name for path in tmp_path.iterdir()} == {
        "pair.up",
        "pair.down",
    }
    far = take_pipes(str(tmp_path / "pair"))
    near = await offer
    assert list(tmp_path.iterdir()) == []
    os.write(near[1], b"up")
    os.write(far[1], b"down")
    assert (os.read(far[0], 9), os.read(near[0], 9)) == (b"up", b"down")
    close(*near)
    assert os.read(far[0], 9) == b""
    close(*far)


async def test_what_is_offered_is_for_this_user_alone(tmp_path, door):
    offer = await offered(tmp_path / "pair", door)
    for path in tmp_path.iterdir():
        status = path.stat()
        assert stat.S_ISFIFO(status.st_mode)
        assert stat.S_IMODE(status.st_mode) == 0o600
    offer.cancel()
    await asyncio.wait([offer])


async def test_cancelling_an_offer_leaves_nothing(tmp_path, door):
    before = sorted(Path("/dev/fd").iterdir())
    offer = await offered(tmp_path / "pair", door)
    offer.cancel()
    await asyncio.wait([offer])
    assert sorted(Path("/dev/fd").iterdir()) == before
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        take_pipes(str(tmp_path / "pair"))


async def test_an_offer_ends_when_nobody_reads_the_door(tmp_path, door):
    offer = await offered(tmp_path / "pair", door)
    spare = os.open(os.devnull, os.O_RDONLY)
    os.dup2(spare, door[0])  # closes the last reader
    os.close(spare)
    with pytest.raises(OSError):
        await offer
    assert list(tmp_path.iterdir()) == []


async def test_an_offer_that_was_dropped_cannot_be_taken(tmp_path):
    with ExitStack() as stack:
        for name in ("pair.up", "pair.down"):
            make_pipe(stack, tmp_path / name)
        before = sorted(Path("/dev/fd").iterdir())
        with pytest.raises(OSError):
            take_pipes(str(tmp_path / "pair"))
        assert sorted(Path("/dev/fd").iterdir()) == before


def test_ends_open_at_once_or_not_at_all(tmp_path):
    path = tmp_path / "pipe"
    with ExitStack() as stack:
        make_pipe(stack, path)
        with pytest.raises(OSError):
            open_end(stack, path, WRITE)
        reading = open_end(stack, path, READ)
        os.write(open_end(stack, path, WRITE), b"x")
        assert os.read(reading, 9) == b"x"
        assert not os.get_inheritable(reading)
    assert not path.exists()
    with pytest.raises(OSError):
        os.fstat(reading)


def test_a_name_that_is_gone_is_no_trouble(tmp_path):
    with ExitStack() as stack:
        make_pipe(stack, tmp_path / "pipe")
        (tmp_path / "pipe").unlink()


def test_what_the_system_refuses_is_told_in_words():
    words = r"at here: .*; see"
    with (
        pytest.raises(ConnectionFailed, match=words) as caught,
        failing_at("here"),
    ):
        raise FileNotFoundError(2, "No such file")
    assert caught.value.address == "here"
    with pytest.raises(LookupError), failing_at("here"):
        raise LookupError
