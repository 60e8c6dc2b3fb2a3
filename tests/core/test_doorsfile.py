"""The doors file."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugwire import doorsfile
from plugwire.doorsfile import DoorEntry, doors_path, read, remove, served
from plugwire.errors import ConnectionFailed, Denied
from plugwire.rundir import EventLock, lock_path

DOORS = (
    DoorEntry(
        door="main",
        endpoint="event",
        transport="unix",
        codec="msgpack",
        format="msgpack",
        plain=False,
        address="/run/x/event.sock",
        extensions=("zip",),
    ),
    DoorEntry(
        door="remote",
        endpoint="event.remote",
        transport="tcp",
        codec="json",
        format="json",
        plain=True,
        address="[::1]:9000",
    ),
)


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[EventLock]:
    lock = EventLock(lock_path(tmp_path, "event"))
    lock.acquire()
    yield lock
    lock.release()


@pytest.mark.usefixtures("lock")
def test_what_is_written_is_read(tmp_path: Path) -> None:
    doorsfile.write(tmp_path, "event", DOORS)
    assert read(tmp_path, "event") == DOORS
    path = doors_path(tmp_path, "event")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    doorsfile.write(tmp_path, "event", DOORS[:1])
    assert read(tmp_path, "event") == DOORS[:1]
    remove(tmp_path, "event")
    remove(tmp_path, "event")
    assert read(tmp_path, "event") == ()
    assert [one.name for one in tmp_path.iterdir()] == ["event.lock"]


def test_l1_stale_file_misleads_nobody(
    lock: EventLock, tmp_path: Path
) -> None:
    doorsfile.write(tmp_path, "event", DOORS)
    lock.release()
    assert read(tmp_path, "event") == ()


def test_l1_file_of_a_crashed_server_is_stale_for_the_next(
    lock: EventLock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next server holds the lock, and has written nothing yet."""
    doorsfile.write(tmp_path, "event", DOORS)
    lock.release()
    monkeypatch.setattr("sys.argv", ["/bin/next"])
    lock.acquire()
    assert read(tmp_path, "event") == ()
    doorsfile.write(tmp_path, "event", DOORS)
    assert read(tmp_path, "event") == DOORS


@pytest.mark.usefixtures("lock")
def test_leftovers_of_a_crash_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "event.doors.new").write_text("half")
    doorsfile.write(tmp_path, "event", DOORS)
    assert read(tmp_path, "event") == DOORS


def test_missing_folder_serves_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "none", "event") == ()
    assert served(tmp_path / "none") == []


@pytest.mark.usefixtures("lock")
def test_folder_that_is_not_private_is_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    doorsfile.write(tmp_path, "event", DOORS)
    tmp_path.chmod(0o777)
    assert read(tmp_path, "event") == ()
    assert "writable by others" in caplog.text
    with pytest.raises(Denied, match="writable by others"):
        served(tmp_path)


@pytest.mark.usefixtures("lock")
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"rubbish",
        b"[]",
        b"\xff\xfe",
        b'{"plugwire": 1, "event": "event", "owner": null, "doors": [{}]}',
        b" " * (doorsfile.MAX_BYTES + 1),
    ],
)
def test_malformed_file_is_none_with_a_warning(
    text: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    doors_path(tmp_path, "event").write_bytes(text)
    doors_path(tmp_path, "event").chmod(0o600)
    assert read(tmp_path, "event") == ()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("plugwire", logging.WARNING)
    assert "event.doors" in record.getMessage()


@pytest.mark.usefixtures("lock")
def test_file_of_another_event_is_none(tmp_path: Path) -> None:
    doorsfile.write(tmp_path, "event", DOORS)
    path = doors_path(tmp_path, "event")
    path.write_bytes(path.read_bytes().replace(b'"event"', b'"Event"', 2))
    assert read(tmp_path, "event") == ()


@pytest.mark.usefixtures("lock")
def test_symlink_pipe_and_public_file_are_not_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    doorsfile.write(tmp_path, "event", DOORS)
    path = doors_path(tmp_path, "event")
    path.chmod(0o666)
    assert read(tmp_path, "event") == ()
    assert "others own it" in caplog.text
    path.chmod(0o600)
    assert read(tmp_path, "event") == DOORS

    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert read(tmp_path, "event") == ()

    path.unlink()
    os.mkfifo(path)
    assert read(tmp_path, "event") == ()
    assert "not a regular file" in caplog.text


@pytest.mark.usefixtures("lock")
def test_write_that_fails_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    path = doors_path(tmp_path, "event")
    path.mkdir()
    with pytest.raises(ConnectionFailed, match=r"event\.doors") as caught:
        doorsfile.write(tmp_path, "event", DOORS)
    assert caught.value.address == str(path)
    assert {one.name for one in tmp_path.iterdir()} == {
        "event.lock",
        "event.doors",
    }


def test_remove_that_fails_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    doors_path(tmp_path, "event").mkdir()
    remove(tmp_path, "event")
    assert "could not remove" in caplog.text


@pytest.mark.usefixtures("lock")
def test_served_lists_live_events_only(tmp_path: Path) -> None:
    other = EventLock(lock_path(tmp_path, "another"))
    other.acquire()
    lock_path(tmp_path, "dead").touch()
    odd = EventLock(tmp_path / "no event.lock")
    odd.acquire()
    assert served(tmp_path) == ["another", "event"]
    other.release()
    odd.release()
    assert served(tmp_path) == ["event"]
