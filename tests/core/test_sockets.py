"""What socket transports build on."""

from __future__ import annotations

import errno
import socket

import pytest

from plugwire.sockets import (
    SMALL_BUFFER,
    WIDE_BUFFER,
    gathering,
    is_transient,
    shrink,
    widen,
)


def test_shrunk_socket_takes_little() -> None:
    def takes(small: bool) -> int:
        one, other = socket.socketpair()
        with one, other:
            one.setblocking(False)
            if small:
                shrink(one)
            sent = 0
            while True:
                try:
                    sent += one.send(b"x" * 1024)
                except BlockingIOError:
                    return sent

    assert takes(small=True) <= 8 * SMALL_BUFFER
    assert takes(small=True) < takes(small=False)


def test_a_unix_socket_is_widened_for_large_frames_and_never_narrowed() -> (
    None
):
    def asked(sock: socket.socket) -> int:
        return sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)

    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        before = asked(one)
        widen(one, 1000)
        assert asked(one) == before
        widen(one, 100_000)
        wide = asked(one)
        assert wide > before
        widen(one, 70_000)
        assert asked(one) == wide
        widen(one, 1 << 24)
        assert wide <= asked(one) <= 2 * WIDE_BUFFER
    with socket.socket(socket.AF_INET) as tcp:
        before = asked(tcp)
        widen(tcp, 1 << 20)
        assert asked(tcp) == before


def test_pieces_are_sent_as_one_by_the_socket_whose_send_is_known() -> None:
    one, other = socket.socketpair()
    with one, other:
        send = gathering(one.send)
        assert send is not None
        assert send((b"head", b"body")) == 8
        assert other.recv(100) == b"headbody"
    assert gathering(None) is None
    assert gathering(lambda data: len(data)) is None


@pytest.mark.parametrize(
    ("number", "transient"),
    [
        (errno.ECONNREFUSED, True),  # nobody listens, yet
        (errno.ENOENT, True),
        (errno.EAGAIN, True),  # the backlog is full
        (errno.ECONNRESET, True),
        (errno.EMFILE, True),
        (errno.ETIMEDOUT, True),
        (errno.EACCES, False),
        (errno.EPERM, False),
        (errno.EINVAL, False),
        (errno.ENOTSOCK, False),
        (errno.ENAMETOOLONG, False),
    ],
)
def test_errors_that_pass_are_told_from_those_that_stay(
    number: int, transient: bool
) -> None:
    assert is_transient(OSError(number, "")) is transient


def test_error_without_a_number_stays() -> None:
    assert not is_transient(OSError("no number"))
