"""Which events are served here, told with an error of not finding one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from plugwire import doorsfile
from plugwire.errors import ConnectionFailed, PlugwireError
from plugwire.settings import Settings

MOST = 12
"""Events that are told; `plugwire list` tells all."""


@contextmanager
def told(event: str, settings: Settings) -> Iterator[None]:
    """Where no server of `event` is found in this, its `ConnectionFailed`
    says besides which events are served."""
    try:
        yield
    except ConnectionFailed as error:
        there = _served(event, settings)
        if there is None:
            raise
        raise ConnectionFailed(
            f"{error}; {there}", address=error.address
        ) from error


def _served(event: str, settings: Settings) -> str | None:
    """What is served here; None where that is no help: `event` is, or the
    folder is not to be trusted."""
    folder = settings.folder()
    try:
        events = doorsfile.served(folder)
    except PlugwireError:
        return None
    if event in events:
        return None
    if not events:
        return f"in {folder} no event is served"
    from plugwire.validation import nearest

    near = nearest(event, events)
    listed = ", ".join(islice(events, MOST))
    more = f" and {len(events) - MOST} more" if len(events) > MOST else ""
    here = f"served here: {listed}{more}"
    return f"did you mean {near}, of what is {here}" if near else here
