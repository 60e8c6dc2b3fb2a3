"""What all suites of the conformance kit have in common.

An author subclasses a kind's suite in a test file and says what is tested::

    from plugwire.testing import CodecSuite
    from plugwire_cbor import Cbor

    class TestCbor(CodecSuite):
        plugin = Cbor

A suite's checks are pytest's, one promise each. Whoever leaves one out says
why, in `exempt`; none can be replaced. What not every plugin of a kind can
do is a *capability*, and is checked both ways: one that is claimed and not
there fails, so does one that is there and not claimed, and what needs one
that is not claimed is skipped with its reason. No pytest plugin is needed: a
check that waits runs a loop of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import pytest

from plugwire.plugins import Kind
from plugwire.validation import validate_section

DEADLINE = 20.0
"""Seconds that a check waits for what must happen: long for a busy machine,
and only what is broken takes so long."""

_Answer = TypeVar("_Answer")


class Suite:
    """Subclass the one of your kind, never this.

    `plugin` is the class that the entry point names. `settings` is its
    section, as the configuration would have it; override the fixture
    `section` where it needs a folder or a port. `capabilities` are those of
    the suite's `CAPABILITIES` that the plugin has. `exempt` maps the name of
    a check to the reason why it does not hold.
    """

    KIND: ClassVar[Kind]
    CAPABILITIES: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Name -> what a plugin promises that claims it."""

    plugin: ClassVar[type[Any]]
    settings: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    capabilities: ClassVar[Collection[str]] = ()
    exempt: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if _is_kit(cls):
            return
        checks = {name for base in cls.__mro__ for name in _checks(base)}
        replaced = checks & {name for name in vars(cls) if _is_check(name)}
        _refuse(cls, "replaces", replaced, "say why in `exempt` instead")
        _refuse(
            cls,
            "exempts",
            set(cls.exempt) - checks,
            f"its checks are {', '.join(sorted(checks))}",
        )
        _refuse(
            cls,
            "claims",
            set(cls.capabilities) - set(cls.CAPABILITIES),
            f"there are {', '.join(sorted(cls.CAPABILITIES)) or 'none'}",
        )

    @pytest.fixture(autouse=True)
    def _exempted(self, request: pytest.FixtureRequest) -> None:
        reason = self.exempt.get(request.function.__name__)
        if reason is not None:
            pytest.skip(f"exempt: {reason}")

    @pytest.fixture
    def section(self) -> Mapping[str, Any]:
        """The plugin's section; override it for what a test alone knows."""
        return self.settings

    def make(self, section: Mapping[str, Any]) -> Any:
        """An instance, its section validated as the configuration's is."""
        model = getattr(self.plugin, "Settings", None)
        if model is None:
            assert not section, (
                f"{self.plugin.__name__} has no Settings, so it takes no "
                f"section; found {dict(section)}"
            )
            return self.plugin()
        key = f"plugwire.{self.plugin.__name__.lower()}"
        value, problems = validate_section(model, section, key, {})
        assert not problems, "\n".join(map(str, problems))
        return self.plugin(value)

    @pytest.fixture
    def instance(self, section: Mapping[str, Any]) -> Any:
        """The plugin, made for one test."""
        return self.make(section)

    def claimed(self, capability: str, *, present: bool, shown: str) -> None:
        """End the check of one capability: claimed and present, or neither.

        `shown` says how the kit sees that it is there.
        """
        if capability in self.capabilities:
            assert present, (
                f"{self.plugin.__name__} claims {capability!r} "
                f"({self.CAPABILITIES[capability]}), and has it not: {shown}"
            )
            return
        assert not present, (
            f"{self.plugin.__name__} has {capability!r} and does not claim "
            f"it ({shown}); add it to `capabilities`"
        )
        self._skip(f"not claimed, and absent: {capability}", capability)

    def need(self, capability: str) -> None:
        """Skip the check where the plugin does not claim `capability`."""
        if capability not in self.capabilities:
            self._skip(f"not claimed: {capability}", capability)

    def _skip(self, reason: str, capability: str) -> None:
        pytest.skip(f"{reason} ({self.CAPABILITIES[capability]})")

    @staticmethod
    def run(coroutine: Coroutine[Any, Any, _Answer]) -> _Answer:
        """The coroutine's answer, from a loop of its own; `TimeoutError`
        after `DEADLINE` seconds."""

        async def bounded() -> _Answer:
            async with asyncio.timeout(DEADLINE):
                return await coroutine

        return asyncio.run(bounded())


def _is_kit(cls: type) -> bool:
    return cls.__module__.startswith("plugwire.testing")


def _is_check(name: str) -> bool:
    return name.startswith("test_")


def _checks(cls: type) -> Iterator[str]:
    if _is_kit(cls):
        yield from filter(_is_check, vars(cls))


def _refuse(cls: type, does: str, names: Collection[str], mend: str) -> None:
    if names:
        raise TypeError(
            f"{cls.__name__} {does} {', '.join(sorted(names))}, which is not "
            f"to be: {mend}"
        )
