"""What authors get wrong, each refused by both type checkers, in the lines
that say so and in no others: `check.py` compares them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plugwire import Client, ClientInfo, Message, Server, hookimpl
from plugwire.hookspecs import (
    CodecPlugin,
    ExtensionPlugin,
    PermissionPlugin,
    QueuePlugin,
    TransportPlugin,
)
from plugwire.interfaces import (
    ALLOW,
    Check,
    Decoder,
    DecoderFactory,
    Deny,
    Encoder,
    Gate,
    Kept,
    Layers,
    Peer,
    Queue,
    Subject,
    Verb,
    Verdict,
)


class Coder:
    """As a codec should have it, for those that are wrong elsewhere."""

    format = "good"
    lines = True

    def encode(self, message: Message) -> bytes:
        return message.event_name.encode()

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        return b"".join(bodies)

    def feed(self, data: bytes) -> list[Message]:
        return []


class WithoutFormat:
    lines = True

    def encode(self, message: Message) -> bytes:
        return b""

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        return b""


class EncodesText:
    format = "text"
    lines = True

    def encode(self, message: Message) -> str:
        return message.event_name

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        return b""


class EncodesLater:
    format = "later"
    lines = True

    async def encode(self, message: Message) -> bytes:
        await asyncio.sleep(0)
        return b""

    def frame(self, bodies: Sequence[bytes]) -> bytes:
        return b""


class FeedsOne:
    def feed(self, data: bytes) -> Message | None:
        return None


# -------------------------------------- what a marked method must not give


class HandsOverText:
    @hookimpl  # WRONG: a hook hands over an object, no text
    def encode(self) -> str:
        return "utf-8"


class HandsOverNothing:
    @hookimpl  # WRONG: a hook hands over an object
    def decode(self) -> None:
        return


class HandsOverLater:
    @hookimpl  # WRONG: hooks are plain functions
    async def encode(self) -> Encoder:
        await asyncio.sleep(0)
        return Coder()


class HandsOverAWrongEncoder:
    @hookimpl  # WRONG: it has no format
    def encode(self) -> WithoutFormat:
        return WithoutFormat()


class WantsToBeFirst:
    @hookimpl(tryfirst=True)  # WRONG: the configuration has the order
    def encode(self) -> Encoder:
        return Coder()


# ------------------------------------------------- what is no whole plugin


class OnlyEncodes:
    @hookimpl
    def encode(self) -> Encoder:
        return Coder()


class Misspelt:
    @hookimpl
    def bnid(self) -> Queue:
        raise NotImplementedError

    @hookimpl
    def connect(self) -> Queue:
        raise NotImplementedError


class Swapped:
    """The decoder where the encoder belongs."""

    @hookimpl
    def encode(self) -> DecoderFactory:
        return Coder

    @hookimpl
    def decode(self) -> Encoder:
        return Coder()


class GivesADecoder:
    """One for all connections, where each has its own."""

    @hookimpl
    def encode(self) -> Encoder:
        return Coder()

    def decode(self) -> Decoder:
        return Coder()


class Wraps:
    def wrap(self, layers: Layers) -> Encoder:
        return layers.encoder


codec_1: type[CodecPlugin] = OnlyEncodes  # WRONG: it does not decode
codec_2: type[CodecPlugin] = Swapped  # WRONG: each gives the other's
codec_3: type[CodecPlugin] = GivesADecoder  # WRONG: a factory is wanted
transport_1: type[TransportPlugin] = Misspelt  # WRONG: bnid is no hook
transport_2: type[TransportPlugin] = OnlyEncodes  # WRONG: it is a codec
queue_1: type[QueuePlugin] = OnlyEncodes  # WRONG: it is a codec
extension_1: type[ExtensionPlugin] = Wraps  # WRONG: all layers are wanted
permission_1: type[PermissionPlugin] = OnlyEncodes  # WRONG: it is a codec


# --------------------------------------------------- what is handed over


def allows(peer: Peer, verb: Verb, subject: Subject) -> bool:
    return peer.uid == 0


def decides(peer: Peer, verb: Verb) -> Verdict | Deny:
    return ALLOW


class ForgetsToPrepare:
    name = "forgets"
    needs_proof = False

    def admit(
        self, peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str | None:
        return None


class LosesCount:
    def wants(self, joined: int) -> bool:
        return True

    def offer(self, item: Kept, joined: int) -> None:
        return


class Opens:
    address = "x"
    shared = True

    def open(self, backlog: int) -> socket.socket:
        return socket.socket()


encoder_1: Encoder = EncodesText()  # WRONG: a body is bytes
encoder_2: Encoder = EncodesLater()  # WRONG: no coroutine
factory_1: DecoderFactory = FeedsOne  # WRONG: feed gives a list
check_1: Check = allows  # WRONG: True is no ALLOW
check_2: Check = decides  # WRONG: it has to take the subject
gate_1: Gate = ForgetsToPrepare()  # WRONG: no prepare, prove, confirm
queue_2: Queue = LosesCount()  # WRONG: offer says how many were lost
deny_1: Verdict | Deny = Deny()  # WRONG: a no has its reason
verb_1: Verb = "recieve"  # WRONG: there is no such act
layers_1 = Layers(encoder=Coder())  # WRONG: there is a decoder too


class HandsOverOneSocket:
    @hookimpl  # WRONG: open gives a list of sockets
    def bind(self) -> Opens:
        return Opens()


# --------------------------------------------------------------- handlers


def handlers(server: Server, client: Client) -> None:
    @server.on_message  # WRONG: a handler takes the message too
    def heard(who: ClientInfo) -> None:
        return

    @server.on_connect  # WRONG: a client is no number
    def came(who: int) -> None:
        return

    @server.snapshot  # WRONG: a message's data is a mapping
    def state(who: ClientInfo) -> list[int]:
        return []

    @client.on_gap  # WRONG: nobody may know how many
    def lost(away: Client, missed: int) -> None:
        return

    server.broadcast({"a": 1}, exclude=5)  # WRONG: several are excluded
    print(heard, came, state, lost)


async def programs(client: Client) -> None:
    answer: Message = client.request({})  # WRONG: it is to be awaited
    late: Callable[[], int] = client.receive  # WRONG: it gives a message
    print(answer, late)
