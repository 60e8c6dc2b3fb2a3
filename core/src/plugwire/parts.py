"""What the plugins of one door or client hand over, in the written order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

from msgspec import Struct

from plugwire import rules
from plugwire.chosen import PROPOSED, Chosen, Place, Troubles, choose, place
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
    Side,
)
from plugwire.pipeline import Answer
from plugwire.plugins import Kind
from plugwire.settings import Door, Settings


class Parts(Struct, frozen=True, kw_only=True):
    """All of one door or client. `extensions` are those that change bytes;
    `likeness` is equal for what encodes alike, and need not be hashable."""

    transport: Chosen
    codec: Chosen
    end: Listener | Connector
    layers: Layers
    permissions: tuple[Chosen, ...]
    gates: tuple[Gate, ...]
    extensions: tuple[str, ...]
    likeness: tuple[object, ...]
    answers: tuple[Answer, ...]
    context: Context


class Panel(Protocol):
    """Asks plugins their hooks, and tells of what is wrong with them."""

    def seat(self, chosen: Chosen) -> bool:
        """Make a plugin ready; False when its hooks are of no use."""

    def has(self, chosen: Chosen, hook: str) -> bool:
        """Whether the plugin answers `hook`."""

    def ask(
        self,
        chosen: Chosen,
        hook: str,
        context: Context,
        answers: list[Answer],
        **more: object,
    ) -> object | None:
        """What the plugin hands over, its shape checked, and noted in
        `answers`; None when it is of no use."""


class Workshop:
    """One compose: its settings, its plugins, and what is wrong."""

    def __init__(
        self,
        side: Side,
        event: str,
        settings: Settings,
        panel: Panel,
        troubles: Troubles,
    ) -> None:
        self._side = side
        self._serving = side == "server"
        self._event = event
        self._settings = settings
        self._folder = settings.folder()
        self._panel = panel
        self._troubles = troubles

    def queue(self, first: Door) -> tuple[Queue | None, tuple[Answer, ...]]:
        """The server's one queue; its context is the first door's."""
        answers: list[Answer] = []
        where = place(self._settings, "", "queue")
        chosen = self._take("queue", self._settings.queue, where, None)
        if chosen is None:
            return None, ()
        answer = self._panel.ask(
            chosen, "queue", self._context(first), answers
        )
        return cast("Queue | None", answer), tuple(answers)

    def parts(
        self, door: Door, queue: Queue | None = None, told: str = ""
    ) -> Parts | None:
        """All that the plugins of `door` hand over; None when something is
        missing, which `troubles` tell of.

        `queue` goes into the first door's layers. `told` says what chose
        the transport and the codec where the settings did not.
        """
        own = door
        if told:
            own = self._settings.door(self._event, door.name)
        transport = self._one("transport", door, own, told)
        codec = self._one("codec", door, own, told)
        extensions = self._list(
            "extension",
            door.extensions,
            place(self._settings, door.name, "extensions"),
            door,
        )
        permissions = self._permissions(door, transport)
        context = self._context(door)
        answers: list[Answer] = []
        ask = self._panel.ask
        end = encoder = decoder = None
        if transport is not None:
            hook = "bind" if self._serving else "connect"
            end = ask(transport, hook, context, answers)
        if codec is not None:
            encoder = ask(codec, "encode", context, answers)
            decoder = ask(codec, "decode", context, answers)
        gates = self._gates(door, transport, permissions, context, answers)
        checks = self._checks(permissions, context, answers)
        if transport is None or codec is None or end is None:
            return None
        if encoder is None or decoder is None:
            return None
        layers = Layers(
            encoder=cast("Encoder", encoder),
            decoder=cast("DecoderFactory", decoder),
            checks=checks,
            queue=queue,
        )
        for extension in extensions:
            layers = self._wrapped(extension, layers, context, answers)
        changing = tuple(
            e.name
            for e in extensions
            if getattr(e.instance, "changes_bytes", False) is True
        )
        if door.plain and self._serving:
            where = place(self._settings, door.name, "plain")
            rules.plain(layers.encoder, gates, changing, where, self._troubles)
        return Parts(
            transport=transport,
            codec=codec,
            end=cast("Listener | Connector", end),
            layers=layers,
            permissions=tuple(permissions or ()),
            gates=gates,
            extensions=changing,
            likeness=(codec.identity, *(e.identity for e in extensions)),
            answers=tuple(answers),
            context=context,
        )

    # ------------------------------------------------------ what is named

    def _take(
        self, kind: Kind, word: Any, where: Place, door: Door | None
    ) -> Chosen | None:
        chosen = choose(
            kind, word, where, self._settings, door, self._troubles
        )
        if chosen is not None and self._panel.seat(chosen):
            return chosen
        return None

    def _one(
        self, kind: Kind, door: Door, own: Door, told: str
    ) -> Chosen | None:
        """The plugin of `door`; `own` is the door as the settings have it,
        and `told` says what made it another one."""
        where = place(self._settings, door.name, kind)
        word, usual = getattr(door, kind), getattr(own, kind)
        if usual is not word and usual != word:
            where = Place(f"plugwire.{kind}", told)
        return self._take(kind, word, where, door)

    def _list(
        self, kind: Kind, words: Sequence[Any], where: Place, door: Door
    ) -> list[Chosen]:
        taken = [self._take(kind, word, where, door) for word in words]
        return [chosen for chosen in taken if chosen is not None]

    def _permissions(
        self, door: Door, transport: Chosen | None
    ) -> list[Chosen] | None:
        """Those given, else those that the transport proposes; None when
        one of them is wanting."""
        where = place(self._settings, door.name, "permissions")
        words = door.permissions
        if words is not None:
            rules.some_permission(words, where, self._troubles)
        elif transport is not None:
            words = rules.proposal(
                transport, where, self._troubles, serving=self._serving
            )
            where = Place(where.key, PROPOSED)
        if not words:
            return None
        permissions = self._list("permission", words, where, door)
        return permissions if len(permissions) == len(words) else None

    # ------------------------------------------------ what is handed over

    def _gates(
        self,
        door: Door,
        transport: Chosen | None,
        permissions: list[Chosen] | None,
        context: Context,
        answers: list[Answer],
    ) -> tuple[Gate, ...]:
        if permissions is None:
            return ()
        where = place(self._settings, door.name, "permissions")
        having = [p for p in permissions if self._panel.has(p, "accept")]
        rules.some_gate(permissions, having, transport, where, self._troubles)
        asked = [
            self._panel.ask(p, "accept", context, answers) for p in having
        ]
        gates = tuple(cast("Gate", g) for g in asked if g is not None)
        rules.different_gates(gates, where, self._troubles)
        return gates

    def _checks(
        self,
        permissions: list[Chosen] | None,
        context: Context,
        answers: list[Answer],
    ) -> tuple[Check, ...]:
        """Asked on servers only: a client's own word binds nobody."""
        if permissions is None or not self._serving:
            return ()
        asked = [
            self._panel.ask(p, "authorize", context, answers)
            for p in permissions
            if self._panel.has(p, "authorize")
        ]
        return tuple(cast("Check", c) for c in asked if c is not None)

    def _wrapped(
        self,
        extension: Chosen,
        layers: Layers,
        context: Context,
        answers: list[Answer],
    ) -> Layers:
        """The layers as the extension wants them; as they were when its
        answer is of no use, which `troubles` tell of."""
        answer = self._panel.ask(
            extension, "wrap", context, answers, layers=layers
        )
        if answer is None:
            return layers
        wrapped = cast("Layers", answer)
        error = rules.lost(extension, layers, wrapped)
        if error is not None:
            self._troubles.broken(extension.where, error)
            return layers
        return wrapped

    def _context(self, door: Door) -> Context:
        return Context(
            side=self._side,
            event=self._event,
            door=door.name,
            endpoint=door.endpoint,
            socket_dir=self._folder,
            max_message_bytes=self._settings.max_message_bytes,
        )
