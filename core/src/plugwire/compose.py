"""Settings and plugins to pipelines; the only file that asks pluggy's hooks.

Once a server or client, with no I/O. What a plugin's hooks look like is
checked by pluggy when it sits down at the panel for the first time, what
they answer whenever they are asked. Everything that is wrong is told at
once.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence, Set
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, cast

import pluggy

from plugwire.chosen import Chosen, Troubles
from plugwire.errors import ConfigurationError, Problem
from plugwire.hookspecs import REQUIRED, Hooks
from plugwire.hooktables import HookTable, HookTables, offered
from plugwire.interfaces import Connector, Context, Encoder, Listener, Queue
from plugwire.message import check_event_name
from plugwire.parts import Parts, Workshop
from plugwire.pipeline import (
    Answer,
    ClientPipeline,
    DoorPipeline,
    ServerPipeline,
)
from plugwire.plans import Plans
from plugwire.settings import Door, Settings
from plugwire.shapes import SHAPES
from plugwire.validation import nearest

_REFUSED: tuple[
    Literal["hookwrapper", "wrapper", "tryfirst", "trylast", "optionalhook"],
    ...,
] = ("hookwrapper", "wrapper", "tryfirst", "trylast", "optionalhook")
_AUTHOR = "its author must repair it"
_THERE = f"the hooks are {', '.join(SHAPES)}"
_tables = HookTables()
_plans = Plans(_tables)


def compose_server(
    event: str, settings: Settings, problems: Sequence[Problem] = ()
) -> ServerPipeline:
    """The pipelines of all doors of `event`, and its queue.

    `problems` are those that are known already. Raises `ConfigurationError`
    where any setting is wrong and `PluginError` where only plugins are,
    `problems` of either holding all; `ValidationFailed` for what is no
    event name.
    """
    check_event_name(event)
    troubles = Troubles(problems)
    panel = _Panel(troubles)
    workshop = Workshop("server", event, settings, panel, troubles)
    doors = settings.doors(event)
    queue, answers = workshop.queue(doors[0])
    lanes: list[tuple[tuple[object, ...], Encoder]] = []
    pipelines = []
    for number, door in enumerate(doors):
        parts = workshop.parts(door, None if number else queue)
        if parts is not None:
            pipelines.append(_door(door, parts, lanes))
            queue = queue if number else parts.layers.queue
    troubles.settle()
    return ServerPipeline(
        doors=tuple(pipelines), queue=cast("Queue", queue), answers=answers
    )


def compose_client(
    event: str,
    settings: Settings,
    *,
    door: str,
    endpoint: str,
    transport: Any,
    codec: Any,
    problems: Sequence[Problem] = (),
) -> ClientPipeline:
    """The way to one door. `transport` and `codec` are names or instances,
    wherever the client has them from; the rest is `settings.door`'s.

    Raises as `compose_server` does.
    """
    check_event_name(event)
    words = (event, door, endpoint, transport, codec)
    is_named = isinstance(transport, str) and isinstance(codec, str)
    if is_named and not problems:
        again = _plans.pipeline(settings, words)
        if again is not None:
            return again
    troubles = Troubles(problems)
    panel = _Panel(troubles)
    workshop = Workshop("client", event, settings, panel, troubles)
    way = replace(
        settings.door(event, door),
        endpoint=endpoint,
        transport=transport,
        codec=codec,
    )
    parts = workshop.parts(way, told="the doors file")
    troubles.settle()
    whole = cast("Parts", parts)
    if is_named:
        _plans.keep(settings, words, whole)
    return ClientPipeline(
        door=way.name,
        endpoint=endpoint,
        transport=whole.transport.name,
        codec=whole.codec.name,
        format=whole.layers.encoder.format,
        connector=cast("Connector", whole.end),
        encoder=whole.layers.encoder,
        decoder=whole.layers.decoder,
        gates=whole.gates,
        extensions=whole.extensions,
        answers=whole.answers,
    )


def _door(
    door: Door, parts: Parts, lanes: list[tuple[tuple[object, ...], Encoder]]
) -> DoorPipeline:
    """A door, in the lane and with the encoder of the doors before it that
    encode alike. Compared, not hashed: settings may hold lists."""
    likenesses = [likeness for likeness, _ in lanes]
    if parts.likeness not in likenesses:
        likenesses.append(parts.likeness)
        lanes.append((parts.likeness, parts.layers.encoder))
    lane = likenesses.index(parts.likeness)
    encoder = lanes[lane][1]
    return DoorPipeline(
        door=door.name,
        endpoint=door.endpoint,
        transport=parts.transport.name,
        codec=parts.codec.name,
        format=encoder.format,
        plain=door.plain,
        lag=door.lag,
        max_connections=door.max_connections,
        listener=cast("Listener", parts.end),
        encoder=encoder,
        decoder=parts.layers.decoder,
        gates=parts.gates,
        checks=parts.layers.checks,
        extensions=parts.extensions,
        lane=lane,
        answers=parts.answers,
    )


class _Manager(pluggy.PluginManager):
    """Looks at the names that may be hooks; no more: looking at a class's
    thirty others takes longer than all the rest of composing."""

    def parse_hookimpl_opts(
        self, plugin: object, name: str
    ) -> pluggy.HookimplOpts | None:
        if name.startswith("__"):
            return None
        return super().parse_hookimpl_opts(plugin, name)

    def parse_hookspec_opts(
        self, module_or_class: Any, name: str
    ) -> pluggy.HookspecOpts | None:
        if name.startswith("__"):
            return None
        return super().parse_hookspec_opts(module_or_class, name)


class _Panel:
    """Plugins, asked one at a time; what is wrong goes to `troubles`.

    pluggy's own order is last in, first out, and its None means "not mine":
    neither suits a pipeline, so each call goes to one plugin, and None is
    an answer of no use.
    """

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._tables: dict[Chosen, HookTable] = {}

    def seat(self, chosen: Chosen) -> bool:
        """Register the plugin; False when its hooks are of no use."""
        try:
            wrong = self._registered(chosen)
        except Exception as error:
            failed = chosen.failed("its methods", error)
            self._troubles.broken(chosen.where, failed)
            return False
        for text, mend in wrong:
            self._troubles.broken(chosen.where, chosen.error(text, mend))
        return not wrong

    def has(self, chosen: Chosen, hook: str) -> bool:
        """Whether the plugin answers `hook`."""
        return hook in self._tables[chosen].calls

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
        wanted, flaw = SHAPES[hook]
        try:
            table = self._tables[chosen]
            given = {**offered(context), **more}
            answer = table.call(chosen.instance, hook, given)
            wrong = "None" if answer is None else flaw(answer)
        except ConfigurationError as error:
            self._troubles.wrong_all(error.problems)
            return None
        except Exception as error:
            failed = chosen.failed(f"`{hook}`", error)
            self._troubles.broken(chosen.where, failed)
            return None
        if wrong:
            text = f"answers `{hook}` with {wrong}, not with {wanted}"
            self._troubles.broken(chosen.where, chosen.error(text, _AUTHOR))
            return None
        answers.append(
            Answer(
                hook=hook,
                kind=chosen.kind,
                plugin=chosen.name,
                distribution=chosen.distribution,
                chosen_by=str(chosen.where),
            )
        )
        return answer

    def _registered(self, chosen: Chosen) -> list[tuple[str, str]]:
        """What is wrong with the plugin's hooks, and the mend, for each."""
        table = _tables.get(chosen.instance)
        if table is None:
            methods, wrong = self._methods(chosen.instance)
            if wrong:
                return wrong
            try:
                table = self._table(methods, chosen.name)
            except pluggy.PluginValidationError as error:
                text = " ".join(str(error).split())
                return [(f"answers a hook wrongly: {text}", _AUTHOR)]
            _tables.keep(chosen.instance, table)
        self._tables[chosen] = table
        return _wanting(chosen.kind, table.calls.keys())

    def _table(self, methods: dict[str, Any], name: str) -> HookTable:
        """The hooks that the methods answer, by pluggy's word."""
        seat = _Seat(methods)
        manager = self._manager
        manager.register(seat, f"{len(manager.get_plugins())} {name}")
        manager.check_pending()
        names = {id(method): name for name, method in methods.items()}
        calls = {
            # pluggy asks the last one first.
            caller.name: tuple(
                (names[id(answering.function)], tuple(answering.argnames))
                for answering in reversed(caller.get_hookimpls())
                if answering.plugin is seat
            )
            for caller in manager.get_hookcallers(seat) or ()
        }
        return HookTable(calls)

    @cached_property
    def _manager(self) -> _Manager:
        """Made when there is a class to look at."""
        manager = _Manager("plugwire")
        manager.add_hookspecs(Hooks)
        return manager

    def _methods(
        self, instance: Any
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The hook methods, and what is wrong with each by itself."""
        methods: dict[str, Any] = {}
        wrong: list[tuple[str, str]] = []
        parse = self._manager.parse_hookimpl_opts
        for name in dir(instance):
            options = parse(instance, name)
            if options is None:
                continue
            methods[name] = method = getattr(instance, name)
            hook = options["specname"] or name
            if hook not in SHAPES:
                near = nearest(hook, SHAPES)
                mend = f"did you mean `{near}`?" if near else _THERE
                text = f"answers `{hook}`, which is no hook"
                wrong.append((text, mend))
            for option in _REFUSED:
                if options.get(option):
                    text = f"marks `{name}` as {option}"
                    wrong.append((text, "write @hookimpl and no more"))
            if inspect.iscoroutinefunction(method):
                text = f"has an async `{name}`"
                mend = "make it a plain function that hands over an object"
                wrong.append((text, mend))
            for argument in inspect.signature(method).parameters.values():
                if argument.default is not argument.empty:
                    text = f"gives `{argument.name}` of `{name}` a default"
                    wrong.append((text, "take it away: it would always win"))
        return methods, wrong


class _Seat:
    """A plugin as pluggy sees it: its hook methods and an identity, so that
    plugins that are equal, or cannot be hashed, are no trouble."""

    def __init__(self, methods: dict[str, Any]) -> None:
        vars(self).update(methods)


def _wanting(kind: str, hooks: Set[str]) -> list[tuple[str, str]]:
    """What a plugin of this kind must answer and does not, and what it
    answers that is another kind's."""
    rule, required = REQUIRED[kind]
    wrong = [
        (
            f"answers `{hook}`, which is no hook of a {kind}",
            "one plugin has one kind: make a second one of it",
        )
        for hook in sorted(hooks - set(required))
    ]
    missing = [hook for hook in required if hook not in hooks]
    if missing and (rule == "all" or len(missing) == len(required)):
        word, mend = " and ", "give it this method, marked @hookimpl"
        if len(missing) > 1:
            mend = "give it these methods, each marked @hookimpl"
        if rule != "all":
            word, mend = " or ", "give it one of these, marked @hookimpl"
        listed = word.join(f"`{hook}`" for hook in missing)
        wrong.append((f"does not answer {listed}", mend))
    return wrong
