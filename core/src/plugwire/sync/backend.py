"""What stands behind a blocking client, and what it tells the client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from msgspec import Struct

from plugwire.message import Message, MessageType
from plugwire.protocol import ServerFacts


def nothing(*_: object) -> None:
    """What is called where the application registered nothing."""


class Callbacks(Struct):
    """What the application wants to hear of. A backend looks here each time
    that it has something to tell."""

    on_reconnect: Callable[[], object] = nothing
    on_gap: Callable[[int | None], object] = nothing
    on_disconnect: Callable[[str], object] = nothing


class Backend(Protocol):
    """A blocking client's doing, one for each kind of transport; what the
    methods promise stands at those of `Client`. Any thread may call them."""

    def connect(self) -> None:
        """See `Client.connect`."""

    def disconnect(self) -> None:
        """See `Client.disconnect`."""

    @property
    def connected(self) -> bool:
        """See `Client.connected`."""

    @property
    def left(self) -> bool:
        """Whether `disconnect` is why nothing more comes."""

    @property
    def client_id(self) -> int | None:
        """See `Client.client_id`."""

    @property
    def can_send(self) -> bool:
        """See `Client.can_send`."""

    @property
    def server(self) -> ServerFacts | None:
        """See `Client.server`."""

    @property
    def buffered(self) -> int:
        """See `Client.buffered`."""

    @property
    def missed(self) -> int | None:
        """See `Client.missed`."""

    def receive(self, *, timeout: float | None = None) -> Message:
        """See `Client.receive`."""

    def iterate(self) -> Iterator[Message]:
        """See `Client.__iter__`."""

    def send(self, data: Mapping[str, Any], message_type: MessageType) -> None:
        """See `Client.send`."""

    def request(
        self, data: Mapping[str, Any], *, timeout: float | None = None
    ) -> Message:
        """See `Client.request`."""

    def flush(self) -> None:
        """See `Client.flush`."""

    def attach(self, session: str) -> None:
        """See `Client.attach`."""

    def detach(self) -> None:
        """See `Client.detach`."""
