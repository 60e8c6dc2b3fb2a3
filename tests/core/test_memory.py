"""The plugin `memory`: who finds whom, in one process."""

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest

from plugwire.duplex import PIPE_BYTES
from plugwire.errors import AlreadyRunning, ConnectionFailed
from plugwire.interfaces import Peer
from plugwire.memory import BACKLOG, Memory, _registry
from plugwire.sockets import SMALL_BUFFER


class Lines(asyncio.Protocol):
    """Notes who is there, what comes and how it ends."""

    def __init__(self, peer):
        self.peer = peer
        self.data = b""
        self.lost = asyncio.get_running_loop().create_future()
        self.came = asyncio.Event()

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.data += data
        self.came.set()

    def connection_lost(self, error):
        self.lost.set_result(error)


class Echo(Lines):
    def data_received(self, data):
        self.transport.write(data)


@pytest.fixture
def served(tmp_path):
    """Endpoints of one folder; the registry must be empty afterwards."""
    yield tmp_path
    assert not _registry._live


async def ask(connector, text=b"hello"):
    transport, protocol = await connector.connect(Lines, None)
    transport.write(text)
    await protocol.came.wait()
    transport.close()
    await protocol.lost
    return protocol


async def test_a_client_finds_the_server_and_both_know_who_is_there(served):
    accepted = []

    def factory(peer):
        accepted.append(Echo(peer))
        return accepted[-1]

    listener = Memory().bind("load", served)
    assert (listener.address, listener.shared) == ("load", False)
    await listener.start(factory, small=False)
    connector = Memory().connect("load", served)
    assert connector.address == "load"
    client = await ask(connector)
    assert client.data == b"hello"
    me = Peer(
        transport="memory",
        address="memory:load",
        uid=os.geteuid(),
        gid=os.getegid(),
        pid=os.getpid(),
    )
    assert client.peer == accepted[0].peer == me
    assert await accepted[0].lost is None
    await listener.stop()


async def test_the_pair_is_connected_when_connect_returns(served):
    listener = Memory().bind("load", served)
    await listener.start(Lines, small=False)
    transport, protocol = (
        await Memory().connect("load", served).connect(Lines, "load")
    )
    assert protocol.transport is transport
    assert transport.get_protocol() is protocol
    transport.close()
    assert await protocol.lost is None
    await listener.stop()


async def test_a_second_server_is_told_who_the_first_is(served):
    first, second = (Memory().bind("load", served) for _ in range(2))
    await first.start(Lines, small=False)
    with pytest.raises(AlreadyRunning) as caught:
        await second.start(Lines, small=False)
    assert str(os.getpid()) in caught.value.owner
    assert threading.current_thread().name in caught.value.owner
    assert caught.value.owner in str(caught.value)
    await second.stop()
    with pytest.raises(AlreadyRunning):
        await second.start(Lines, small=False)
    await first.stop()
    await second.start(Lines, small=False)
    await second.stop()


async def test_folders_and_endpoints_are_apart(served):
    listeners = [
        Memory().bind(endpoint, folder)
        for endpoint in ("load", "load.other")
        for folder in (served, served / "other")
    ]
    for listener in listeners:
        await listener.start(Echo, small=False)
    for listener in listeners:
        await listener.stop()


async def test_nobody_there_is_said_with_the_mend(served):
    connector = Memory().connect("load", served)
    with pytest.raises(ConnectionFailed, match="start the server") as caught:
        await connector.connect(Lines, None)
    assert caught.value.address == "load"
    assert str(served) in str(caught.value)


async def test_after_stop_nobody_gets_in_and_who_is_in_stays(served):
    listener = Memory().bind("load", served)
    connector = Memory().connect("load", served)
    await listener.start(Echo, small=False)
    transport, client = await connector.connect(Lines, None)
    transport.write(b"1")
    await client.came.wait()
    waiting = await connector.connect(Lines, None)
    await listener.stop()
    await listener.stop()
    with pytest.raises(ConnectionFailed):
        await connector.connect(Lines, None)
    assert isinstance(await waiting[1].lost, ConnectionResetError)
    client.came.clear()
    transport.write(b"2")
    await client.came.wait()
    assert client.data == b"12"
    transport.close()
    await client.lost


async def test_small_keeps_little_on_the_way_to_clients_only(served):
    accepted = asyncio.get_running_loop().create_future()

    def factory(peer):
        protocol = Lines(peer)
        accepted.set_result(protocol)
        return protocol

    listener = Memory().bind("load", served)
    await listener.start(factory, small=True)
    transport, client = (
        await Memory().connect("load", served).connect(Lines, None)
    )
    transport.pause_reading()
    server = (await accepted).transport
    server.write(bytes(PIPE_BYTES))
    assert server.get_write_buffer_size() == PIPE_BYTES - SMALL_BUFFER
    transport.write(bytes(PIPE_BYTES))
    assert transport.get_write_buffer_size() == 0
    server.abort()
    transport.abort()
    await client.lost
    await listener.stop()


async def test_a_server_that_fails_to_make_a_protocol_resets_that_client(
    served,
):
    told = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))

    def broken(peer):
        raise ZeroDivisionError

    listener = Memory().bind("load", served)
    await listener.start(broken, small=False)
    _, client = await Memory().connect("load", served).connect(Lines, None)
    assert isinstance(await client.lost, ConnectionResetError)
    assert isinstance(told[0]["exception"], ZeroDivisionError)
    await listener.stop()


async def test_a_client_that_fails_to_make_a_protocol_connects_nobody(served):
    accepted = []
    listener = Memory().bind("load", served)
    await listener.start(accepted.append, small=False)

    def broken(peer):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Memory().connect("load", served).connect(broken, None)
    await asyncio.sleep(0)
    assert not accepted
    await listener.stop()


async def test_the_backlog_is_bounded(served):
    listener = Memory().bind("load", served)
    connector = Memory().connect("load", served)
    await listener.start(Lines, small=False)
    waiting = [
        (await connector.connect(Lines, None))[0] for _ in range(BACKLOG)
    ]
    with pytest.raises(ConnectionFailed, match="4096 connections wait"):
        await connector.connect(Lines, None)
    await asyncio.sleep(0)
    waiting.append((await connector.connect(Lines, None))[0])
    for transport in waiting:
        transport.abort()
    await asyncio.sleep(0)
    await listener.stop()


def test_a_server_in_a_thread_serves_clients_in_others(served):
    up, down = threading.Event(), threading.Event()
    answers = []

    async def serve():
        listener = Memory().bind("load", served)
        await listener.start(Echo, small=False)
        up.set()
        await asyncio.to_thread(down.wait)
        await listener.stop()

    async def client(text):
        done = await ask(Memory().connect("load", served), text)
        answers.append(done.data == text)

    server = threading.Thread(target=asyncio.run, args=(serve(),))
    server.start()
    up.wait()
    clients = [
        threading.Thread(target=asyncio.run, args=(client(b"%d" % n),))
        for n in range(20)
    ]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    down.set()
    server.join()
    assert answers == [True] * 20


def test_a_server_whose_loop_was_closed_is_dead_and_gives_way(served):
    async def leave():
        await Memory().bind("load", served).start(Lines, small=False)

    async def come():
        connector = Memory().connect("load", served)
        with pytest.raises(ConnectionFailed, match="closed without stop"):
            await connector.connect(Lines, None)
        listener = Memory().bind("load", served)
        await listener.start(Echo, small=False)
        assert (await ask(connector)).data == b"hello"
        await listener.stop()

    asyncio.run(leave())
    asyncio.run(come())


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_nobody_listens_in_a_forked_child(served):
    listener = Memory().bind("load", served)
    await listener.start(Lines, small=False)
    _registry._lock.acquire()  # as another thread may hold it
    child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(5)  # ends it where the lock is held for ever
        found = _registry.find(listener.key)
        os._exit(0 if found is None else 1)
    _registry._lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    await listener.stop()


def test_it_proposes_anyone_and_has_no_settings():
    assert Memory.default_permissions == ("anyone",)
    assert not hasattr(Memory, "Settings")
    assert Memory().bind("a", Path("b")).key == ("b", "a")
