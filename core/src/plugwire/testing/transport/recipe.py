"""How another process comes to the same plugin, with the same section."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any


def recipe(plugin: type, section: Mapping[str, Any]) -> dict[str, Any]:
    """What `plugin_of` needs, as JSON can say it."""
    try:
        file = inspect.getsourcefile(plugin)
    except (OSError, TypeError):
        file = None
    return {
        "module": plugin.__module__,
        "file": file,
        "name": plugin.__qualname__,
        "section": {
            key: value
            if isinstance(value, bool | int | float | str | list | dict)
            else str(value)
            for key, value in section.items()
        },
    }


def plugin_of(made: Mapping[str, Any]) -> type[Any]:
    """The class that the recipe is of, imported in this process.

    By its module's name; where that leads nowhere, as for a test's module,
    by its file.
    """
    assert "<locals>" not in made["name"], (
        f"{made['name']} is made within a function, and a second process "
        "cannot import it: define it at the top of a module"
    )
    place: Any
    try:
        place = importlib.import_module(made["module"])
    except ImportError:
        place = _by_file(made["module"], made["file"])
    for part in made["name"].split("."):
        place = getattr(place, part)
    found: type[Any] = place
    return found


def _by_file(name: str, file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None, f"expected a Python file, found {file}"
    assert spec.loader is not None, f"expected a Python file, found {file}"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
