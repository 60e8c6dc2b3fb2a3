"""docs/troubleshooting.md quotes what the code says: each text is made to
happen."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from plugwire import Client, PlugwireError, Server

PAGE = "docs/troubleshooting.md"
SHORT = 0.3  # seconds for a client to try, as the page has it
RULES = {"allow": [{"who": "*", "verbs": ["connect", "receive"]}]}


class Scene:
    """A folder to serve in, and the errors that were met."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.found: list[str] = []

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "socket_dir": str(self.folder),
            "default_timeout": SHORT,
        } | more

    def server(self, event: str = "load", **more: Any) -> Server:
        return Server(event, **self.settings(**more))

    def client(self, event: str = "load", door: str | None = None, **more):
        return Client(event, door=door, **self.settings(**more))

    async def meet(
        self, act: Callable[[], Awaitable[object]] | Callable[[], object]
    ) -> None:
        try:
            result = act()
            if asyncio.iscoroutine(result):
                await result
        except PlugwireError as error:
            self.found.append(str(error))
        else:
            raise AssertionError("nothing was raised")

    async def connect(self, *args: Any, **more: Any) -> None:
        await self.meet(lambda: self.client(*args, **more).connect())

    async def start(self, *args: Any, **more: Any) -> None:
        await self.meet(lambda: self.server(*args, **more).start())


async def absent(scene: Scene) -> None:
    await scene.connect()
    await scene.connect(transport="tcp")
    memory = scene.client(transport="memory")
    await scene.meet(memory.connect)
    scene.found[-1] = scene.found[-1].partition("(default_timeout): ")[2]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        await scene.connect(transport="tcp", tcp={"port": port})


async def configured(scene: Scene) -> None:
    await scene.start(codce="json")
    await scene.start(codec="yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUGWIRE_DISABLE", "json")
        await scene.start(codec="json")
    await scene.start(transport="tcp", tcp={"host": "0.0.0.0"})
    await scene.start(permissions=["rules"])
    await scene.start(plain=True, codec="json", transport="tcp")


async def blocked(scene: Scene) -> None:
    (scene.folder / "file.sock").write_text("mine")
    await scene.start("file")
    scene.folder.chmod(0o777)
    await scene.start()
    scene.folder.chmod(0o700)
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        await scene.start(transport="tcp", tcp={"port": port})
        scene.found[-1] = scene.found[-1].replace(str(port), "9000")


async def running(scene: Scene) -> None:
    async with scene.server(max_connections=1) as server:
        await scene.start()
        await scene.connect(codec="json")
        await scene.connect(door="nope")
        await scene.meet(lambda: server.broadcast({"a": object()}))
        wrong: Any = [1]
        await scene.meet(lambda: server.broadcast(wrong))
        await scene.meet(lambda: server.broadcast({"a": "x" * (1 << 20)}))
        await scene.meet(lambda: server.send(9, {}))
        async with scene.client() as client:
            await scene.connect()
            await scene.meet(lambda: client.request({}))
            lost = asyncio.Event()
            client.on_disconnect(lambda client, reason: lost.set())
            await server.stop()
            await lost.wait()
            await scene.meet(lambda: client.send({}))
        await scene.meet(lambda: server.broadcast({}))
    async with scene.server(listen={"a": {"plain": True, "codec": "json"}}):
        await scene.connect(door="a")


async def unwanted(scene: Scene) -> None:
    permissions = {"permissions": ["peer", "rules"], "rules": RULES}
    async with scene.server(**permissions), scene.client() as client:
        await scene.meet(lambda: client.attach("x"))
        await scene.meet(lambda: client.send({}))
    async with scene.server() as server:

        @server.on_connect
        def never(client: object) -> None:
            raise ValueError("not today")

        await scene.connect()


async def untrusted(scene: Scene) -> None:
    async with scene.server(transport="tcp") as server:
        port = int(server.addresses["main"].rpartition(":")[2])
        there = {"transport": "tcp", "tcp": {"port": port}}
        await scene.connect("other", **there)
        stranger = Scene(scene.folder / "other")
        stranger.folder.mkdir(mode=0o700)
        token = stranger.folder / "token"
        await stranger.connect(**there)
        token.write_text("0" * 32 + "\n")
        token.chmod(0o600)
        await stranger.connect(**there)
        token.chmod(0o644)
        await stranger.connect(**there)
        scene.found += [
            text.replace(str(stranger.folder), str(scene.folder))
            for text in stranger.found
        ]


def usual(text: str, folder: Path) -> str:
    """`text` with the page's folder, pid and user."""
    text = text.replace(str(folder), "/run/user/1000/plugwire")
    text = text.replace(f"uid {os.geteuid()}", "uid 1000")
    text = re.sub(
        rf"pid {os.getpid()} \([^)]+\) \(", "pid 4711 (daemon) (", text
    )
    return text.replace(f"pid {os.getpid()}", "pid 4711")


@pytest.mark.parametrize(
    "happen", [absent, blocked, configured, running, unwanted, untrusted]
)
async def test_what_happens_is_on_the_page(
    happen: Callable[[Scene], Awaitable[None]], page, place: Path
) -> None:
    scene = Scene(place)
    await happen(scene)
    found = {usual(text, place) for text in scene.found}
    assert found - quoted(page) == set()


async def test_nothing_is_on_the_page_that_does_not_happen(
    page, place: Path
) -> None:
    found = set()
    for act in (absent, blocked, configured, running, unwanted, untrusted):
        folder = place / act.__name__
        folder.mkdir(mode=0o700)
        scene = Scene(folder)
        await act(scene)
        found |= {usual(text, folder) for text in scene.found}
    assert quoted(page) - found == set()


def quoted(page: Callable[[str], list[Any]]) -> set[str]:
    blocks = [b.text for b in page(PAGE) if b.language == "text"]
    return {line for block in blocks for line in block.splitlines()}


def test_the_reasons_of_the_log_are_the_codes() -> None:
    root = Path(__file__).parents[2]
    text = (root / PAGE).read_text("utf-8")
    code = (root / "core/src/plugwire/aio/connection.py").read_text("utf-8")
    for reason in (
        "it did not keep up: its outbox is full (lag)",
        "it took nothing for lag_grace (lag)",
    ):
        assert reason in text
        assert reason in code
