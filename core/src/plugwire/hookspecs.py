"""The hooks, and the marker that says a method answers one.

A plugin is a class with hook methods and, where it has settings, a frozen
dataclass `Settings`; compose makes one instance a door or client. A method
takes the arguments that it needs, by name, and leaves out the rest, so
that specifications can grow by adding arguments. An argument with a default
would never get its value from the caller (pluggy's rule) and is refused.

Each hook is asked once, while a pipeline is composed, does no I/O, and hands
over an object that is called directly from then on. There is no
`firstresult`: it would hide a rival, and for `authorize` it would be a hole.
Here is a whole plugin, a permission, which its distribution's entry point
`quiet` of the group `plugwire.permissions` names::

    from dataclasses import dataclass
    from plugwire import hookimpl
    from plugwire.interfaces import ALLOW, Deny

    @dataclass(frozen=True, slots=True, kw_only=True)
    class QuietSettings:
        "The section [plugwire.quiet]: the users who only listen."
        uids: tuple[int, ...] = ()

    class Quiet:
        Settings = QuietSettings

        def __init__(self, settings):
            self.uids = settings.uids

        @hookimpl
        def authorize(self):
            return self.check

        def check(self, peer, verb, subject):
            if peer.uid in self.uids and verb in ("send", "request"):
                return Deny(f"uid {peer.uid} only listens here")
            return ALLOW

What each kind must answer is in `REQUIRED`. Type checkers refuse a method
that is marked and hands over nothing of use; one line says of the class that
it is a whole plugin of its kind, each hook with its own answer::

    plugin: type[PermissionPlugin] = Quiet
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, TypeVar, overload

import pluggy

from plugwire.interfaces import (
    Check,
    Connector,
    Context,
    DecoderFactory,
    Encoder,
    Gate,
    Layers,
    Listener,
    Queue,
)

hookspec = pluggy.HookspecMarker("plugwire")

Answer: TypeAlias = (
    Listener
    | Connector
    | Gate
    | Encoder
    | DecoderFactory
    | Check
    | Queue
    | Layers
)
"""What a hook may hand over."""
_Method = TypeVar("_Method", bound=Callable[..., Answer])


class Marker(Protocol):
    """The type of `hookimpl`: pluggy's marker, without the options that
    plugwire refuses."""

    @overload
    def __call__(self, function: _Method) -> _Method: ...

    @overload
    def __call__(self, *, specname: str) -> Callable[[_Method], _Method]: ...


hookimpl: Marker = pluggy.HookimplMarker("plugwire")
"""Marks a method of a plugin as the answer to the hook of its name, or of
`specname`."""

REQUIRED = MappingProxyType(
    {
        "transport": ("all", ("bind", "connect")),
        "codec": ("all", ("encode", "decode")),
        "queue": ("all", ("queue",)),
        "permission": ("any", ("accept", "authorize")),
        "extension": ("all", ("wrap",)),
    }
)
"""Kind of plugin -> whether it answers all or any, and of which hooks."""


class Hooks:
    """The specifications. Every hook may also take `context`."""

    @hookspec
    def bind(
        self, endpoint: str, socket_dir: Path, context: Context
    ) -> Listener:
        """A listener for `endpoint`, not yet listening."""
        raise AssertionError("a specification is not called")

    @hookspec
    def connect(
        self, endpoint: str, socket_dir: Path, context: Context
    ) -> Connector:
        """A connector to `endpoint`, not yet connected."""
        raise AssertionError("a specification is not called")

    @hookspec
    def accept(
        self, endpoint: str, socket_dir: Path, context: Context
    ) -> Gate:
        """A gate, for either side (`context.side`)."""
        raise AssertionError("a specification is not called")

    @hookspec
    def encode(self, max_message_bytes: int, context: Context) -> Encoder:
        """The encoder of a door or client.

        Doors whose codec, extensions and their settings are equal share
        the first one's, whatever the rest of their contexts: a broadcast is
        encoded once for all of them.
        """
        raise AssertionError("a specification is not called")

    @hookspec
    def decode(
        self, max_message_bytes: int, context: Context
    ) -> DecoderFactory:
        """What makes a decoder for each connection."""
        raise AssertionError("a specification is not called")

    @hookspec
    def authorize(self, context: Context) -> Check:
        """A check of who may do what; asked on servers only."""
        raise AssertionError("a specification is not called")

    @hookspec
    def queue(self, context: Context) -> Queue:
        """What is kept for the late; asked on servers only."""
        raise AssertionError("a specification is not called")

    @hookspec
    def wrap(self, layers: Layers, context: Context) -> Layers:
        """The layers, replaced where the extension wants to be between.

        On a server the queue is in the layers of the first door only. An
        extension that changes the bytes on the wire says so by
        `changes_bytes = True` on its class: both ends must then have it.
        It may neither lose nor add a queue, nor lose all checks.
        """
        raise AssertionError("a specification is not called")


# ------------------------------------------- whole plugins, for type checkers


class TransportPlugin(Protocol):
    """What a plugin of the group `plugwire.transports` answers."""

    def bind(self, *args: Any, **kwargs: Any) -> Listener:
        """As `Hooks.bind`, with those of its arguments that it needs."""

    def connect(self, *args: Any, **kwargs: Any) -> Connector:
        """As `Hooks.connect`."""


class CodecPlugin(Protocol):
    """What a plugin of the group `plugwire.codecs` answers."""

    def encode(self, *args: Any, **kwargs: Any) -> Encoder:
        """As `Hooks.encode`."""

    def decode(self, *args: Any, **kwargs: Any) -> DecoderFactory:
        """As `Hooks.decode`."""


class QueuePlugin(Protocol):
    """What a plugin of the group `plugwire.queues` answers."""

    def queue(self, *args: Any, **kwargs: Any) -> Queue:
        """As `Hooks.queue`."""


class GatePlugin(Protocol):
    """A permission that says who may come in."""

    def accept(self, *args: Any, **kwargs: Any) -> Gate:
        """As `Hooks.accept`."""


class CheckPlugin(Protocol):
    """A permission that says who may do what."""

    def authorize(self, *args: Any, **kwargs: Any) -> Check:
        """As `Hooks.authorize`."""


PermissionPlugin: TypeAlias = GatePlugin | CheckPlugin
"""What a plugin of the group `plugwire.permissions` answers."""


class ExtensionPlugin(Protocol):
    """What a plugin of the group `plugwire.extensions` answers."""

    def wrap(self, *args: Any, **kwargs: Any) -> Layers:
        """As `Hooks.wrap`."""
