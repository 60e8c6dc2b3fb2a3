"""Other processes: whether they reach it, who they are, and their crashes."""

from __future__ import annotations

import os
from typing import Any

from plugwire.interfaces import Peer
from plugwire.testing.pipes import take, until
from plugwire.testing.transport.base import Rig, TransportBase, refused
from plugwire.testing.transport.ends import call
from plugwire.testing.transport.posts import posted
from plugwire.testing.transport.second import second

SOON = {"reconnect": True, "reconnect_delay": 0.01}


class Processes(TransportBase):
    """A second process connects, serves, and is killed."""

    def test_processes_says_who_reaches_it(self, rig: Rig) -> None:
        """The kit starts a second process and has it connect."""

        async def reached() -> bool:
            async with posted(rig.listener()) as post:
                told = post.listener.address
                async with second(rig, "dial", told) as other:
                    said = await other.says()
                    failed = said.get("failed")
                    assert failed in (None, "ConnectionFailed"), said
                    return failed is None

        self.claimed(
            "processes",
            present=self.run(reached()),
            shown="a second process connected",
        )

    def test_shared_says_who_reaches_it(self, rig: Rig) -> None:
        """Where others can, the event is locked and its doors are told."""
        shared = rig.listener().shared
        wanted = "processes" in self.capabilities
        assert shared is wanted, (
            f"expected shared to be {wanted}, for the capability processes "
            f"is {'' if wanted else 'not '}claimed; found {shared}"
        )

    def test_bytes_cross_processes(self, rig: Rig) -> None:
        """There and back, more than any buffer holds."""
        self.need("processes")

        async def check() -> None:
            data = os.urandom(1 << 20)
            async with posted(rig.listener()) as post:
                told = post.listener.address
                async with second(rig, "dial", told) as other:
                    far = await post.next()
                    far.transport.write(data)
                    assert await far.read(len(data)) == data
                    assert set((await other.says())["peer"])

        self.run(check())

    def test_a_client_of_another_process_is_who_it_is(self, rig: Rig) -> None:
        """Its pid is its own, not this process's."""
        self.need("processes")
        self.need("identity")

        async def check() -> None:
            async with posted(rig.listener()) as post:
                told = post.listener.address
                async with second(rig, "dial", told) as other:
                    await other.says()
                    far = await post.next()
                    _check_identity(far.peer, other.pid)

        self.run(check())

    def test_a_server_in_another_process_is_who_it_is(self, rig: Rig) -> None:
        """And a client here knows it, before it says a word."""
        self.need("processes")
        self.need("identity")

        async def check() -> None:
            async with second(rig, "listen") as other:
                told = (await other.says())["address"]
                near = await call(rig.connector(), told)
                _check_identity(near.peer, other.pid)

        self.run(check())

    def test_a_peer_without_identity_is_nobody(self, rig: Rig) -> None:
        """What the kernel does not say is None: a guess is a hole."""
        self.need("processes")
        if "identity" in self.capabilities:
            return

        async def check() -> None:
            async with posted(rig.listener()) as post:
                told = post.listener.address
                async with second(rig, "dial", told) as other:
                    there = (await other.says())["peer"]
                    here = _facts((await post.next()).peer)
                    for found in (there, here):
                        assert set(found.values()) == {None}, (
                            f"expected None for each, found {found}"
                        )

        self.run(check())

    def test_a_client_that_is_killed_is_missed(self, rig: Rig) -> None:
        """A crash says nothing; the server learns it nonetheless."""
        self.need("processes")

        async def check() -> None:
            async with posted(rig.listener()) as post:
                told = post.listener.address
                async with second(rig, "dial", told) as other:
                    await other.says()
                    far = await post.next()
                    await other.kill()
                    await far.end()

        self.run(check())

    def test_a_server_that_is_killed_is_missed(self, rig: Rig) -> None:
        """Its clients learn it at once, and begin to try again."""
        self.need("processes")

        async def check() -> None:
            async with second(rig, "listen") as other:
                told = (await other.says())["address"]
                near = await call(rig.connector(), told)
                await other.says()
                await other.kill()
                await near.end()

        self.run(check())

    def test_what_a_crash_left_is_no_obstacle(self, rig: Rig) -> None:
        """A server that was killed starts again without a clean-up."""
        self.need("processes")

        async def check() -> None:
            async with second(rig, "listen") as other:
                await other.says()
                await other.kill()
            async with posted(rig.listener()) as post:
                await rig.call(post)

        self.run(check())

    def test_what_a_crash_left_answers_nobody(self, rig: Rig) -> None:
        """A client finds nobody, and is told so, not left to wait."""
        self.need("processes")

        async def check() -> None:
            async with second(rig, "listen") as other:
                told = (await other.says())["address"]
                await other.kill()
            await self.unreached(rig, told)

        self.run(check())

    def test_a_crash_amidst_connections_is_no_obstacle(self, rig: Rig) -> None:
        """Clients that are still there keep nobody from starting."""
        self.need("processes")

        async def check() -> None:
            async with second(rig, "listen") as other:
                told = (await other.says())["address"]
                nears = [await call(rig.connector(), told) for _ in range(3)]
                for _ in nears:
                    await other.says()
                await other.kill()
            async with posted(rig.listener()) as post:
                await rig.call(post)

        self.run(check())

    def test_a_second_one_in_another_process_is_refused(
        self, rig: Rig
    ) -> None:
        """And the one that lives is unharmed."""
        self.need("processes")
        self.need("exclusive")

        async def check() -> None:
            async with second(rig, "listen") as other:
                told = (await other.says())["address"]
                await refused(rig)
                near = await call(rig.connector(), told)
                near.transport.write(b"still there")
                assert await near.read(11) == b"still there"

        self.run(check())

    def test_a_whole_client_in_another_process(self, rig: Rig) -> None:
        """It joins, asks and hears, by the name of the event alone."""
        self.need("processes")

        async def check() -> None:
            server = rig.pipes.server(transport=rig.make())
            server.on_message(_same)
            async with server, second(rig, "join") as other:
                assert await other.says() == {"answer": {"question": "who?"}}
                server.broadcast({"text": "hello"})
                assert await other.says() == {"heard": {"text": "hello"}}

        self.run(check())

    def test_a_whole_server_in_another_process(self, rig: Rig) -> None:
        """It answers, and its broadcasts arrive."""
        self.need("processes")

        async def check() -> None:
            async with second(rig, "serve") as other:
                await other.says()
                async with rig.pipes.client(transport=rig.make()) as client:
                    answer = await client.request({"number": 1})
                    assert answer.data == {"number": 1}
                    other.tell("from afar")
                    [heard] = await take(client, 1)
                    assert heard.data == {"text": "from afar"}

        self.run(check())

    def test_a_client_finds_the_server_after_a_crash(self, rig: Rig) -> None:
        """The server is killed; the next one serves the same client."""
        self.need("processes")

        async def check() -> None:
            client = rig.pipes.client(transport=rig.make(), **SOON)
            try:
                async with second(rig, "serve") as other:
                    await other.says()
                    await client.connect()
                    await other.kill()
                async with rig.pipes.server(transport=rig.make()) as server:
                    await until(lambda: server.has_clients)
                    server.broadcast({"text": "again"})
                    [heard] = await take(client, 1)
                    assert heard.data == {"text": "again"}
            finally:
                await client.disconnect()

        self.run(check())


def _same(_client: Any, message: Any) -> dict[str, Any]:
    return dict(message.data)


def _facts(peer: Any) -> dict[str, Any]:
    return {name: getattr(peer, name) for name in ("uid", "gid", "pid")}


def _check_identity(peer: Peer, pid: int) -> None:
    wanted = {"uid": os.geteuid(), "gid": os.getegid(), "pid": pid}
    found = _facts(peer)
    assert found == wanted, f"expected {wanted}, found {found}"
