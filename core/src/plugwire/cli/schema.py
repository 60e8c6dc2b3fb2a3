"""A JSON Schema of the settings file, for editors and for checks elsewhere.

Plugin sections are described by the plugins' own dataclasses, which have to
be imported for that. A section of a plugin that was not imported may hold
anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from plugwire.cli.described import DESCRIBED
from plugwire.cli.output import tell
from plugwire.core_keys import TOP_KEYS
from plugwire.errors import ConfigurationError, PluginError
from plugwire.plugins import Kind, Loaded, installed_names, load
from plugwire.plugins import installed as all_installed
from plugwire.settings import DOOR_KEYS, Settings
from plugwire.validation import field_types

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PICK = {"pattern": "^[a-z][a-z0-9_]*@[A-Za-z0-9][A-Za-z0-9._-]*$"}
"""`name@distribution`, for a name that two claim."""
_PLUGINS: tuple[tuple[str, Kind], ...] = (
    ("transport", "transport"),
    ("codec", "codec"),
    ("queue", "queue"),
    ("permissions", "permission"),
    ("extensions", "extension"),
)
_FOLDER = {"type": "string", "pattern": r"^(/|~|[A-Za-z]:[/\\])"}
"""Absolute, or from a home: its type, a path, says less than the rule."""


def schema(settings: Settings, *, installed: bool) -> dict[str, Any]:
    """The schema of a file's tables, with the sections of the plugins that
    `settings` name, or of all that are `installed`. What of them cannot be
    used is told, and its section may hold anything."""
    plugins = _installed() if installed else _named(settings)
    definitions: dict[str, Any] = {}
    sections = {name: {"type": "object"} for name in sorted(installed_names())}
    for plugin in plugins:
        name, model = plugin.found.name, getattr(plugin.cls, "Settings", None)
        if is_dataclass(model) and isinstance(model, type):
            definitions[name] = _section(name, model, definitions)
        else:
            definitions[name] = {"type": "object", "maxProperties": 0}
        sections[name] = {"$ref": f"#/$defs/{name}"}
    core = _core()
    doors = {key: core[key] for key in DOOR_KEYS}
    listen = {
        "description": DESCRIBED["listen"],
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": "^[a-zA-Z0-9_-]{1,64}$"},
        "additionalProperties": _table({**doors, **sections}),
    }
    top = _table({**core, "listen": listen, **sections})
    return {
        "$schema": DIALECT,
        "title": "plugwire",
        **_table({"plugwire": top}),
        "$defs": definitions,
    }


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _core() -> dict[str, Any]:
    """The core's own keys, `listen` aside."""
    from pydantic import TypeAdapter

    kinds, usual = field_types(Settings), Settings()
    core: dict[str, Any] = {"socket_dir": _FOLDER, **_named_plugins(usual)}
    for name in TOP_KEYS:
        if name not in core and name != "listen":
            core[name] = TypeAdapter(kinds[name]).json_schema()
            core[name]["default"] = getattr(usual, name)
    return {
        name: {**one, "description": DESCRIBED[name]}
        for name, one in core.items()
    }


def _named_plugins(usual: Settings) -> dict[str, Any]:
    """The keys that name plugins: those installed, for an editor to offer."""
    keys: dict[str, Any] = {}
    for key, kind in _PLUGINS:
        names = sorted({f.name for f in all_installed() if f.kind == kind})
        one = {"type": "string", "anyOf": [{"enum": names}, _PICK]}
        default = getattr(usual, key)
        if isinstance(default, str):
            keys[key] = {**one, "default": default}
        else:
            keys[key] = {"type": "array", "items": one}
    keys["permissions"]["minItems"] = 1
    keys["extensions"]["default"] = []
    return keys


def _section(
    name: str, model: type, definitions: dict[str, Any]
) -> dict[str, Any]:
    """The schema of a plugin's section; what it refers to is put into
    `definitions`. Nothing is required, for tables are laid over others."""
    from pydantic import TypeAdapter

    kinds = field_types(model)
    properties = {}
    for field in fields(model):
        if not field.init:
            continue
        one = TypeAdapter(kinds[field.name]).json_schema(
            ref_template=f"#/$defs/{name}.{{model}}"
        )
        for inner, definition in one.pop("$defs", {}).items():
            definition.setdefault("additionalProperties", False)
            definitions[f"{name}.{inner}"] = definition
        if field.default is not MISSING:
            one["default"] = _plain(field.default)
        properties[field.name] = one
    described = (model.__doc__ or "").strip().partition("\n")[0]
    return {"description": described, **_table(properties)}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _installed() -> Iterator[Loaded]:
    """All that can be used; people are told of what cannot."""
    for found in all_installed():
        if found.state == "available":
            word = f"{found.name}@{found.distribution}"
            if loaded := _loaded(found.kind, word):
                yield loaded


def _loaded(kind: Kind, word: str) -> Loaded | None:
    """The plugin; None where people are told that it cannot be used."""
    try:
        return load(kind, word)
    except (ConfigurationError, PluginError) as error:
        # What the environment says wrongly is told with the settings.
        if isinstance(error, PluginError):
            tell(f"plugwire: {' '.join(str(error).split())}")
        return None


def _named(settings: Settings) -> Iterable[Loaded]:
    """Those that the settings name, the transports' proposals included, and
    can be used."""
    words: dict[tuple[Kind, str], Loaded | None] = {}

    def note(kind: Kind, *named: Any) -> None:
        for word in named:
            if isinstance(word, str) and (kind, word) not in words:
                words[kind, word] = _loaded(kind, word)

    note("queue", settings.queue)
    for door in settings.doors("example"):
        note("transport", door.transport)
        note("codec", door.codec)
        note("extension", *door.extensions)
        permissions = door.permissions
        if permissions is None:
            transport = words["transport", door.transport]
            cls = None if transport is None else transport.cls
            permissions = getattr(cls, "default_permissions", ())
        note("permission", *permissions)
    return [loaded for loaded in words.values() if loaded is not None]
