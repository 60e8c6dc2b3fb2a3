"""The blocking client's face."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from peers import Call, Host, wait_until

from plugwire import (
    ConfigurationError,
    ConnectionClosed,
    ConnectionFailed,
    TimedOut,
    ValidationFailed,
)
from plugwire.sync import Client
from plugwire.sync.conversation import Conversation
from plugwire.sync.portal_backend import PortalBackend

Make = Callable[..., Client]


def drain(client: Client) -> None:
    """Receive until nothing has come for a while."""
    while True:
        client.receive(timeout=0.3)


def test_it_says_what_it_knows(
    host: Host, place: dict[str, Any], make_client: Make
) -> None:
    client = make_client(place)
    assert client.event_name == "event"
    assert not client.connected
    assert not client.can_send
    assert (client.client_id, client.server) == (None, None)
    assert (client.buffered, client.missed) == (0, 0)
    with client as same:
        assert same is client
        assert client.connected
        assert client.can_send
        assert client.server is not None
        assert client.server.event == "event"
        assert client.client_id in host.server.clients
        host.broadcast(1, 2)
        assert client.receive(timeout=20).data == {"n": 1}
        wait_until(lambda: client.connected and client.buffered == 1)
    assert not client.connected
    assert client.receive().data == {"n": 2}, "what came is there still"
    with pytest.raises(ConnectionClosed, match="disconnected"):
        client.receive()


def test_iteration_ends_at_disconnect(host: Host, client: Client) -> None:
    found = list[int]()

    def run() -> None:
        for message in client:
            found.append(message.data["n"])

    running = Call(run)
    host.broadcast(1, 2)
    wait_until(lambda: found == [1, 2])
    client.disconnect()
    running.result()
    assert list(client) == []


def test_before_it_is_connected_it_says_so(
    told: dict[str, Any], make_client: Make
) -> None:
    client = make_client(told)
    calls: tuple[Callable[[], object], ...] = (
        client.receive,
        lambda: client.send({}),
        lambda: client.request({}),
        client.flush,
        lambda: client.attach("place"),
        client.detach,
        lambda: list(client),
    )
    for call in calls:
        with pytest.raises(ConnectionClosed, match=r"connect\(\) first"):
            call()
    client.disconnect()


def test_a_sender_is_no_member(
    host: Host, place: dict[str, Any], make_client: Make
) -> None:
    client = make_client(place, receive=False)
    client.connect()
    assert client.client_id is None
    assert not host.server.has_clients
    assert client.request({"a": 1}, timeout=20).data == {"a": 1}
    host.broadcast(1)
    with pytest.raises(TimedOut):
        client.receive(timeout=0.05)
    assert client.missed == 0


@pytest.mark.parametrize("name", ["on_gap", "on_reconnect", "on_disconnect"])
def test_a_handler_is_given_back_and_a_coroutine_refused(
    name: str, told: dict[str, Any]
) -> None:
    client = Client("event", settings=told)

    def plain(*_: Any) -> None: ...

    async def coroutine(*_: Any) -> None: ...

    register = getattr(client, name)
    assert register(plain) is plain
    with pytest.raises(
        ValidationFailed, match=f"^{name} of the blocking .*without async"
    ):
        register(coroutine)


def test_handlers_get_the_client(host: Host, client: Client) -> None:
    told = list[tuple[Any, ...]]()
    client.on_gap(lambda *what: told.append(("gap", *what)))
    client.on_reconnect(lambda *what: told.append(("back", *what)))
    client.on_disconnect(lambda *what: told.append(("lost", *what)))
    host.stop()
    host.start()
    with pytest.raises(TimedOut):
        drain(client)
    assert told[1:] == [("back", client), ("gap", client, None)]
    assert told[0][:2] == ("lost", client)


@pytest.mark.parametrize("data", [None, [], "text", {1: 2}.items()])
def test_what_is_no_mapping_is_refused_before_anything_is_sent(
    data: Any, host: Host, client: Client
) -> None:
    for call in (client.send, client.request):
        with pytest.raises(ValidationFailed, match="not a mapping; wrap it"):
            call(data)
    assert client.request({}).data == {}


def test_wrong_arguments_are_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Client("event", settings=told, nonsense=1)
    with pytest.raises(ValidationFailed):
        Client("no event", settings=told)
    client = Client("event", settings=told)
    with pytest.raises(ValidationFailed):
        client.attach("no session")
    with pytest.raises(ValidationFailed):
        client.send({}, message_type="nonsense")


# ---------------------------------------------------------- the transport


def test_sockets_go_without_a_loop(host: Host, client: Client) -> None:
    assert type(client._backend) is Conversation


def test_memory_goes_through_a_portal(
    make_host: Callable[..., Host], inside: dict[str, Any], make_client: Make
) -> None:
    host = make_host(inside)
    client = make_client(inside)
    client.connect()
    assert type(client._backend) is PortalBackend
    host.broadcast(1)
    assert client.receive(timeout=20).data == {"n": 1}
    assert client.request({"a": 1}, timeout=20).data == {"a": 1}
    receiving = Call(client.receive)
    client.disconnect()
    assert isinstance(receiving.error(), ConnectionClosed)


def test_threads_that_connect_at_once_share_a_backend(
    make_host: Callable[..., Host], inside: dict[str, Any], make_client: Make
) -> None:
    host = make_host(inside)
    for _ in range(20):
        client = make_client(inside)
        calls = [Call(client.connect) for _ in range(4)]
        errors = 0
        for call in calls:
            try:
                call.result()
            except ConnectionFailed:
                errors += 1
        assert errors == 3
        assert len(host.server.clients) == 1
        client.disconnect()
        wait_until(lambda: not host.server.clients)


def test_a_server_that_comes_later_may_be_of_another_kind(
    make_host: Callable[..., Host], told: dict[str, Any], make_client: Make
) -> None:
    """The first `connect` could not find out: what it goes by is not
    settled before one can."""
    client = make_client(
        {**told, "default_timeout": 0.05},
        transport="tcp",
        permissions=["anyone"],
        door="inside",
    )
    make_host(told, listen={"other": {}})
    with pytest.raises(ConnectionFailed, match="no door 'inside'"):
        client.connect()
    assert not client._chosen


LISTENER = """
import sys
from plugwire.sync import Client

with Client("event", settings={told!r}) as client:
    print(client.request({{"a": 1}}).data)
print("asyncio" in sys.modules, "threading" in sys.modules)
"""


def test_listening_loads_no_event_loop(
    unix_host: Host, told: dict[str, Any]
) -> None:
    found = subprocess.run(
        [sys.executable, "-c", LISTENER.format(told=told)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer, loaded = found.stdout.splitlines()
    assert answer == "{'a': 1}"
    assert loaded.split()[0] == "False"


# -------------------------------------------------------------- forgotten


def test_one_that_is_forgotten_closes_its_socket(
    host: Host, place: dict[str, Any]
) -> None:
    client = Client("event", settings=place)
    client.on_gap(lambda client, missed: None)
    client.connect()
    with pytest.raises(TimedOut):
        client.receive(timeout=0.01)
    assert host.server.has_clients
    gone = weakref.ref(client)
    del client
    with pytest.warns(ResourceWarning, match="unclosed <socket"):
        gc.collect()
    assert gone() is None
    wait_until(lambda: not host.server.has_clients)


def test_what_happens_is_logged(
    host: Host, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "plugwire")
    host.stop()
    host.start()
    with pytest.raises(TimedOut):
        drain(client)
    texts = [record.getMessage() for record in caplog.records]
    assert any(text.startswith("event: connection lost (") for text in texts)
    assert "event: connected again" in texts
