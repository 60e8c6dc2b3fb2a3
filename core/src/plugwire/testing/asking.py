"""Asking a plugin a hook as core asks it, outside of a pipeline."""

from __future__ import annotations

import inspect
from typing import Any

from plugwire.hookspecs import Hooks
from plugwire.hooktables import offered
from plugwire.interfaces import Context
from plugwire.shapes import SHAPES

SELF = {"self"}


def hooks(plugin: Any) -> dict[str, str]:
    """The hooks that `plugin` answers, and the method of each."""
    marked = {
        name: getattr(getattr(plugin, name), "plugwire_impl", None)
        for name in dir(type(plugin))
        if not name.startswith("__")
    }
    return {
        options["specname"] or name: name
        for name, options in marked.items()
        if options is not None
    }


def ask(plugin: Any, hook: str, context: Context, **more: Any) -> Any:
    """What `plugin` hands over for `hook`; fails where it is of the wrong
    shape, or where the hook is not answered at all."""
    answered = hooks(plugin)
    shown = type(plugin).__name__
    assert hook in answered, (
        f"{shown} must answer `{hook}` (a method marked @hookimpl); it "
        f"answers {', '.join(sorted(answered)) or 'no hook'}"
    )
    method = getattr(plugin, answered[hook])
    given = {**offered(context), **more}
    allowed = inspect.signature(getattr(Hooks, hook)).parameters.keys()
    wanted = inspect.signature(method).parameters.keys()
    assert wanted <= allowed, (
        f"`{hook}` of {shown} may take {', '.join(sorted(allowed - SELF))}; "
        f"found {', '.join(sorted(wanted - allowed))} too"
    )
    answer = method(**{name: given[name] for name in wanted})
    expected, flaw = SHAPES[hook]
    wrong = "None" if answer is None else flaw(answer)
    assert not wrong, (
        f"`{hook}` of {shown} must hand over {expected}; found {wrong}"
    )
    return answer
