"""The plugins' settings: the sections that users write."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import pytest

from plugwire.plugins import Loaded
from plugwire.testing.packaging.facts import Packaged, told
from plugwire.validation import field_types, validate_section


class Sections(Packaged):
    """Checks of each plugin's `Settings`."""

    @pytest.fixture
    def models(self, loaded: tuple[Loaded, ...]) -> list[tuple[str, Any]]:
        """Name and `Settings` of each plugin that has them."""
        found = [
            (one.found.name, model)
            for one in loaded
            if (model := getattr(one.cls, "Settings", None)) is not None
        ]
        if not found:
            pytest.skip("no plugin of it has Settings, or takes a section")
        return found

    def test_its_settings_are_a_frozen_dataclass(
        self, models: list[tuple[str, Any]]
    ) -> None:
        """plugwire validates dataclasses, and doors share an instance."""
        faults = [
            f"{name}: expected {model!r} to be a frozen dataclass"
            for name, model in models
            if not (isinstance(model, type) and _is_frozen(model))
        ]
        assert not faults, told(faults)

    def test_each_setting_has_a_type(
        self, models: list[tuple[str, Any]]
    ) -> None:
        """It is what a user's value is held to. An attribute without an
        annotation is no setting, and would never be set."""
        faults = []
        for name, model in models:
            try:
                hints = field_types(model)
            except NameError as error:
                faults.append(f"{name}: an annotation cannot be read: {error}")
                continue
            faults += [
                f"{name}.{field}: expected a type, found Any"
                for field, hint in hints.items()
                if hint is Any
            ]
            faults += [
                f"{name}.{attribute}: expected a type, found none"
                for attribute, value in vars(model).items()
                if not attribute.startswith("_")
                and attribute not in hints
                and not callable(value)
                and not hasattr(value, "__get__")
            ]
        assert not faults, told(faults)

    def test_each_setting_has_a_default_or_is_told(
        self, models: list[tuple[str, Any]]
    ) -> None:
        """A value that must be written is in the docstring by its name, or
        a user learns of it from an error."""
        faults = [
            f"{name}.{field.name}: expected a default, or its name in the "
            "docstring of its Settings"
            for name, model in models
            for field in fields(model)
            if field.init
            and field.default is MISSING
            and field.default_factory is MISSING
            and field.name not in _words(model)
        ]
        assert not faults, told(faults)

    def test_its_settings_say_what_they_are(
        self, models: list[tuple[str, Any]]
    ) -> None:
        """The first line is what an editor shows for the section."""
        faults = [
            f"{name}: expected a docstring of {model.__name__}, found none"
            for name, model in models
            if not _words(model)
        ]
        assert not faults, told(faults)

    def test_an_empty_section_will_do(
        self, loaded: tuple[Loaded, ...]
    ) -> None:
        """A user names the plugin, and it works."""
        faults: list[str] = []
        for one in loaded:
            model = getattr(one.cls, "Settings", None)
            if model is None:
                one.cls()
                continue
            key = f"plugwire.{one.found.name}"
            value, problems = validate_section(model, {}, key, {})
            faults += map(str, problems)
            if not problems:
                one.cls(value)
        assert not faults, told(faults)


def _is_frozen(model: type) -> bool:
    parameters = getattr(model, "__dataclass_params__", None)
    return is_dataclass(model) and bool(getattr(parameters, "frozen", False))


def _words(model: type) -> str:
    """Its docstring, unless dataclass made it."""
    text = model.__doc__ or ""
    return "" if text.startswith(f"{model.__name__}(") else text.strip()
