"""Which door a client goes to, and how it finds it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from plugwire import doorsfile
from plugwire.errors import ConnectionFailed, PluginError, Refused
from plugwire.pipeline import shown
from plugwire.plugins import installed_names, load
from plugwire.settings import Door, Settings


class Choice(Struct, frozen=True):
    """A door to connect to; `told` is its address from the doors file."""

    door: str
    endpoint: str
    transport: Any
    codec: Any
    told: str | None

    @property
    def way(self) -> tuple[object, ...]:
        """What a pipeline depends on: all but the address."""
        return self.door, self.endpoint, self.transport, self.codec


class _Wish(Struct, frozen=True):
    """The transport and the codec that are wanted; None: any."""

    transport: Any
    codec: Any

    def fits(self, entry: doorsfile.DoorEntry) -> bool:
        """Whether the door has both: the transport by its name, the codec
        by its name or by what it makes on the wire."""
        return _name(self.transport) in ("", entry.transport) and (
            _name(self.codec) in ("", entry.codec, entry.format)
            or _format(self.codec) == entry.format
        )


def is_called(origin: str | None) -> bool:
    """Whether `origin` is what the caller wants now, whatever is configured:
    a call's argument, or an option of the command."""
    return origin is not None and (origin == "call" or origin.startswith("--"))


def _name(word: Any) -> str:
    """The name of a plugin, from a word of the settings or an instance."""
    if word is None:
        return ""
    if isinstance(word, str):
        return word.partition("@")[0]
    return shown(word)


def _format(codec: Any) -> str | None:
    """What a codec whose name is not that of its bytes says that they are:
    its attribute `format`. None for what cannot be loaded, as will be said
    where it is needed."""
    if isinstance(codec, str):
        try:
            codec = load("codec", codec).cls
        except PluginError:
            return None
    return getattr(codec, "format", None)


def choose(event: str, settings: Settings, door: str | None) -> Choice:
    """The door for a client of `event`; `door` is the one it asked for.

    With `door`, transport and codec come from the call, else from the doors
    file of a server on this machine, else from the settings. Without, it is
    the first door there that is not plain and has the transport and codec
    of the call or the settings (if none has, the first that has what they
    say in so many words: a default is no wish), else the first endpoint.
    Reads the doors file, so it is asked anew for each attempt. Raises
    `Refused` for a plain door and `ConnectionFailed` for one that a running
    server does not have.
    """
    entries = doorsfile.read(settings.folder(), event)
    if door is None:
        wanted = _wanted(settings, entries)
        if wanted is not None:
            return wanted
        if entries and all(entry.plain for entry in entries):
            raise _plain(event, entries[0])
        first = settings.doors(event)[0]
        return _first(first, _of_call(settings), entries)
    called = _of_call(settings)
    for entry in entries:
        if entry.door == door:
            if entry.plain:
                raise _plain(event, entry)
            return _told(entry, called)
    if entries and door not in settings.listen:
        there = ", ".join(entry.door for entry in entries)
        raise ConnectionFailed(
            f"{event!r} has no door {door!r}; its doors are {there}: take "
            "one of these",
            address=f"{event}.{door}",
        )
    return _untold(settings.door(event, door), called)


def _wanted(
    settings: Settings, entries: Iterable[doorsfile.DoorEntry]
) -> Choice | None:
    """The first door that has what the settings come to, else what they say
    in so many words."""
    wish = _Wish(settings.transport, settings.codec)
    for entry in entries:
        if not entry.plain and wish.fits(entry):
            return _told(entry, wish)
    wish = _Wish(_set(settings, "transport"), _set(settings, "codec"))
    for entry in entries:
        if not entry.plain and wish.fits(entry):
            return _told(entry, wish)
    return None


def _of_call(settings: Settings) -> _Wish:
    """What the call wants, whatever is configured."""
    return _Wish(_called(settings, "transport"), _called(settings, "codec"))


def _set(settings: Settings, key: str) -> Any:
    """What `key` was set to, anywhere; None for a default."""
    if f"plugwire.{key}" in settings.origins:
        return getattr(settings, key)
    return None


def _called(settings: Settings, key: str) -> Any:
    """What the call said of `key`, or None."""
    if is_called(settings.origins.get(f"plugwire.{key}")):
        return getattr(settings, key)
    return None


def _told(entry: doorsfile.DoorEntry, wish: _Wish) -> Choice:
    """A door of a server that runs here; its address is of use to the
    transport that it belongs to."""
    same = _name(wish.transport) in ("", entry.transport)
    return Choice(
        entry.door,
        entry.endpoint,
        entry.transport if wish.transport is None else wish.transport,
        _codec(entry) if wish.codec is None else wish.codec,
        entry.address if same else None,
    )


def _codec(entry: doorsfile.DoorEntry) -> str:
    """The server's codec, or, where it is not installed here, the one that
    gave its bytes their name."""
    if entry.codec == entry.format or entry.codec in installed_names():
        return entry.codec
    return entry.format


def _untold(door: Door, wish: _Wish) -> Choice:
    """A door that only the settings know of."""
    return Choice(
        door.name,
        door.endpoint,
        door.transport if wish.transport is None else wish.transport,
        door.codec if wish.codec is None else wish.codec,
        None,
    )


def _first(
    door: Door, wish: _Wish, entries: Iterable[doorsfile.DoorEntry]
) -> Choice:
    """The first endpoint. Where it is served by the transport, its address
    is told: that the codec is another one is for the handshake to say."""
    choice = _untold(door, wish)
    for entry in entries:
        if (
            not entry.plain
            and entry.door == choice.door
            and entry.transport == _name(choice.transport)
        ):
            return replace(choice, told=entry.address)
    return choice


def _plain(event: str, entry: doorsfile.DoorEntry) -> Refused:
    return Refused(
        f"door {entry.door!r} of {event!r} is plain: it has no handshake",
        f"read it with nc or socat ({entry.transport}:{entry.address}), or "
        "take another door",
    )
