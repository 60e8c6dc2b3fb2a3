"""The exception tree.

::

    PlugwireError
    ├── ConfigurationError      the settings are wrong (.problems)
    ├── PluginError             a plugin is missing, broken or doubled
    ├── ConnectionFailed        no connection could be made
    ├── ConnectionClosed        the connection is not there (any more)
    ├── Refused                 the other side said no, and why
    │   ├── TooManyConnections
    │   └── Denied
    ├── AlreadyRunning          somebody serves this event already
    ├── ClientGone              no client has this id (any more)
    ├── MessageError            bytes or values that are no message
    ├── ValidationFailed        an argument breaks a rule of the API
    ├── RequestFailed           the other side answered with an error
    └── TimedOut                also a TimeoutError

Two of them tell whose fault it was: `ValidationFailed` is raised at the
caller who passed something wrong, `MessageError` names what a peer sent or
what a codec cannot carry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

MOST_TOLD = 100
"""Problems that an error's text tells; nobody reads more, and `problems` has
them all."""
_KEY = 200
"""Characters of a key that a text has: a file of 1 MiB may be one key."""


class PlugwireError(Exception):
    """The base of every error that plugwire raises on purpose."""


class Problem(NamedTuple):
    """One thing that is wrong with the configuration.

    `key` is the dotted path (`plugwire.tcp.port`), `origin` where the value
    came from (a file, a variable, the call), `expected` what would be right,
    `found` the value as text, and `mend` what to do about it. Where
    `expected` is "", `found` says in words of its own what is wrong.
    """

    key: str
    origin: str
    expected: str
    found: str = ""
    mend: str = ""

    def __str__(self) -> str:
        wrong = self.found
        if self.expected:
            found = f", found {self.found}" if self.found else ""
            wrong = f"expected {self.expected}{found}"
        mend = f"; {self.mend}" if self.mend else ""
        key = self.key
        if len(key) > _KEY:
            key = f"{key[: _KEY - 1]}…"
        return f"{key} ({self.origin}): {wrong}{mend}"


def told(problems: Sequence[Problem]) -> Iterator[str]:
    """A line for each of the first `MOST_TOLD`, and how many more there
    are."""
    yield from map(str, problems[:MOST_TOLD])
    if (more := len(problems) - MOST_TOLD) > 0:
        yield f"and {more} more"


class ConfigurationError(PlugwireError):
    """The settings are wrong; `problems` holds every one of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(told(self.problems)))


class PluginError(PlugwireError):
    """A named plugin is missing, broken, doubled or answers wrongly.

    `kind` is `transport`, `codec`, `queue`, `permission` or `extension`,
    `name` the word of the configuration, `distribution` what brought it
    ("" where nothing did): those of the first, where `problems` tells of
    several.
    """

    def __init__(
        self,
        text: str,
        *,
        kind: str = "",
        name: str = "",
        distribution: str = "",
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(text)
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.kind = kind
        self.name = name
        self.distribution = distribution


class ConnectionFailed(PlugwireError):
    """No connection could be made; `address` is what was tried."""

    def __init__(self, text: str, *, address: str = "") -> None:
        super().__init__(text)
        self.address = address


class ConnectionClosed(PlugwireError):
    """The connection is gone, or was never made; `reason` in words.

    `final` is true when the server ended it for good, so that nothing will
    reconnect.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class Refused(PlugwireError):
    """The other side said no; `reason` and `mend` are its words."""

    def __init__(self, reason: str, mend: str = "") -> None:
        super().__init__(f"{reason}; {mend}" if mend else reason)
        self.reason = reason
        self.mend = mend


class TooManyConnections(Refused):
    """The server or the door is full."""


class Denied(Refused):
    """A permission said no to this peer or to this act."""


class AlreadyRunning(PlugwireError):
    """Somebody serves this event already; `owner` says who, in words."""

    def __init__(self, text: str, *, owner: str = "") -> None:
        super().__init__(text)
        self.owner = owner


class ClientGone(PlugwireError):
    """No client has the id `client_id`, or it has left."""

    def __init__(self, client_id: int) -> None:
        super().__init__(
            f"no client {client_id} is connected (it may have left)"
        )
        self.client_id = client_id


class MessageError(PlugwireError):
    """Bytes that are no message, or a value that a codec cannot carry."""


class ValidationFailed(PlugwireError, ValueError):
    """An argument breaks a rule; the text says which and why."""


class RequestFailed(PlugwireError):
    """The other side answered a request with an error, `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TimedOut(PlugwireError, TimeoutError):
    """What was waited for did not happen within `seconds`."""

    def __init__(self, text: str, *, seconds: float = 0.0) -> None:
        super().__init__(text)
        self.seconds = seconds
