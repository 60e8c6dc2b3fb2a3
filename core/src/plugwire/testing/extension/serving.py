"""The extension in whole servers and clients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from plugwire.errors import Refused
from plugwire.handshake import HandshakeRefused
from plugwire.hookspecs import hookimpl
from plugwire.interfaces import ALLOW, Deny, Verdict
from plugwire.pipeline import shown
from plugwire.testing.companions import Welcoming
from plugwire.testing.extension.base import ExtensionBase
from plugwire.testing.pipes import Pipes, take
from plugwire.testing.suite import DEADLINE

TEXT = "again and again " * 5000
"""80 KB: more than one read."""


class Silenced:
    """A permission of which clients only listen."""

    @hookimpl
    def authorize(self) -> Any:
        """Its check."""

        def check(peer: Any, verb: str, subject: Any) -> Verdict | Deny:
            del peer, subject
            if verb in ("send", "request"):
                return Deny("only the kit speaks here")
            return ALLOW

        return check


class Serving(ExtensionBase):
    """What a user sees of it: nothing."""

    def test_what_is_said_is_heard(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> None:
        """Broadcasts, messages of a client, requests: all of it passes."""

        async def scenario() -> None:
            heard: list[Any] = []
            mine, theirs = self.make(section), self.make(section)
            server = pipes.server(extensions=(mine,))

            @server.on_message
            def answer(client: Any, message: Any) -> dict[str, Any]:
                del client
                heard.append(message.data)
                return {"twice": [message.data, message.data]}

            async with (
                server,
                pipes.client(extensions=(theirs,)) as client,
            ):
                for number in range(100):
                    server.broadcast({"n": number})
                server.broadcast({"text": TEXT})
                came = await take(client, 101)
                assert [m.data.get("n") for m in came[:100]] == [*range(100)]
                assert came[100].data == {"text": TEXT}
                await client.send({"up": TEXT})
                reply = await client.request({"question": 1})
                assert reply.data == {"twice": [{"question": 1}] * 2}
                assert heard == [{"up": TEXT}, {"question": 1}]

        self.run(scenario())

    def test_what_is_kept_is_handed_over(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> None:
        """What was said to nobody reaches the first who comes, in order,
        and before what is said from then on."""

        async def scenario() -> None:
            server = pipes.server(extensions=(self.make(section),))
            async with server:
                for number in range(50):
                    server.broadcast({"n": number})
                assert server.kept == 50, (
                    f"50 messages wait for a client; kept: {server.kept}"
                )
                own = self.make(section)
                async with pipes.client(extensions=(own,)) as client:
                    server.broadcast({"n": 50})
                    came = await take(client, 51)
                    assert [m.data["n"] for m in came] == [*range(51)]
                    assert [m.kept for m in came] == [True] * 50 + [False]
                assert server.kept == 0

        self.run(scenario())

    def test_who_may_not_speak_still_may_not(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> None:
        """A permission of the configuration decides, with you as without
        you."""

        async def scenario() -> None:
            guarded = (Welcoming(), Silenced())
            mine, theirs = self.make(section), self.make(section)
            async with (
                pipes.server(
                    extensions=(mine,), permissions=guarded
                ) as server,
                pipes.client(extensions=(theirs,)) as client,
            ):
                assert not client.can_send
                server.broadcast({"n": 1})
                (came,) = await take(client, 1)
                assert came.data == {"n": 1}

        self.run(scenario())

    def test_clients_come_and_go(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> None:
        """Each connection begins anew: nothing of the last one is left in
        the encoder that all of them share."""

        async def scenario() -> None:
            async with pipes.server(
                extensions=(self.make(section),)
            ) as server:
                for number in range(5):
                    own = self.make(section)
                    async with pipes.client(extensions=(own,)) as client:
                        server.broadcast({"n": number, "text": TEXT})
                        (came,) = await take(client, 1)
                        assert came.data == {"n": number, "text": TEXT}

        self.run(scenario())

    @pytest.mark.parametrize("has_it", ["server", "client"])
    def test_one_side_alone_is_refused_in_words(
        self, section: Mapping[str, Any], pipes: Pipes, has_it: str
    ) -> None:
        """What only one side can read must not be sent: the handshake names
        the extension. One that changes no bytes needs no other side."""
        own = self.make(section)
        mine = (own,) if has_it == "server" else ()
        theirs = (own,) if has_it == "client" else ()
        name = shown(own)

        async def scenario() -> None:
            async with pipes.server(extensions=mine) as server:
                client = pipes.client(extensions=theirs)
                if "changes_bytes" in self.capabilities:
                    with pytest.raises(HandshakeRefused) as refused:
                        async with client:
                            pass
                    error = refused.value
                    assert error.kind == "extensions", error.kind
                    assert name in error.reason, (
                        f"the refusal must name {name}; found {error}"
                    )
                    assert error.mend
                    return
                try:
                    async with client:
                        server.broadcast({"n": 1})
                        (came,) = await take(client, 1)
                        assert came.data == {"n": 1}
                except Refused as error:
                    raise AssertionError(
                        f"{name} changes no bytes, and yet the other side "
                        f"is refused: {error}"
                    ) from error

        self.run(scenario())

    def test_a_server_starts_again_with_it(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> None:
        """A pipeline is composed once and serves every start."""

        async def scenario() -> None:
            server = pipes.server(extensions=(self.make(section),))
            for number in range(3):
                own = self.make(section)
                async with (
                    server,
                    pipes.client(extensions=(own,)) as client,
                ):
                    server.broadcast({"n": number})
                    came = await client.receive(timeout=DEADLINE)
                    assert came.data == {"n": number}

        self.run(scenario())
