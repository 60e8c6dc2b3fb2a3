"""Connecting sides that leak, or are silent about what is wrong."""

from __future__ import annotations

import asyncio
import os

import pytest

from plugwire import ConnectionFailed, hookimpl
from plugwire.interfaces import Target
from plugwire.memory import Memory, MemoryConnector
from plugwire.testing import TransportSuite
from plugwire_unix import Unix

SOCKETS = ["sockets"]


def of_unix(**methods):
    """The transport `unix`, with other methods of its connector."""

    class Changed(Unix):
        @hookimpl
        def connect(self, endpoint, socket_dir):
            connector = super().connect(endpoint, socket_dir)
            for name, method in methods.items():
                real = getattr(connector, name)
                setattr(connector, name, method(real))
            return connector

    return Changed


def of_memory(connector):
    """The transport `memory` with another connector."""

    class Changed(Memory):
        @hookimpl
        def connect(self, endpoint, socket_dir):
            return connector(endpoint, socket_dir)

    return Changed


@pytest.mark.parametrize("answer", [None, "", "no", "  start the server  "])
def test_a_mend_that_is_none_is_caught(caught, answer) -> None:
    mute = of_unix(mend=lambda _: lambda error: answer)
    by = "test_mend_says_what_to_do"
    caught(TransportSuite, mute, by=by, capabilities=SOCKETS)


def test_a_mend_that_knows_one_error_is_caught(caught) -> None:
    narrow = of_unix(
        mend=lambda real: lambda error: {2: real(error)}[error.errno]
    )
    by = "test_mend_says_what_to_do"
    assert "KeyError" in caught(
        TransportSuite, narrow, by=by, capabilities=SOCKETS
    )


def test_the_systems_own_error_is_caught(caught) -> None:
    class Raw(MemoryConnector):
        async def connect(self, factory, told):
            try:
                return await super().connect(factory, told)
            except ConnectionFailed as error:
                raise ConnectionRefusedError from error

    said = caught(
        TransportSuite,
        of_memory(Raw),
        by="test_nobody_there_is_connection_failed",
    )
    assert "ConnectionRefusedError" in said


class Quiet(MemoryConnector):
    """Says neither where nor what to do."""

    async def connect(self, factory, told):
        try:
            return await super().connect(factory, told)
        except ConnectionFailed:
            raise ConnectionFailed("nobody there", address="") from None


@pytest.mark.parametrize(
    "by",
    [
        "test_the_failure_names_the_address",
        "test_the_failure_says_what_to_do",
    ],
)
def test_a_failure_that_says_too_little_is_caught(caught, by) -> None:
    caught(TransportSuite, of_memory(Quiet), by=by)


def test_a_failure_that_leaks_is_caught(caught) -> None:
    kept = []

    class Leaking(MemoryConnector):
        async def connect(self, factory, told):
            kept.append(os.dup(0))
            return await super().connect(factory, told)

    by = "test_a_failure_leaves_nothing_open"
    try:
        caught(TransportSuite, of_memory(Leaking), by=by)
    finally:
        for descriptor in kept:
            os.close(descriptor)


def test_what_a_cancelled_attempt_leaves_is_caught(caught) -> None:
    kept = []

    class Slow(MemoryConnector):
        async def connect(self, factory, told):
            spare = os.dup(0)
            kept.append(spare)
            for _ in range(3):
                await asyncio.sleep(0)
            kept.remove(spare)
            os.close(spare)
            return await super().connect(factory, told)

    by = "test_cancelling_leaves_nothing_open"
    try:
        said = caught(TransportSuite, of_memory(Slow), by=by)
    finally:
        for descriptor in kept:
            os.close(descriptor)
    assert "expected none left open" in said


@pytest.mark.parametrize(
    "found", [(), ["/run/kit.sock"], [Target(1, "/run/kit.sock", "")]]
)
def test_targets_that_are_none_are_caught(caught, found) -> None:
    odd = of_unix(targets=lambda _: lambda told: found)
    caught(
        TransportSuite,
        odd,
        by="test_targets_are_targets",
        capabilities=SOCKETS,
    )


def test_no_target_for_who_was_told_nothing_is_caught(caught) -> None:
    odd = of_unix(
        targets=lambda real: lambda told: (told and real(told)) or ()
    )
    by = "test_nothing_told_is_a_target_or_connection_failed"
    caught(TransportSuite, odd, by=by, capabilities=SOCKETS)


def test_a_connector_for_one_attempt_is_caught(caught) -> None:
    class Single(MemoryConnector):
        used = False

        async def connect(self, factory, told):
            assert not self.used, "used up"
            self.used = True
            return await super().connect(factory, told)

    for by in (
        "test_a_connector_connects_again_and_again",
        "test_a_connector_that_failed_connects_later",
    ):
        assert "used up" in caught(TransportSuite, of_memory(Single), by=by)
