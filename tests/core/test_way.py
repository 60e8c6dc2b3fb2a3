"""A client's way to its server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugwire.doorsfile import DoorEntry
from plugwire.errors import ConfigurationError, MessageError, ValidationFailed
from plugwire.message import MessageType
from plugwire.way import Way


def called(event: str = "load", **changed: Any) -> Way:
    given: dict[str, Any] = {
        "door": None,
        "receive": True,
        "message_types": ("data",),
        "settings": {"transport": "memory", "codec": "json"},
        "overrides": {},
    }
    return Way.called(event, **{**given, **changed})


def test_it_is_what_the_client_was_called_with() -> None:
    way = called(door="readers", overrides={"timezone": "Asia/Kolkata"})
    assert (way.event, way.door, way.role) == ("load", "readers", "member")
    assert way.types == (MessageType.DATA,)
    assert way.messages.make({}).timestamp_iso.endswith("+05:30")
    assert called(receive=False).role == "sender"


def test_b2_names_are_checked_at_once() -> None:
    for wrong in ({"event": "a b"}, {"door": "a.b"}):
        with pytest.raises(ValidationFailed):
            called(**wrong)
    with pytest.raises(ValidationFailed):
        called(message_types=["news"])


def test_b15_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError, match="buffer_size"):
        called(overrides={"buffer_size": "many"})


def test_the_pipeline_is_made_anew_only_where_the_way_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = called(settings={"socket_dir": str(tmp_path)})
    doors: list[DoorEntry] = []
    monkeypatch.setattr("plugwire.doorsfile.read", lambda *_: tuple(doors))
    assert way.address == "load"
    first, told = way.find()
    assert (first.transport, told) == ("unix", None)
    assert way.find()[0] is first
    assert way.address == f"unix:{tmp_path}/load.sock"

    def door(codec: str, address: str) -> DoorEntry:
        return DoorEntry(
            door="main",
            endpoint="load",
            transport="tcp",
            codec=codec,
            format=codec,
            plain=False,
            address=address,
        )

    doors[:] = [door("json", "127.0.0.1:9001")]
    second, told = way.find()
    assert (second.transport, second.format) == ("tcp", "json")
    assert told == "127.0.0.1:9001"
    doors[:] = [door("json", "127.0.0.1:9002")]
    assert way.find() == (second, "127.0.0.1:9002")
    doors[:] = [door("msgpack", "127.0.0.1:9002")]
    assert way.find()[0].format == "msgpack"


def test_a_frame_is_within_the_servers_limit() -> None:
    way = called()
    way.find()
    message = way.messages.make({"fill": "x" * 100})
    assert way.frame(message, 1000).endswith(b"\n")
    with pytest.raises(MessageError, match="over the 100 that the server"):
        way.frame(message, 100)


def test_why_an_answer_does_not_come() -> None:
    assert called().why_silent(3, held=False) == ""
    assert "3 messages were not consumed" in called().why_silent(3, held=True)
