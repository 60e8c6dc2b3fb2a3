"""Callbacks, looked at as they are registered: what is wrong with one would
else be found when it is called, and told to a log at best."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from plugwire.errors import ValidationFailed


def demand(name: str, handler: Callable[..., object], *given: str) -> None:
    """Raise `ValidationFailed` unless `handler`, to be registered as `name`,
    can be called with what is `given`, by position."""
    takes = f"{name} takes a function of ({', '.join(given)})"
    if not callable(handler):
        raise ValidationFailed(
            f"{takes}, found {handler!r}; decorate one with @….{name}"
        )
    try:
        # What is called is the wrapper, whatever it wraps.
        signature = inspect.signature(handler, follow_wrapped=False)
    except (TypeError, ValueError):
        return  # a built-in that does not tell
    try:
        signature.bind(*given)
    except TypeError as error:
        shown = getattr(handler, "__qualname__", repr(handler))
        raise ValidationFailed(
            f"{takes}, found {shown}{signature}: {error}"
        ) from None


def demand_plain(
    name: str, handler: Callable[..., object], *given: str
) -> None:
    """`demand` of the blocking face, where nothing can be awaited."""
    demand(name, handler, *given)
    called = getattr(handler, "__call__", None)  # noqa: B004 - its code
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        called
    ):
        raise ValidationFailed(
            f"{name} of the blocking face takes a plain function, found the "
            f"coroutine function {handler!r}; write it without async, or use "
            "the face for asyncio"
        )
