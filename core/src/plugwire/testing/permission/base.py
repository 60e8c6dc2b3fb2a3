"""What the checks of permissions share: peers, and the two sides' gates."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, cast, get_args

import pytest

from plugwire.errors import Denied
from plugwire.handshake import (
    VERSION,
    Hello,
    Joined,
    Welcome,
    as_mapping,
    nonce,
)
from plugwire.interfaces import Check, Gate, Peer, Side, Verb
from plugwire.plugins import Kind
from plugwire.testing.asking import ask, hooks
from plugwire.testing.pipes import EVENT, LIMIT, Piped, Pipes

VERBS: tuple[Verb, ...] = get_args(Verb)
OTHER_UID = 12345
"""How far the stranger's uid is from ours."""
LEAST_SECRET = 8
"""Characters below which a word is no secret that could be looked for."""


class Meeting:
    """A server's gate, a client's, and what they say to one another.

    `peer` is whom the server sees; the client sees `served_by`. `rival` is
    a server that has the secret of a foreign client.
    """

    def __init__(
        self, server: Gate, client: Gate, peer: Peer, served_by: Peer
    ) -> None:
        self.server = server
        self.client = client
        self.rival = server
        self.peer = peer
        self.served_by = served_by
        welcome = Welcome(
            plugwire=VERSION,
            event=EVENT,
            door="main",
            incarnation="kit",
            codec="kit",
            max_message_bytes=LIMIT,
            nonce=nonce(),
        )
        hello = Hello(plugwire=VERSION, codec="kit", nonce=nonce())
        self.welcome = as_mapping(welcome)
        self.hello = as_mapping(hello)
        joined = Joined(client_id=1, kept=0, can_send=True)
        self.joined = as_mapping(joined)

    def prove(self) -> str | None:
        """The client's proof, which is in its hello from now on."""
        own = self.client.prove(
            self.served_by, dict(self.welcome), dict(self.hello)
        )
        if own is not None:
            self.hello["proof"] = {self.client.name: own}
        return own

    def admit(self) -> str | None:
        """The server's proof, which is in its joined from now on."""
        own = self.server.admit(
            self.peer, dict(self.welcome), dict(self.hello)
        )
        if own is not None:
            self.joined["proof"] = {self.server.name: own}
        return own

    def confirm(self) -> None:
        """The client's last word."""
        self.client.confirm(
            self.served_by,
            dict(self.welcome),
            dict(self.hello),
            dict(self.joined),
        )

    def whole(self) -> None:
        """All three; raises what the first of them raises."""
        self.prove()
        self.admit()
        self.confirm()


class Meet(Protocol):
    """What the fixture `meet` is."""

    def __call__(
        self,
        *,
        peer: Peer | None = ...,
        foreign: bool = ...,
        endpoint: str = ...,
    ) -> Meeting: ...


class PermissionBase(Piped):
    """Every topic of the suite is one of these."""

    KIND: ClassVar[Kind] = "permission"
    CAPABILITIES: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "gate": "it says who comes in",
            "check": "it says who may do what",
            "proof": "its gate wants the client to prove something",
            "identity": "its gate goes by who the peer is",
            "everyone": "its gate lets in a stranger who proves nothing",
        }
    )

    @pytest.fixture
    def friend(self) -> Peer:
        """Who is let in, with the right proof where one is wanted."""
        return _peer(os.geteuid(), os.getegid())

    @pytest.fixture
    def stranger(self) -> Peer:
        """Who is not, where the gate goes by who it is."""
        return _peer(os.geteuid() + OTHER_UID, os.getegid() + OTHER_UID)

    @pytest.fixture
    def foreign_section(self, section: Mapping[str, Any]) -> Mapping[str, Any]:
        """A section with another secret. A secret that is made in
        `socket_dir` is another one there anyhow."""
        return section

    @pytest.fixture
    def secrets(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> Collection[bytes]:
        """What nobody may be told: by default what stands in the files of
        `socket_dir`, and each long word of the section that is no path."""
        files = sorted(pipes.folder.rglob("*"))
        found = [f.read_bytes().strip() for f in files if f.is_file()]
        found += [
            value.encode()
            for value in section.values()
            if isinstance(value, str) and not value.startswith(("/", "~"))
        ]
        return [secret for secret in found if len(secret) >= LEAST_SECRET]

    @pytest.fixture
    def gate(
        self, section: Mapping[str, Any], pipes: Pipes
    ) -> Callable[..., Gate]:
        """Makes gates as core gets them, each of a plugin of its own."""

        def make(
            side: Side = "server",
            own: Mapping[str, Any] = section,
            **changed: Any,
        ) -> Gate:
            context = pipes.context(side, **changed)
            return cast("Gate", ask(self.make(own), "accept", context))

        return make

    @pytest.fixture
    def meet(
        self,
        gate: Callable[..., Gate],
        friend: Peer,
        foreign_section: Mapping[str, Any],
        tmp_path: Path,
    ) -> Meet:
        """Brings a server's gate, prepared, and a client's together: one
        with a `foreign` secret of its own, or for another `endpoint`."""
        self.need("gate")

        def make(
            *,
            peer: Peer | None = None,
            foreign: bool = False,
            endpoint: str = EVENT,
        ) -> Meeting:
            server = gate("server")
            server.prepare()
            changed: dict[str, Any] = {"endpoint": endpoint}
            rival = server
            if foreign:
                changed["own"] = foreign_section
                changed["socket_dir"] = tmp_path / "foreign"
                rival = gate("server", **changed)
                rival.prepare()
            client = gate("client", **changed)
            meeting = Meeting(server, client, peer or friend, friend)
            meeting.rival = rival
            return meeting

        return make

    @pytest.fixture
    def check(self, instance: Any, pipes: Pipes) -> Check:
        """The check as a server gets it."""
        self.need("check")
        context = pipes.context("server")
        return cast("Check", ask(instance, "authorize", context))

    def guards(self, instance: Any) -> tuple[Any, ...]:
        """The permissions of a server with `instance`: a door needs a gate
        beside a check."""
        from plugwire.testing.companions import Welcoming

        if "accept" in hooks(instance):
            return (instance,)
        return (Welcoming(), instance)


def _peer(uid: int | None, gid: int | None) -> Peer:
    return Peer(
        transport="memory",
        address=f"memory:{EVENT}",
        uid=uid,
        gid=gid,
        pid=os.getpid(),
    )


def denied(who: str, act: Callable[[], object]) -> Denied:
    """The `Denied` that `act` must raise, in words."""
    try:
        answer = act()
    except Denied as error:
        return error
    except Exception as error:
        raise AssertionError(
            f"{who}: expected Denied, which says why; found "
            f"{type(error).__name__}: {error}"
        ) from error
    raise AssertionError(f"{who} was let in; the answer was {answer!r}")


def closed(who: str, act: Callable[[], object]) -> None:
    """Fail where `act` raises nothing: whatever it raises refuses."""
    try:
        answer = act()
    except Exception:
        return
    raise AssertionError(f"{who} was let in; the answer was {answer!r}")
