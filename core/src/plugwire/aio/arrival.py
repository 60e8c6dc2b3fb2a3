"""A peer at a server's door: from its accept to joined, or refused."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable

from plugwire.aio.connection import ServerConnection
from plugwire.aio.presence import Presence
from plugwire.errors import Denied, MessageError, PlugwireError, TimedOut
from plugwire.handshake import (
    VERSION,
    Hello,
    Joined,
    ServerHandshake,
    Welcome,
    admit,
    line,
    nonce,
)
from plugwire.interfaces import Kept
from plugwire.logs import note
from plugwire.message import check_event_name
from plugwire.registry import Member

SNAPSHOT_TRIES = 100
"""Snapshots taken at most until one is of a moment at which no other thread
said anything: what is said meanwhile may be in it, and comes after it too.
A program that never pauses hands over the last one."""


class Arrival:
    """Shakes hands, asks gates and checks, runs `on_connect`, and joins.

    `handshake_timeout` covers all of it.
    """

    __slots__ = ("_connection", "_deadline", "_early", "_greeting", "_shake")

    has_joined = False
    is_reading = False
    has_worker = False
    waiting_bytes = 0

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._greeting: asyncio.Task[None] | None = None
        self._shake: ServerHandshake | None = None
        self._early = b""
        host = connection.host
        self._deadline = host.loop.call_later(
            host.settings.handshake_timeout, self._too_late
        )

    @property
    def buffer(self) -> memoryview:
        """What is read into."""
        return self._connection.host.buffer

    def begin(self) -> None:
        """Say welcome; at a plain door the client has arrived already."""
        connection = self._connection
        if connection.host.stopping:
            connection.refuse(connection.host.leaving())
        elif connection.door.pipeline.plain:
            self._arrive(Hello(plugwire=VERSION))
        else:
            self._shake = ServerHandshake(self._welcome())
            connection.write(line(self._shake.welcome))

    def read(self, data: bytes) -> None:
        """What the peer says before it has joined."""
        if self._connection.door.pipeline.plain:
            # uvloop forgets a pause in connection_made, and reads once.
            self._early += data
            self._connection.pause_reading()
            return
        if self._greeting is not None or self._shake is None:
            self._connection.refuse(
                MessageError("bytes came before joined: wait for it")
            )
            return
        try:
            hello = self._shake.feed(data)
        except PlugwireError as error:
            self._connection.refuse(error)
            return
        if hello is not None:
            self._arrive(hello)

    def read_much(self, view: memoryview) -> None:
        """The same of much: too much mostly."""
        self.read(bytes(view))

    def stop(self) -> None:
        """It is over, one way or the other."""
        self._deadline.cancel()
        if self._greeting is not None:
            self._greeting.cancel()

    async def stop_worker(self, *, finish: bool) -> None:
        """Nobody has joined: no handler is under way."""

    def _welcome(self) -> Welcome:
        host, pipeline = self._connection.host, self._connection.door.pipeline
        return Welcome(
            plugwire=VERSION,
            event=host.event,
            door=pipeline.door,
            incarnation=host.name,
            codec=pipeline.format,
            extensions=pipeline.extensions,
            max_message_bytes=host.settings.max_message_bytes,
            nonce=nonce(),
        )

    def _too_late(self) -> None:
        seconds = self._connection.host.settings.handshake_timeout
        self._connection.refuse(
            TimedOut(
                f"no handshake within {seconds:g} s (handshake_timeout)",
                seconds=seconds,
            )
        )

    def _arrive(self, hello: Hello) -> None:
        """The hello fits: gates, checks, a slot and an id."""
        connection = self._connection
        host, door = connection.host, connection.door
        connection.role = hello.role
        is_member = hello.role == "member"
        try:
            proof = self._admit(hello)
        except PlugwireError as error:
            connection.refuse(error)
            return
        member = Member(
            host.registry.new_id() if is_member else None,
            connection.peer,
            door.pipeline.door,
            connection,
            door.lane,
            time.time_ns() // 1_000_000,
        )
        connection.member = member
        member.seat.held = True
        if is_member:
            host.registry.arrive(member)
            if hello.session is not None:
                connection.attach(hello.session)
            if host.handlers.on_connect is not None:
                self._greet(member, hello, proof)
                return
        self._join(member, hello, proof)

    def _admit(self, hello: Hello) -> dict[str, str]:
        """The server's proofs, or `Denied`, or `TooManyConnections`."""
        connection = self._connection
        if hello.session is not None:  # before a plugin sees it
            check_event_name(hello.session)
        welcome = self._shake.welcome if self._shake else self._welcome()
        gates = connection.door.pipeline.gates
        proof = admit(gates, connection.peer, welcome, hello)
        rights = connection.rights
        rights.demand("connect", hello.session)
        if hello.role == "control":
            rights.demand("control")
        elif hello.role == "member" and hello.session is not None:
            rights.demand("attach", hello.session)
        connection.door.admit(connection)
        return proof

    def _greet(
        self, member: Member, hello: Hello, proof: dict[str, str]
    ) -> None:
        """Run `on_connect`: raising refuses the client. A plain function is
        called at once; a coroutine gets a task."""
        connection = self._connection
        handler = connection.host.handlers.on_connect
        assert handler is not None
        try:
            greeted = handler(member.info())
        except (Exception, asyncio.CancelledError) as error:
            self._turn_away(error)
            return
        if greeted is not None and inspect.isawaitable(greeted):
            if connection.door.pipeline.plain:
                connection.pause_reading()
            self._greeting = connection.host.spawn(
                self._await(greeted, member, hello, proof)
            )
        elif not connection.ended:
            self._join(member, hello, proof)

    async def _await(
        self,
        greeted: Awaitable[object],
        member: Member,
        hello: Hello,
        proof: dict[str, str],
    ) -> None:
        """Join once `on_connect` has ended well."""
        try:
            await greeted
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # The handler's own: it cancelled what it waited for.
            self._turn_away(error)
        except Exception as error:
            self._turn_away(error)
        else:
            if not self._connection.ended:
                self._join(member, hello, proof)

    def _turn_away(self, error: BaseException) -> None:
        """Refuse the client for what `on_connect` raised."""
        if isinstance(error, Denied):
            self._connection.refuse(error)
            return
        note("on_connect", error, self._connection.host.limiter)
        self._connection.refuse(
            Denied("the server's program turned the client away")
        )

    def _join(
        self, member: Member, hello: Hello, proof: dict[str, str]
    ) -> None:
        """The one moment that counts, in one step of the loop."""
        self._deadline.cancel()
        connection = self._connection
        host, door = connection.host, connection.door
        hears_all = hello.role == "member" and connection.rights.may("receive")
        snapshot: bytes | None = None
        kept: list[Kept] = []
        missed: int | None = None
        if hears_all:
            snapshot = self._snapshot(member)
            if connection.ended:
                return  # the program has let it go just there
            if snapshot is None:
                kept, missed = host.voice.preface(hello.since, door.lane_index)
            elif hello.since is not None:
                missed = max(0, host.voice.seq - hello.since)
        welcoming = b""
        if not door.pipeline.plain:
            joined = Joined(
                client_id=member.id,
                kept=len(kept),
                can_send=connection.may_send(),
                seq=host.voice.seq,
                missed=missed,
                proof=proof,
            )
            welcoming = line(joined)
        presence = Presence(connection, member)
        connection.joined(presence)
        if hello.role == "member":
            host.registry.join(member)
            door.lane.take(member.seat, hears_all=hears_all)
        # A client in another thread may ask who is here as soon as it knows
        # that it has joined: it is told last.
        connection.greet(welcoming, snapshot)
        connection.preface(kept)
        member.seat.held = False
        member.seat.flush()
        host.joined(connection)
        if door.pipeline.plain:
            connection.resume_reading()
            if self._early and not connection.ended:
                presence.read(self._early)

    def _snapshot(self, member: Member) -> bytes | None:
        """The application's first message for this newcomer, encoded."""
        host = self._connection.host
        handler = host.handlers.snapshot
        if handler is None:
            return None
        try:
            for _ in range(SNAPSHOT_TRIES):
                host.voice.catch_up()
                data = handler(member.info())
                if not host.voice.is_behind:
                    break
            if data is None:
                return None
            return self._connection.encode(host.voice.messages.make(data))
        except Exception as error:
            note("snapshot", error, host.limiter)
            return None
