"""How clients' pipelines were composed, to compose more that are alike.

A program that connects by the hundred asks for the same thing each time, and
to choose, to check and to explain anew each time takes longer than to
connect. What belongs to one pipeline is made for each: the plugins'
instances, and what they hand over, its shape looked at. What was decided is
not decided again, while all that decided it is as it was.

A plan that cannot be followed tells of nothing: composing does, from the
beginning. Safe from any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from plugwire.chosen import Chosen
from plugwire.hooktables import HookTable, HookTables, offered
from plugwire.interfaces import Context, Gate
from plugwire.parts import Parts
from plugwire.pipeline import Answer, ClientPipeline
from plugwire.plugins import Kind, load
from plugwire.recent import Recent
from plugwire.settings import Settings
from plugwire.shapes import SHAPES
from plugwire.wishes import Wishes, operator

MOST = 64
"""Plans that are remembered: a program has one for each door it goes to."""


class Unlike(Exception):
    """Something is not as it was."""


class Step(Struct, frozen=True):
    """A plugin that a word of the configuration named: its class, that of
    its settings, and its hooks. Nothing of an instance is held."""

    kind: Kind
    word: str
    name: str
    cls: type[Any]
    model: type[Any] | None
    table: HookTable

    def made(self, tables: HookTables, wishes: Wishes) -> Any:
        """An instance with the default settings, of a class that is what it
        was."""
        if load(self.kind, self.word, wishes).cls is not self.cls:
            raise Unlike
        model = self.model
        instance = self.cls() if model is None else self.cls(model())
        if tables.get(instance) is not self.table:
            raise Unlike
        return instance

    def ask(
        self, instance: object, hook: str, given: Mapping[str, object]
    ) -> Any:
        """What the instance hands over."""
        answer = self.table.call(instance, hook, given)
        if answer is None or SHAPES[hook][1](answer):
            raise Unlike
        return answer


class Plan(Struct, frozen=True, kw_only=True):
    """How one client's pipeline came about. `proposed` are the permissions
    that its transport proposed; None where they were named. `given` is what
    the hooks may take, and `gates` are the names of what `accept` gave."""

    settings: Settings
    context: Context
    given: Mapping[str, object]
    transport: Step
    codec: Step
    permissions: tuple[Step, ...]
    proposed: tuple[str, ...] | None
    gates: tuple[str, ...]
    answers: tuple[Answer, ...]

    def followed(self, tables: HookTables) -> ClientPipeline:
        """One more such pipeline. Raises `Unlike`, and what plugins do."""
        given = self.given
        if self.settings.folder() != self.context.socket_dir:
            raise Unlike
        wishes = operator()
        transport = self.transport.made(tables, wishes)
        if self.proposed not in (None, transport.default_permissions):
            raise Unlike
        codec = self.codec.made(tables, wishes)
        encoder = self.codec.ask(codec, "encode", given)
        gates = tuple(self._gates(tables, wishes))
        if _names(gates) != self.gates:
            raise Unlike
        return ClientPipeline(
            door=self.context.door,
            endpoint=self.context.endpoint,
            transport=self.transport.name,
            codec=self.codec.name,
            format=encoder.format,
            connector=self.transport.ask(transport, "connect", given),
            encoder=encoder,
            decoder=self.codec.ask(codec, "decode", given),
            gates=gates,
            extensions=(),
            answers=self.answers,
        )

    def _gates(self, tables: HookTables, wishes: Wishes) -> Iterable[Gate]:
        for step in self.permissions:
            permission = step.made(tables, wishes)
            if "accept" in step.table.calls:
                yield step.ask(permission, "accept", self.given)


def _names(gates: Iterable[Gate]) -> tuple[str, ...]:
    return tuple(gate.name for gate in gates)


class Plans:
    """The `MOST` plans that were used last, by `words`: all that composing
    was told beside the settings."""

    def __init__(self, tables: HookTables) -> None:
        self._tables = tables
        self._known: Recent[tuple[object, ...], Plan] = Recent(MOST)

    def pipeline(
        self, settings: Settings, words: tuple[str, ...]
    ) -> ClientPipeline | None:
        """One more for these very settings; None: compose it."""
        plan = self._known.get((id(settings), *words))
        if plan is None:
            return None
        try:
            return plan.followed(self._tables)
        except Exception:
            return None  # whatever it was, composing tells of it

    def keep(
        self, settings: Settings, words: tuple[str, ...], parts: Parts
    ) -> None:
        """Remember what `parts` came from, where words and defaults alone
        decided it."""
        if settings.sections or settings.listen or settings.extensions:
            return
        steps = []
        for chosen in (parts.transport, parts.codec, *parts.permissions):
            table = self._tables.get(chosen.instance)
            if chosen.found is None or table is None:
                return
            steps.append(_step(chosen, table))
        proposed = None
        if settings.permissions is None:
            proposed = parts.transport.instance.default_permissions
        transport, codec, *permissions = steps
        plan = Plan(
            settings=settings,
            context=parts.context,
            given=offered(parts.context),
            transport=transport,
            codec=codec,
            permissions=tuple(permissions),
            proposed=proposed,
            gates=_names(parts.gates),
            answers=parts.answers,
        )
        # The plan holds the settings: while it does, their id is theirs.
        self._known.put((id(settings), *words), plan)


def _step(chosen: Chosen, table: HookTable) -> Step:
    value = chosen.settings
    return Step(
        chosen.kind,
        chosen.word,
        chosen.name,
        type(chosen.instance),
        None if value is None else type(value),
        table,
    )
