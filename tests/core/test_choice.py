"""Which door a client goes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from plugwire import doorsfile
from plugwire.choice import Choice, choose, is_called
from plugwire.doorsfile import DoorEntry
from plugwire.errors import ConnectionFailed, Refused, ValidationFailed
from plugwire.loading import load_settings
from plugwire.rundir import EventLock, lock_path
from plugwire.settings import Settings

Install = Callable[..., Path]
Serve = Callable[..., None]


def entry(
    door: str, transport: str, codec: str, *, plain: bool = False
) -> DoorEntry:
    return DoorEntry(
        door=door,
        endpoint="event" if door == "main" else f"event.{door}",
        transport=transport,
        codec=codec,
        format=codec,
        plain=plain,
        address=f"at {door}",
    )


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A server's lock and doors file, in the folder of `settings`."""
    lock = EventLock(lock_path(tmp_path, "event"))

    def put(*entries: DoorEntry) -> None:
        lock.acquire()
        doorsfile.write(tmp_path, "event", entries)

    yield put
    lock.release()


@pytest.fixture
def said(tmp_path: Path) -> Callable[..., Settings]:
    """Settings: `source` as from a file, the rest as from the call."""

    def make(source: dict[str, Any] | None = None, **call: Any) -> Settings:
        base = {"socket_dir": str(tmp_path)} | (source or {})
        return load_settings(base, **call)

    return make


Said = Callable[..., Settings]
USUAL = ("unix", "msgpack")
DOORS = (
    entry("raw", "unix", "json", plain=True),
    entry("main", "unix", "msgpack"),
    entry("text", "unix", "json"),
    entry("remote", "tcp", "msgpack"),
)


def told(entry: DoorEntry) -> Choice:
    return Choice(
        entry.door,
        entry.endpoint,
        entry.transport,
        entry.codec,
        entry.address,
    )


@pytest.mark.parametrize(
    ("source", "call", "at"),
    [
        ({}, {}, 1),
        ({}, {"codec": "json"}, 2),
        ({}, {"transport": "tcp"}, 3),
        ({}, {"transport": "tcp", "codec": "msgpack"}, 3),
        ({"codec": "json"}, {}, 2),
        ({"transport": "tcp"}, {}, 3),
        ({"transport": "tcp"}, {"transport": "unix"}, 1),
    ],
)
def test_b5_without_a_door_the_first_that_has_both(
    serve: Serve,
    said: Said,
    source: dict[str, Any],
    call: dict[str, Any],
    at: int,
) -> None:
    serve(*DOORS)
    assert choose("event", said(source, **call), None) == told(DOORS[at])


def test_what_is_not_set_is_the_default_where_a_door_has_it(
    serve: Serve, said: Said
) -> None:
    serve(entry("main", "tcp", "json"), DOORS[2], entry("near", *USUAL))
    assert choose("event", said(), None) == told(entry("near", *USUAL))


QUICK = """
class Quick:
    name = "quick"
    format = "msgpack"
"""


@pytest.mark.parametrize("by_name", [True, False])
def test_a_codec_of_another_name_goes_where_its_format_is(
    serve: Serve, said: Said, install: Install, by_name: bool
) -> None:
    install(
        "quick-codec",
        {"plugwire.codecs": {"quick": "quick_mod:Quick"}},
        modules={"quick_mod": QUICK},
    )
    codec = "quick" if by_name else import_module("quick_mod").Quick()
    serve(DOORS[2], entry("near", *USUAL))
    found = choose("event", said(codec=codec), None)
    assert found == Choice("near", "event.near", "unix", codec, "at near")


@pytest.mark.parametrize("codec", ["nowhere", "json"])
def test_a_codec_of_no_format_here_goes_to_the_first(
    serve: Serve, said: Said, codec: str
) -> None:
    serve(entry("near", *USUAL))
    assert choose("event", said(codec=codec), None).door == "main"


def test_plain_doors_only_are_refused_in_words(
    serve: Serve, said: Said
) -> None:
    serve(DOORS[0])
    with pytest.raises(Refused, match="door 'raw' of 'event' is plain"):
        choose("event", said(), None)


def test_way_is_all_but_the_address(serve: Serve, said: Said) -> None:
    before = choose("event", said(), None)
    serve(*DOORS)
    after = choose("event", said(), None)
    assert before != after
    assert before.way == after.way
    assert after.way != choose("event", said(codec="json"), None).way


def test_b14_a_default_is_no_wish(serve: Serve, said: Said) -> None:
    remote = entry("main", "tcp", "json")
    serve(entry("raw", "unix", "msgpack", plain=True), remote)
    assert choose("event", said(), None) == told(remote)
    assert choose("event", said(transport="tcp"), None) == told(remote)
    found = choose("event", said(codec="msgpack"), None)
    assert found == Choice("main", "event", "unix", "msgpack", None)


def test_none_that_fits_leaves_the_first_endpoint(
    serve: Serve, said: Said
) -> None:
    serve(*DOORS)
    found = choose("event", said(transport="tcp", codec="json"), None)
    assert found == Choice("main", "event", "tcp", "json", None)
    listen = {"near": {"codec": "json"}, "far": {"transport": "tcp"}}
    found = choose("event", said({"listen": listen}, codec="x"), None)
    assert found == Choice("near", "event", "unix", "x", None)


def test_b10_another_codec_at_the_first_endpoint_is_for_the_handshake(
    serve: Serve, said: Said
) -> None:
    # A client that comes back is refused there; it has no address to wait
    # for, and would try for ever.
    serve(entry("main", "tcp", "json"))
    found = choose("event", said(transport="tcp", codec="msgpack"), None)
    assert found == Choice("main", "event", "tcp", "msgpack", "at main")


@pytest.mark.parametrize("at", [1, 2, 3])
def test_door_by_name_is_as_the_doors_file_says(
    serve: Serve, said: Said, at: int
) -> None:
    serve(*DOORS)
    # A file of settings is no match for what the server says of itself.
    settings = said({"codec": "other", "transport": "other"})
    assert choose("event", settings, DOORS[at].door) == told(DOORS[at])


def test_call_is_over_the_doors_file(serve: Serve, said: Said) -> None:
    serve(*DOORS)
    found = choose("event", said(codec="json"), "remote")
    assert found == Choice(
        "remote", "event.remote", "tcp", "json", "at remote"
    )
    # The address of another transport is of no use.
    found = choose("event", said(transport="tcp"), "main")
    assert found == Choice("main", "event", "tcp", "msgpack", None)


def test_c4_plain_door_is_refused_in_words(serve: Serve, said: Said) -> None:
    serve(*DOORS)
    with pytest.raises(Refused) as info:
        choose("event", said(), "raw")
    assert str(info.value) == (
        "door 'raw' of 'event' is plain: it has no handshake; read it with "
        "nc or socat (unix:at raw), or take another door"
    )


def test_door_that_is_not_there_is_named_with_those_that_are(
    serve: Serve, said: Said
) -> None:
    serve(*DOORS)
    with pytest.raises(ConnectionFailed) as info:
        choose("event", said(), "side")
    assert str(info.value) == (
        "'event' has no door 'side'; its doors are raw, main, text, remote: "
        "take one of these"
    )
    assert info.value.address == "event.side"


def test_door_that_only_the_settings_know(serve: Serve, said: Said) -> None:
    serve(*DOORS)
    listen = {"near": {}, "side": {"transport": "tcp", "codec": "json"}}
    settings = said({"listen": listen})
    side = Choice("side", "event.side", "tcp", "json", None)
    assert choose("event", settings, "side") == side


def test_no_server_leaves_the_settings(said: Said) -> None:
    main = Choice("main", "event", "unix", "msgpack", None)
    assert choose("event", said(), None) == main
    assert choose("event", said(), "main") == main
    side = Choice("side", "event.side", "tcp", "msgpack", None)
    assert choose("event", said(transport="tcp"), "side") == side
    with pytest.raises(ValidationFailed):
        choose("event", said(), "no door's name")


def test_an_instance_is_of_the_call(serve: Serve, said: Said) -> None:
    serve(*DOORS)
    codec = object()
    settings = said()
    mine = Settings(
        codec=codec,
        socket_dir=settings.socket_dir,
        origins={"plugwire.codec": "call"},
    )
    found = choose("event", mine, "main")
    assert (found.codec, found.told) == (codec, "at main")
    assert choose("event", mine, None).codec is codec


def test_it_is_asked_anew_each_time(
    serve: Serve, said: Said, tmp_path: Path
) -> None:
    assert choose("event", said(), None).told is None
    serve(*DOORS)
    assert choose("event", said(), None).told == "at main"
    doorsfile.remove(tmp_path, "event")
    assert choose("event", said(), None).told is None


def test_a_codec_is_found_by_its_name_or_by_its_bytes(
    tmp_path: Path, serve: Serve
) -> None:
    """A server's codec need not be called what it makes on the wire, and
    need not be installed here where another makes the same."""
    fast = DoorEntry(
        door="main",
        endpoint="event",
        transport="unix",
        codec="fastpack",
        format="msgpack",
        plain=False,
        address="here",
    )
    serve(fast)
    for codec in ("fastpack", "msgpack", "fastpack@acme-codecs"):
        settings = load_settings({"socket_dir": str(tmp_path)}, codec=codec)
        choice = choose("event", settings, None)
        assert (choice.codec, choice.told) == (codec, "here")
    unset = load_settings({"socket_dir": str(tmp_path)})
    assert choose("event", unset, "main").codec == "msgpack"


def test_options_of_the_command_are_the_callers_words() -> None:
    called = ("call", "--set", "--codec", "--listen")
    assert all(map(is_called, called))
    configured = (None, "default", "plugwire.toml:3", "environment PLUGWIRE_X")
    assert not any(map(is_called, configured))
