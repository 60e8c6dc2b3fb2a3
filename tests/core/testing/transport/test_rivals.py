"""Transports that let a second server hurt the first."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from plugwire import AlreadyRunning, hookimpl
from plugwire.memory import Memory
from plugwire.testing import TransportSuite
from plugwire_unix import Unix
from plugwire_unix.listener import UnixListener

EXCLUSIVE = ["exclusive"]


def of_unix(listener):
    """The transport `unix` with another listener."""

    class Changed(Unix):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            whole = super().bind(endpoint, socket_dir)
            return listener(whole._path, self.settings)

    return Changed


class Stealing(UnixListener):
    """Takes the place of whoever is there."""

    def open(self, backlog):
        Path(self.address).unlink(missing_ok=True)
        return super().open(backlog)


def test_a_place_that_is_stolen_is_caught(caught) -> None:
    by = "test_exclusive_says_what_a_second_one_meets"
    said = caught(TransportSuite, of_unix(Stealing), by=by)
    assert "found two open at" in said


def test_the_one_who_was_robbed_is_missed(caught) -> None:
    by = "test_a_second_one_leaves_the_first_unharmed"
    said = caught(TransportSuite, of_unix(Stealing), by=by)
    assert "expected the first one's files to stay" in said


def test_a_wrong_claim_of_exclusive_is_found(caught) -> None:
    by = "test_exclusive_says_what_a_second_one_meets"
    assert "has 'exclusive'" in caught(TransportSuite, Memory, by=by)


@pytest.mark.parametrize(
    ("words", "owner"), [("", "pid 1"), ("it is taken, stop that one", "")]
)
def test_a_refusal_that_says_nothing_is_caught(caught, words, owner) -> None:
    class Curt(UnixListener):
        def open(self, backlog):
            try:
                return super().open(backlog)
            except AlreadyRunning:
                raise AlreadyRunning(words, owner=owner) from None

    by = "test_a_second_one_is_told_who_is_there"
    caught(TransportSuite, of_unix(Curt), by=by, capabilities=EXCLUSIVE)


def test_what_a_refusal_leaves_is_caught(caught) -> None:
    kept = []

    class Leaking(UnixListener):
        def open(self, backlog):
            spare = os.dup(0)
            sockets = ()
            try:
                sockets = super().open(backlog)
            finally:
                (os.close if sockets else kept.append)(spare)
            return sockets

    by = "test_a_second_one_leaves_nothing_behind"
    try:
        caught(TransportSuite, of_unix(Leaking), by=by, capabilities=EXCLUSIVE)
    finally:
        for descriptor in kept:
            os.close(descriptor)


def test_a_close_that_takes_anothers_file_is_caught(caught) -> None:
    class Sweeping(UnixListener):
        def close(self):
            super().close()
            with contextlib.suppress(FileNotFoundError):
                Path(self.address).unlink()

    by = "test_closing_after_a_start_that_failed_harms_nobody"
    said = caught(
        TransportSuite, of_unix(Sweeping), by=by, capabilities=EXCLUSIVE
    )
    assert "expected the files of the one that lives to stay" in said


def test_a_close_of_what_was_not_opened_is_told_in_words(caught) -> None:
    class Hasty(UnixListener):
        def close(self):
            if not self.opened:
                raise AttributeError("no sock")
            super().close()

        opened = False

        def open(self, backlog):
            sockets = super().open(backlog)
            self.opened = True
            return sockets

    by = "test_closing_after_a_start_that_failed_harms_nobody"
    said = caught(
        TransportSuite, of_unix(Hasty), by=by, capabilities=EXCLUSIVE
    )
    assert "expected close() to do nothing after an open() that raised" in said
