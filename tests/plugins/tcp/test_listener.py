from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys

import pytest

from plugwire import ConnectionFailed, Denied
from plugwire.sockets import SMALL_BUFFER
from plugwire_tcp import Tcp, TcpSettings, listener, tuning
from plugwire_tcp.addresses import parse, resolve


def test_b14_first_free_port_of_the_range(make, ports: range) -> None:
    opened = []
    for port in ports:
        one = make()
        (sock,) = one.open(16)
        assert one.address == f"127.0.0.1:{port}"
        assert sock.getsockname() == ("127.0.0.1", port)
        opened.append(one)
    opened[1].close()
    again = make()
    again.open(16)
    assert again.address == f"127.0.0.1:{ports[1]}"


def test_b14_all_busy_names_host_and_range(make, ports: range) -> None:
    for _ in ports:
        make().open(16)
    with pytest.raises(ConnectionFailed, match="is busy") as caught:
        make().open(16)
    assert caught.value.address == f"127.0.0.1:{ports[0]}-{ports[-1]}"
    assert f"{ports[0]}-{ports[-1]} on 127.0.0.1" in str(caught.value)
    assert "port_range_end" in str(caught.value)


def test_range_includes_its_end(make, ports: range) -> None:
    one = make(port_range_start=ports[-1])
    one.open(16)
    assert one.address == f"127.0.0.1:{ports[-1]}"


def test_port_goes_before_the_range(make, ports: range) -> None:
    one = make(port=ports[2])
    one.open(16)
    assert one.address == f"127.0.0.1:{ports[2]}"


def test_n2_busy_port_is_named(make, ports: range) -> None:
    make().open(16)
    with pytest.raises(ConnectionFailed, match=rf"^port {ports[0]} on"):
        make(port=ports[0]).open(16)


def test_n2_of_two_that_bound_one_port_the_second_goes_on(
    make, ports: range
) -> None:
    """SO_REUSEADDR lets both bind while neither listens."""
    with socket.socket() as first:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        first.bind(("127.0.0.1", ports[0]))
        one = make(port=ports[0])
        one.open(16)
        with pytest.raises(OSError) as caught:
            first.listen()
        assert caught.value.errno == errno.EADDRINUSE


def test_n2_restart_at_once_with_time_wait(make, ports: range) -> None:
    for _ in range(5):
        one = make()
        (sock,) = one.open(16)
        assert one.address == f"127.0.0.1:{ports[0]}"
        with socket.create_connection(sock.getsockname()) as client:
            accepted, _ = sock.accept()
            accepted.close()  # the server first: TIME_WAIT is on its port
            assert client.recv(1) == b""
        one.close()
        assert sock.fileno() == -1
        one.close()


def test_l1_killed_server_leaves_its_port_free(make, ports: range) -> None:
    code = (
        "import sys; from plugwire_tcp import *\n"
        "one = Tcp(TcpSettings(port=int(sys.argv[1]))).bind()\n"
        "(sock,) = one.open(16); print(one.address, flush=True)\n"
        "sock.setblocking(True); conn, _ = sock.accept()\n"
        "conn.sendall(b'x'); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(ports[0])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline()
        with socket.create_connection(("127.0.0.1", ports[0])) as client:
            assert client.recv(1) == b"x"
            child.kill()
            child.wait()
            make(port=ports[0]).open(16)


def test_sockets_do_not_block_and_are_not_inherited(make) -> None:
    (sock,) = make().open(16)
    assert not sock.getblocking()
    assert not sock.get_inheritable()


def test_ipv6_address_is_in_brackets(make, ports: range) -> None:
    one = make(host="::1")
    (sock,) = one.open(16)
    assert sock.family == socket.AF_INET6
    assert one.address == f"[::1]:{ports[0]}"
    with socket.create_connection(("::1", ports[0])):
        accepted, _ = sock.accept()
        with accepted:
            peer = one.accepted(accepted, small=False)
    assert peer.address.startswith("[::1]:")


def test_ipv6_everywhere_takes_ipv4_too(make, ports: range) -> None:
    (sock,) = make(host="::").open(16)
    with socket.create_connection(("127.0.0.1", ports[0])):
        sock.accept()[0].close()


def test_n4_localhost_binds_the_first_that_is_here(
    make, ports: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make(host="localhost")
    one.open(16)
    assert one.address == f"127.0.0.1:{ports[0]}"
    one.close()
    monkeypatch.setattr(
        listener,
        "resolve",
        lambda *_: [*resolve("192.0.2.1", 0), *resolve("::1", 0)],
    )
    one.open(16)
    assert one.address == f"[::1]:{ports[0]}"


def test_host_of_another_machine_is_refused(make) -> None:
    with pytest.raises(ConnectionFailed, match="no address of this machine"):
        make(host="192.0.2.123").open(16)


def test_busy_first_address_is_not_left_for_the_second(
    make, ports: range
) -> None:
    """Else a squatter there would get the clients of `localhost`."""
    make(port=ports[0]).open(16)
    with pytest.raises(ConnectionFailed, match="busy"):
        make(host="localhost", port=ports[0]).open(16)


def test_unknown_host_is_refused(make) -> None:
    with pytest.raises(ConnectionFailed, match="is not found"):
        make(host="no.such.host.invalid").open(16)


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EACCES, Denied, "choose ports from 1024 up"),
        (errno.EMFILE, ConnectionFailed, "Too many open files"),
    ],
)
def test_open_that_fails_is_named_and_leaves_nothing(
    number, kind, words, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []

    class Failing(socket.socket):
        def listen(self, backlog: int = 0, /) -> None:
            made.append(self)
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(listener.socket, "socket", Failing)
    one = make()
    with pytest.raises(kind, match=words):
        one.open(16)
    (sock,) = made
    assert sock.fileno() == -1


@pytest.mark.parametrize("small", [False, True])
def test_accepted_tells_the_peer_and_tunes(make, small: bool) -> None:
    one = make()
    (sock,) = one.open(16)
    with socket.create_connection(sock.getsockname()) as client:
        accepted, _ = sock.accept()
        with accepted:
            usual = client.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
            peer = one.accepted(accepted, small=small)
            assert peer.transport == "tcp"
            assert parse(peer.address) == client.getsockname()
            assert peer.uid is None
            level = socket.IPPROTO_TCP
            assert accepted.getsockopt(level, socket.TCP_NODELAY)
            assert (
                accepted.getsockopt(level, socket.TCP_USER_TIMEOUT)
                == tuning.USER_TIMEOUT
            )
            size = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
            assert (size <= 4 * SMALL_BUFFER) == small
            assert small or size >= usual // 4


def test_peer_that_has_gone_is_an_oserror(make) -> None:
    one = make()
    one.open(16)
    with socket.socket() as never, pytest.raises(OSError):
        one.accepted(never, small=False)


def test_address_before_open_is_the_configured_one() -> None:
    assert Tcp(TcpSettings(port=9001)).bind().address == "127.0.0.1:9001"
