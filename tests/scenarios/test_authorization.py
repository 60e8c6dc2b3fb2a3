"""Permissions that fail, in every way they can: all of it is a no.

One permission, a gate and a check, is in order but for one of its answers.
Whatever that is, the peer gets nothing of what was asked for, is told so,
and the server goes on: once the permission is in order again, so is the rest.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent import futures
from typing import Any

import pytest
from worlds import World

from plugwire import Denied, Refused, hookimpl
from plugwire.interfaces import ALLOW, Deny


class Waits:
    """Something to be awaited, which nobody ever does."""

    def __await__(self) -> Any:
        yield


def raising(error: BaseException) -> Callable[[], Any]:
    def fault() -> Any:
        raise error

    return fault


RAISED: dict[str, Callable[[], Any]] = {
    "raise": raising(OSError("the disk is gone")),
    "cancel": raising(asyncio.CancelledError()),
    "cancelled elsewhere": raising(futures.CancelledError()),
    "time-out": raising(TimeoutError()),
    "no more": raising(StopIteration()),
    "not true": raising(AssertionError()),
    "deep": raising(RecursionError()),
}
WRONG: dict[str, Callable[[], Any]] = {
    "empty tuple": lambda: (),
    "empty list": list,
    "empty dict": dict,
    "true": lambda: True,
    "false": lambda: False,
    "one": lambda: 1,
    "bytes": lambda: b"proof",
    "deny": lambda: Deny("not today"),
    "a class": lambda: Deny,
    "to be awaited": Waits,
    "object": object,
}
GATE = {**RAISED, **WRONG, "allow": lambda: ALLOW}
CHECK = {**RAISED, **WRONG, "none": lambda: None, "empty": lambda: "",
         "a word": lambda: "allow", "listed": lambda: [ALLOW]}  # fmt: skip


class Guard:
    """A gate and a check that let everyone in and allow everything, but for
    one of their acts, which answers as `fault` does."""

    name = "guard"
    needs_proof = False

    def __init__(self) -> None:
        self.act = ""
        self.fault: Callable[[], Any] = lambda: None

    def breaks(self, act: str, fault: Callable[[], Any]) -> None:
        self.act, self.fault = act, fault

    def mend(self) -> None:
        self.act = ""

    def _answer(self, act: str, usual: Any) -> Any:
        return self.fault() if act == self.act else usual

    @hookimpl
    def accept(self) -> Any:
        return self

    @hookimpl
    def authorize(self) -> Any:
        return self.check

    def prepare(self) -> None: ...

    def admit(self, *_: Any) -> Any:
        return self._answer("admit", None)

    def prove(self, *_: Any) -> Any:
        return self._answer("prove", None)

    def confirm(self, *_: Any) -> Any:
        return self._answer("confirm", None)

    def check(self, peer: Any, verb: str, subject: Any) -> Any:
        return self._answer(verb, ALLOW)


class Scene:
    """A server behind a guard, and what it heard."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.guard, self.clients = Guard(), Guard()
        self.heard: list[dict[str, Any]] = []
        self.server = world.server(permissions=(self.guard,), queue="none")

        @self.server.on_message
        def _(client: Any, message: Any) -> dict[str, Any]:
            self.heard.append(message.data)
            return {"heard": len(self.heard)}

    def client(self, **changed: Any) -> Any:
        return self.world.client(
            permissions=(self.clients,), reconnect=False, **changed
        )

    async def all_is_well(self) -> None:
        """Mended, the server serves as ever."""
        self.guard.mend()
        self.clients.mend()
        async with self.client() as client:
            before = len(self.heard)
            answer = await client.request({"well": True})
            assert answer.data == {"heard": before + 1}
            assert self.server.broadcast({"i": 1}) == 1
            (message,) = await self.world.take(client, 1)
            assert message.data == {"i": 1}


@pytest.fixture
def scene(unix_world: World) -> Scene:
    return Scene(unix_world)


@pytest.mark.parametrize("fault", GATE)
async def test_a_server_whose_gate_fails_lets_nobody_in(
    scene: Scene, fault: str
) -> None:
    async with scene.server:
        scene.guard.breaks("admit", GATE[fault])
        with pytest.raises(Denied):
            await scene.client().connect()
        assert not scene.server.clients
        await scene.all_is_well()


@pytest.mark.parametrize("act", ["prove", "confirm"])
@pytest.mark.parametrize("fault", GATE)
async def test_a_client_whose_gate_fails_joins_nobody(
    scene: Scene, act: str, fault: str
) -> None:
    async with scene.server:
        scene.clients.breaks(act, GATE[fault])
        client = scene.client()
        with pytest.raises(Denied):
            await client.connect()
        assert not client.connected
        await scene.world.until(lambda: not scene.server.clients)
        assert not client.buffered
        await scene.all_is_well()


@pytest.mark.parametrize("fault", CHECK)
async def test_a_check_that_fails_lets_nobody_connect(
    scene: Scene, fault: str
) -> None:
    async with scene.server:
        scene.guard.breaks("connect", CHECK[fault])
        with pytest.raises(Denied):
            await scene.client().connect()
        assert not scene.server.clients
        await scene.all_is_well()


@pytest.mark.parametrize("fault", CHECK)
async def test_a_check_that_fails_lets_nobody_receive(
    scene: Scene, fault: str
) -> None:
    async with scene.server:
        scene.guard.breaks("receive", CHECK[fault])
        async with scene.client() as client:
            assert scene.server.broadcast({"i": 0}) == 0
            with pytest.raises(Denied):
                scene.server.send(client.client_id, {"i": 0})
            await client.request({"are you": "there"})
            assert not client.buffered
        await scene.all_is_well()


@pytest.mark.parametrize("fault", CHECK)
async def test_a_check_that_fails_behind_on_connect_lets_nobody_receive(
    scene: Scene, fault: str
) -> None:
    """The check is asked in the task of the handler there."""

    async def greet(client: Any) -> None: ...

    scene.server.on_connect(greet)
    async with scene.server:
        scene.guard.breaks("receive", CHECK[fault])
        async with scene.client() as client:
            assert scene.server.broadcast({"i": 0}) == 0
            assert client.connected
        await scene.all_is_well()


@pytest.mark.parametrize("fault", CHECK)
async def test_a_check_that_fails_lets_nobody_send(
    scene: Scene, fault: str
) -> None:
    async with scene.server:
        async with scene.client() as client:
            scene.guard.breaks("send", CHECK[fault])
            await client.send({"i": 0})
            assert (await client.request({"i": 1})).data == {"heard": 1}
            assert scene.heard == [{"i": 1}]
            (told,) = await scene.world.take(client, 1)
            assert told.message_type == "error"
        await scene.all_is_well()


@pytest.mark.parametrize("fault", CHECK)
async def test_a_check_that_fails_says_so_to_who_joins(
    scene: Scene, fault: str
) -> None:
    async with scene.server:
        scene.guard.breaks("send", CHECK[fault])
        async with scene.client() as client:
            assert not client.can_send
            with pytest.raises(Denied):
                await client.send({"i": 0})
        assert scene.heard == []
        await scene.all_is_well()


@pytest.mark.parametrize("fault", CHECK)
async def test_a_check_that_fails_lets_nobody_request(
    scene: Scene, fault: str
) -> None:
    async with scene.server:
        async with scene.client() as client:
            scene.guard.breaks("request", CHECK[fault])
            with pytest.raises(Denied):
                await client.request({"i": 0})
            assert scene.heard == []
        await scene.all_is_well()


@pytest.mark.parametrize("fault", CHECK)
async def test_a_check_that_fails_lets_nobody_attach(
    scene: Scene, fault: str
) -> None:
    async with scene.server:
        async with scene.client() as client:
            scene.guard.breaks("attach", CHECK[fault])
            with pytest.raises(Denied):
                await client.attach("room")
            assert scene.server.clients_in("room") == ()
            assert scene.server.broadcast({"i": 0}, session="room") == 0
        await scene.all_is_well()


@pytest.mark.parametrize("role", ["control", "member"])
@pytest.mark.parametrize("fault", CHECK)
async def test_a_check_that_fails_refuses_a_hello_that_asks_for_more(
    scene: Scene, role: str, fault: str
) -> None:
    """The role control, and a session that is there from the start."""
    async with scene.server:
        asked = "control" if role == "control" else "attach"
        scene.guard.breaks(asked, CHECK[fault])
        async with scene.world.raw(scene.server) as peer:
            assert (await peer.line())["plugwire"] == 1
            await peer.say(
                b'{"plugwire": 1, "session": "room", "role": "%s"}\n'
                % role.encode()
            )
            told = await peer.line()
            assert told["kind"] == "denied"
            assert told["refused"]
            assert await peer.rest() == b""
        assert scene.server.clients_in("room") == ()
        await scene.all_is_well()


@pytest.mark.parametrize("role", ["member", "sender", "control"])
@pytest.mark.parametrize("session", ["", "*", "../room", "a b", "x" * 65])
async def test_no_gate_and_no_check_sees_a_session_that_is_none(
    scene: Scene, role: str, session: str
) -> None:
    asked: list[str] = []
    for act in ("admit", "connect", "attach", "control"):
        scene.guard.breaks(act, lambda: asked.append("a plugin"))
        async with scene.server, scene.world.raw(scene.server) as peer:
            await peer.line()
            hello = {"plugwire": 1, "session": session, "role": role}
            await peer.say(json.dumps(hello).encode() + b"\n")
            told = await peer.line()
            assert told["kind"] == "protocol"
            assert await peer.rest() == b""
    assert asked == []


@pytest.mark.parametrize("fault", RAISED)
async def test_an_on_connect_that_fails_lets_nobody_in(
    scene: Scene, fault: str
) -> None:
    broken = True

    def greet(client: Any) -> None:
        if broken:
            RAISED[fault]()

    scene.server.on_connect(greet)
    async with scene.server:
        with pytest.raises(Refused):
            await scene.client().connect()
        await scene.world.until(lambda: not scene.server.clients)
        broken = False
        await scene.all_is_well()


async def test_an_on_connect_that_never_ends_lets_nobody_in(
    unix_world: World,
) -> None:
    release = unix_world.Event()
    server = unix_world.server(handshake_timeout=0.05)

    @server.on_connect
    async def _(client: Any) -> None:
        await release.wait()

    async with server:
        client = unix_world.client(default_timeout=0.5, reconnect=False)
        with pytest.raises(Exception, match="handshake_timeout"):
            await client.connect()
        assert not server.clients
        release.set()
