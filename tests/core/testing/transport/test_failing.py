"""Transports whose start fails badly."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from plugwire import ConnectionFailed, hookimpl
from plugwire.testing import TransportSuite
from plugwire_unix import Unix
from plugwire_unix.listener import UnixListener

BY = "test_without_descriptors_it_fails_and_leaves_nothing"


def of_unix(listener):
    """The transport `unix` with another listener."""

    class Changed(Unix):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            whole = super().bind(endpoint, socket_dir)
            return listener(whole._path, self.settings)

    return Changed


def test_the_systems_own_error_is_caught(caught) -> None:
    class Raw(UnixListener):
        def open(self, backlog):
            socket.socket().close()
            return super().open(backlog)

    said = caught(TransportSuite, of_unix(Raw), by=BY)
    assert "expected ConnectionFailed, found OSError" in said


def test_a_descriptor_left_by_a_failure_is_caught(caught) -> None:
    kept = []

    class Leaking(UnixListener):
        def open(self, backlog):
            try:
                kept.append(os.dup(0))
            except OSError as error:
                raise ConnectionFailed(f"none: {error}") from error
            return super().open(backlog)

    try:
        said = caught(TransportSuite, of_unix(Leaking), by=BY)
    finally:
        for descriptor in kept:
            os.close(descriptor)
    assert "it failed, and left" in said


def test_a_file_left_by_a_failure_is_caught(caught) -> None:
    class Untidy(UnixListener):
        def open(self, backlog):
            mark = Path(f"{self.address}.starting")
            if mark.parent.exists():
                mark.mkdir(exist_ok=True)
            sockets = super().open(backlog)
            if mark.exists():
                mark.rmdir()
            return sockets

    said = caught(TransportSuite, of_unix(Untidy), by=BY)
    assert "kit.sock.starting" in said


def test_a_file_in_the_way_that_is_not_named_is_caught(caught) -> None:
    class Mute(UnixListener):
        def open(self, backlog):
            try:
                return super().open(backlog)
            except ConnectionFailed:
                raise ConnectionFailed("it did not work") from None

    by = "test_a_folder_that_is_a_file_is_refused_in_words"
    said = caught(TransportSuite, of_unix(Mute), by=by, capabilities=["files"])
    assert "to be named" in said


def test_a_file_in_the_way_that_is_removed_is_caught(caught) -> None:
    class Bold(UnixListener):
        def open(self, backlog):
            folder = Path(self.address).parent
            if folder.is_file():
                folder.unlink()
            return super().open(backlog)

    by = "test_a_folder_that_is_a_file_is_refused_in_words"
    caught(TransportSuite, of_unix(Bold), by=by, capabilities=["files"])
