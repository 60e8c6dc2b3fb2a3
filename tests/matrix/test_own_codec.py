"""The newcomer's edits fit what `plugwire new` makes now."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from plugwire import Message, MessageError, MessageType
from plugwire.cli import main

LIMIT = 1 << 20


def load(name: str, path: Path) -> ModuleType:
    """The module of a file that is in no package here."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


own_codec = load("own_codec", Path(__file__).with_name("own_codec.py"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `plugwire new` made, after the edits."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert main(["new", "codec", "cbor", "--into", str(tmp_path)]) == 0
    own_codec.write(tmp_path / "plugwire-cbor")
    return tmp_path / "plugwire-cbor"


def test_each_edit_finds_its_place_and_a_codec_comes_of_them(
    project: Path,
) -> None:
    made = load("plugwire_cbor", project / "src/plugwire_cbor/__init__.py")
    encoder = made.CborCodec().encode(LIMIT)
    messages = [
        Message(
            event_name="newcomer",
            timestamp_ms=0,
            timestamp_iso="",
            message_type=MessageType.DATA,
            data={"number": number, "raw": b"\x00", "none": None},
        )
        for number in range(3)
    ]
    bodies = [encoder.encode(message) for message in messages]
    assert bodies[0].startswith(b"\xa5")  # a map of five, in CBOR
    decoder = made.CborCodec().decode(LIMIT)()
    assert decoder.feed(encoder.frame(bodies)) == messages
    with pytest.raises(MessageError):
        decoder.feed(encoder.frame([b"\xc0" + bodies[0]]))  # a tag


def test_nothing_of_the_template_s_format_is_left(project: Path) -> None:
    for name in own_codec.EDITS:
        text = (project / name).read_text("utf-8").lower()
        for word in ("messagepack", "msgpack", "msgspec"):
            assert word not in text, name


@pytest.mark.parametrize("text", ["", "one", "one two two"])
def test_an_edit_without_its_one_place_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="in the file"):
        own_codec.edited(text, [("two", "three")])


def test_an_edit_sees_what_the_one_before_it_wrote() -> None:
    edits = [("one", "two"), ("two", "three")]
    assert own_codec.edited("one", edits) == "three"
