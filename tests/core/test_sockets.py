"""What socket transports build on."""

from __future__ import annotations

import errno
import socket

import pytest

from plugwire.sockets import SMALL_BUFFER, is_transient, shrink


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
