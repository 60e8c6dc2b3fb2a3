"""What the checks look at: the settings, what they name, and the answers of
children, each asked for once and when it is wanted first."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct

from plugwire.chosen import PROPOSED, Place, place
from plugwire.cli.doctor.child import Asked
from plugwire.cli.doctor.probe import Answer, probe
from plugwire.cli.options import gathered
from plugwire.errors import ConfigurationError, PluginError, Problem
from plugwire.plugins import Found, Kind, find, installed
from plugwire.reading import find_file


class Named(Struct, frozen=True):
    """A plugin that the settings name: the word, and where it stands."""

    kind: Kind
    word: str
    where: Place

    def __str__(self) -> str:
        return f"{self.where.key} ({self.where.origin})"


class Case:
    """One run of the doctor, for `event`; nothing is changed by it."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.event: str = args.event
        self.debug: bool = args.debug
        self.config: str | None = args.config
        self.settings, problems = gathered(args)
        self.problems: tuple[Problem, ...] = tuple(problems)
        self._args = args

    @cached_property
    def file(self) -> Path | None:
        """The settings file, which need not be there, or None."""
        named = Path(self.config) if self.config else find_file()
        return None if named is None else named.expanduser().absolute()

    @cached_property
    def folder(self) -> Path:
        """Where sockets are."""
        return self.settings.folder()

    @cached_property
    def named(self) -> tuple[Named, ...]:
        """The plugins that the settings name, each once: the first place
        counts. What transports propose is among them, where nothing speaks
        against importing the transport."""
        found: dict[tuple[Kind, str], Named] = {}
        for named in self._named():
            found.setdefault((named.kind, named.word), named)
        return tuple(found.values())

    def _named(self) -> Iterator[Named]:
        settings = self.settings

        def at(
            kind: Kind, door: str, key: str, *words: Any
        ) -> Iterator[Named]:
            where = place(settings, door, key)
            for word in words:
                yield Named(kind, word, where)

        yield from at("queue", "", "queue", settings.queue)
        for door in settings.doors(self.event):
            name = door.name
            yield from at("transport", name, "transport", door.transport)
            yield from at("codec", name, "codec", door.codec)
            yield from at("extension", name, "extensions", *door.extensions)
            if door.permissions is not None:
                yield from at(
                    "permission", name, "permissions", *door.permissions
                )
                continue
            where = Place("plugwire.permissions", PROPOSED)
            transport = Named("transport", door.transport, where)
            if self.refusal(transport) is None:
                for word in self.imported(transport).told.proposes:
                    yield Named("permission", word, where)

    def claims(self, named: Named) -> list[Found]:
        """What is installed under the name, blocked ones last."""
        name, at, distribution = named.word.partition("@")
        claims = [
            found
            for found in installed()
            if (found.kind, found.name) == (named.kind, name)
        ]
        if at:
            from plugwire.distributions import normal

            wanted = normal(distribution)
            claims = [f for f in claims if normal(f.distribution) == wanted]
        return sorted(claims, key=lambda found: found.state == "blocked")

    def state(self, named: Named) -> str:
        """The state of what is named, "missing" where nothing is."""
        claims = self.claims(named)
        return claims[0].state if claims else "missing"

    def refusal(self, named: Named) -> Problem | None:
        """What speaks against the plugin before it is imported."""
        try:
            find(named.kind, named.word)
        except (ConfigurationError, PluginError) as error:
            return error.problems[0]
        return None

    @cached_property
    def usable(self) -> tuple[Named, ...]:
        """Those named against which nothing speaks before their import."""
        return tuple(n for n in self.named if self.refusal(n) is None)

    @cached_property
    def _imports(self) -> dict[tuple[Kind, str], Answer]:
        return {}

    def imported(self, named: Named) -> Answer:
        """How the import of one plugin went, in a child of its own."""
        key = (named.kind, named.word)
        if key not in self._imports:
            asked = Asked(act="import", kind=named.kind, word=named.word)
            self._imports[key] = probe(asked)
        return self._imports[key]

    @cached_property
    def composed(self) -> Answer | None:
        """How composing all doors and opening them went, in a child; None
        where something that they need is known to be wrong."""
        if self.problems or len(self.usable) < len(self.named):
            return None
        if not all(self.imported(named).well for named in self.usable):
            return None
        return probe(
            Asked(
                act="compose",
                event=self.event,
                config=self._args.config,
                transport=self._args.transport,
                codec=self._args.codec,
                texts=self._args.texts,
            )
        )
