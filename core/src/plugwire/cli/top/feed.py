"""The event itself, from the wire into the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from plugwire.aio.client import Client
from plugwire.cli.top.model import Model
from plugwire.errors import PlugwireError
from plugwire.message import Message
from plugwire.protocol import Gap, Reply
from plugwire.settings import Settings


class Tally(Client):
    """A client that says how many bytes its messages took."""

    def __init__(
        self,
        event: str,
        *,
        door: str | None,
        settings: Settings,
        sized: Callable[[int], None],
    ) -> None:
        super().__init__(event, door=door, settings=settings)
        self._sized = sized

    def received(
        self,
        messages: list[Message],
        size: int,
        events: Sequence[Reply | Gap] = (),
    ) -> None:
        if messages:
            self._sized(size)
        super().received(messages, size, events)


async def listen(client: Client, model: Model) -> None:
    """Tell `model` all that `client` hears, until it is cancelled or the
    connection ends for good. Raises what the first attempt to connect
    raises; what ends it later is told to the model."""

    @client.on_disconnect
    def lost(_: Client, reason: str) -> None:
        if reason != "disconnected":
            model.away(reason)

    @client.on_reconnect
    def back(client: Client) -> None:
        _joined(client, model)

    @client.on_gap
    def gap(_: Client, missed: int | None) -> None:
        model.gap(missed)

    async with client:
        _joined(client, model)
        try:
            while True:
                model.received(await client.receive())
        except PlugwireError as error:
            model.ended(str(error))


def _joined(client: Client, model: Model) -> None:
    server: Any = client.server
    model.connected(server.door, server.codec, client.client_id)
