"""Who lags, who has stalled, and who waits for them in `flush`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from plugwire.aio.host import Guest, Host
from plugwire.errors import TimedOut
from plugwire.settings import Lag

FLUSHES_A_TURN = 16
"""Flushes with nothing to wait for until one lets the loop have a turn: who
only ever flushes must not keep all others from theirs, the end of a
connection and who comes included."""


class LagWatch:
    """Keeps the clients for whom something waits for the kernel.

    One timer serves them all. A client that has taken nothing for
    `lag_grace` is stalled: under the policy `disconnect` it is let go, under
    the others it is not waited for until it moves again.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._ledger = host.ledger
        self._limit = host.settings.total_outbox_bytes
        self._laggers: dict[Guest, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._waiters: list[_Waiter] = []
        self._streak = 0

    def add(self, guest: Guest) -> None:
        """`guest` lags from now on."""
        guest.stalled = False
        self._mark(guest)
        self._laggers[guest] = None
        if self._timer is None:
            self._set(self._host.settings.lag_grace)

    def moved(self, guest: Guest) -> None:
        """The kernel has taken something of what it was owed."""
        if guest in self._laggers:
            self.add(guest)
        for waiter in tuple(self._waiters):
            waiter.look(guest)

    def remove(self, guest: Guest) -> None:
        """It has caught up, or has gone."""
        self._laggers.pop(guest, None)
        guest.stalled = False
        for waiter in tuple(self._waiters):
            waiter.look(guest)

    def stop(self) -> None:
        """No more timers."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _mark(self, guest: Guest) -> None:
        guest.lag_mark = (self._host.loop.time(), guest.unsent_bytes)

    def _set(self, delay: float) -> None:
        self._timer = self._host.loop.call_later(delay, self._check)

    def _check(self) -> None:
        self._timer = None
        now = self._host.loop.time()
        grace = self._host.settings.lag_grace
        next_check = None
        for guest in tuple(self._laggers):
            since, size = guest.lag_mark
            if guest.unsent_bytes < size:
                # It takes a large frame slowly: that is no stall.
                self._mark(guest)
                since = now
            if now - since < grace:
                due = since + grace - now
                next_check = (
                    due if next_check is None else min(due, next_check)
                )
            elif not guest.stalled:
                self._stall(guest)
        if next_check is not None and self._timer is None:
            self._set(next_check)

    def _stall(self, guest: Guest) -> None:
        guest.stalled = True
        self._host.stats.stalled += 1
        if guest.lag is Lag.DISCONNECT and not guest.ended:
            guest.stall()
        for waiter in tuple(self._waiters):
            waiter.look(guest)

    def weigh(self) -> None:
        """Keep all outboxes together under `total_outbox_bytes`: who has
        most queued is dealt with first, by its policy."""
        ledger, limit = self._ledger, self._limit
        while ledger.bytes > limit:
            largest = max(
                self._laggers, key=lambda c: c.queued_bytes, default=None
            )
            if largest is None or not largest.queued_bytes:
                return
            before = largest.queued_bytes
            largest.relieve(ledger.bytes - limit)
            if largest.queued_bytes >= before:
                return

    def wait(
        self, low: int | None, timeout: float | None
    ) -> Coroutine[None, None, None] | None:
        """What to await until nobody has more than `low` messages queued
        (None: a quarter of the outbox; 0: everything is in the kernel), or
        `TimedOut`; None where that is so, as it mostly is."""
        waiter = self._waiter(low) if self._laggers else None
        if waiter is None:
            self._streak += 1
            if self._streak < FLUSHES_A_TURN:
                return None
            self._streak = 0
            return asyncio.sleep(0)
        self._streak = 0
        return self._wait(waiter, timeout)

    async def _wait(self, waiter: _Waiter, timeout: float | None) -> None:
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(timeout):
                await waiter.done
        except TimeoutError:
            raise TimedOut(
                f"{len(waiter.pending)} clients did not catch up within "
                f"{timeout:g} s",
                seconds=timeout or 0.0,
            ) from None
        finally:
            self._waiters.remove(waiter)

    def _waiter(self, low: int | None) -> _Waiter | None:
        """One who waits, or None where there is nobody to wait for."""
        settings = self._host.settings
        waiter = _Waiter(
            low,
            settings.outbox_messages / 4,
            settings.outbox_bytes / 4,
            self._host.loop.create_future(),
        )
        waiter.pending = {
            guest for guest in self._laggers if not waiter.is_content(guest)
        }
        return waiter if waiter.pending else None


class _Waiter:
    """One call of `flush`, and whom it still waits for."""

    __slots__ = ("_bytes", "_low", "_messages", "done", "pending")

    def __init__(
        self,
        low: int | None,
        messages: float,
        size: float,
        done: asyncio.Future[None],
    ) -> None:
        self._low = low
        self._messages = messages
        self._bytes = size
        self.done = done
        self.pending: set[Guest] = set()

    def is_content(self, guest: Guest) -> bool:
        """Whether `guest` need not be waited for (any longer)."""
        if guest.ended or guest.stalled:
            return True
        if not guest.is_lagging:
            return True
        if self._low is None:
            return (
                guest.queued < self._messages
                and guest.queued_bytes < self._bytes
            )
        return self._low > 0 and guest.queued <= self._low

    def look(self, guest: Guest) -> None:
        """`guest` has changed."""
        if guest in self.pending and self.is_content(guest):
            self.pending.discard(guest)
            if not self.pending and not self.done.done():
                self.done.set_result(None)
