"""Lines of JSON to messages, trusting nothing."""

from __future__ import annotations

import msgspec

from plugwire.errors import MessageError
from plugwire.framing import LineSplitter
from plugwire.message import Message
from plugwire.values import check_received, check_received_name


class JsonDecoder:
    """Decodes the lines of one connection, straight into messages."""

    __slots__ = ("_name", "_split")

    def __init__(self, max_message_bytes: int) -> None:
        self._split = LineSplitter(max_message_bytes).feed
        self._name: str | None = None

    def feed(self, data: bytes) -> list[Message]:
        """The messages of the lines that `data` completes, in order.

        Raises `MessageError` for a line that is no message; the decoder is
        of no use then.
        """
        return [self._line(line) for line in self._split(data)]

    def _line(self, line: bytes) -> Message:
        try:
            message = _decode(line)
        except _MALFORMED as error:
            raise MessageError(f"no message: {error!s:.200}") from None
        if message.event_name != self._name:
            self._name = check_received_name(message.event_name)
        check_received(message.data)
        if message.kept:
            return msgspec.structs.replace(message, kept=False)
        return message


_decode = msgspec.json.Decoder(Message).decode
_MALFORMED = (ValueError, RecursionError, MemoryError)
