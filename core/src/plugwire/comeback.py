"""When a client that lost its server tries again, and when it gives up; no
I/O."""

from __future__ import annotations

from plugwire.backoff import Backoff
from plugwire.errors import ConnectionFailed, PlugwireError, Refused
from plugwire.handshake import is_passing
from plugwire.settings import Settings

STEADY = 1.0
"""Seconds that a connection has to last before the back-off begins anew: a
server that accepts and closes at once must not be hammered."""
FIRST_RETRY = 0.02
"""Seconds (before jitter) to the second attempt of `connect()`: a server
that is being started is there in tens of milliseconds."""
FIRST_CAP = 0.5
"""Seconds (before jitter) between the attempts of `connect()` at most."""


def first_attempts() -> Backoff:
    """The pauses of `connect()`, which `default_timeout` bounds."""
    return Backoff(FIRST_RETRY, FIRST_CAP, 0)


class Comeback:
    """The attempts after a loss, counted and spaced by the settings.

    `cause` is what went wrong last.
    """

    __slots__ = ("_backoff", "_event", "_settings", "cause")

    def __init__(self, event: str, settings: Settings) -> None:
        self._event = event
        self._settings = settings
        self._backoff: Backoff | None = None
        self.cause: PlugwireError | None = None

    def lost(self, lasted: float, cause: PlugwireError) -> None:
        """A connection that had lasted so many seconds is over."""
        settings = self._settings
        self.cause = cause
        if lasted < STEADY and self._backoff is not None:
            self._backoff.succeeded()
        else:
            self._backoff = Backoff(
                settings.reconnect_delay,
                settings.reconnect_cap,
                settings.reconnect_tries,
            )

    def failed(self, error: PlugwireError) -> PlugwireError | None:
        """An attempt failed. The error that ends it all, where it is a
        refusal that will not change; None: try again."""
        self.cause = error
        if isinstance(error, Refused) and not is_passing(error):
            return error
        return None

    def delay(self) -> float | None:
        """Seconds until the next attempt; None: no more of them."""
        assert self._backoff is not None, "lost() comes first"
        return self._backoff.next()

    def gave_up(self, address: str) -> ConnectionFailed:
        """What a client ends with after its last attempt, at `address`."""
        assert self._backoff is not None, "lost() comes first"
        end = ConnectionFailed(
            f"gave up on {self._event!r} after {self._backoff.failed} "
            f"tries (reconnect_tries): {self.cause}",
            address=address,
        )
        end.__cause__ = self.cause
        return end
