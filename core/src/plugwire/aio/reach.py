"""How a client gets to its server: which door, by what, one attempt."""

from __future__ import annotations

from collections.abc import Container

from plugwire.aio.dial import dial
from plugwire.aio.link import Holder, Link
from plugwire.choice import Choice, choose
from plugwire.compose import compose_client
from plugwire.handshake import ClientHandshake, Role
from plugwire.interfaces import Peer
from plugwire.message import MessageType
from plugwire.pipeline import ClientPipeline
from plugwire.settings import Settings


class Reach:
    """Finds the door anew for each attempt, since a restarted server may
    have another port, and composes where door, transport or codec differ
    from the last time."""

    def __init__(
        self,
        event: str,
        settings: Settings,
        door: str | None,
        role: Role,
        types: Container[MessageType],
    ) -> None:
        self._event = event
        self._settings = settings
        self._door = door
        self._role: Role = role
        self._types = types
        self._choice: Choice | None = None
        self.pipeline: ClientPipeline | None = None

    @property
    def address(self) -> str:
        """Where the last attempt went, for people."""
        if self.pipeline is None:
            return self._event
        return f"{self.pipeline.transport}:{self.pipeline.connector.address}"

    async def attempt(
        self,
        holder: Holder,
        session: str | None,
        known: tuple[str, int] | None,
    ) -> Link:
        """Connect and shake hands; the link has joined when this returns.

        Raises `ConnectionFailed`, `ConnectionClosed`, `Refused`,
        `MessageError`, and what composing raises. Cancelling it leaves
        nothing open.
        """
        choice = choose(self._event, self._settings, self._door)
        pipeline = self._compose(choice)

        def make(peer: Peer) -> Link:
            handshake = ClientHandshake(
                event=self._event,
                codec=pipeline.format,
                extensions=pipeline.extensions,
                gates=pipeline.gates,
                peer=peer,
                role=self._role,
                session=session,
                known=known,
            )
            return Link(holder, handshake, pipeline.decoder, self._types)

        link = await dial(pipeline.connector, make, choice.told)
        try:
            await link.joined
        except BaseException:
            link.abort()
            raise
        return link

    def _compose(self, choice: Choice) -> ClientPipeline:
        last = self._choice
        self._choice = choice
        if self.pipeline is None or last is None or last.way != choice.way:
            self.pipeline = compose_client(
                self._event,
                self._settings,
                door=choice.door,
                endpoint=choice.endpoint,
                transport=choice.transport,
                codec=choice.codec,
            )
        return self.pipeline
