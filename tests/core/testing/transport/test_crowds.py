"""Transports that are well with one client, and not with many."""

from __future__ import annotations

import os

from plugwire import ConnectionFailed, hookimpl
from plugwire.memory import Memory, MemoryListener
from plugwire.testing import TransportSuite

FEW = 60


def of_memory(listener):
    """The transport `memory` with another listener."""

    class Changed(Memory):
        @hookimpl
        def bind(self, endpoint, socket_dir):
            return listener(endpoint, socket_dir)

    return Changed


def test_room_for_a_few_is_caught(caught) -> None:
    class Narrow(MemoryListener):
        count = 0

        def dial(self, loop):
            self.count += 1
            if self.count > FEW:
                raise ConnectionFailed("it is full")
            return super().dial(loop)

    for by in (
        "test_a_hundred_connect_at_once",
        "test_a_hundred_are_told_at_once",
    ):
        assert "it is full" in caught(TransportSuite, of_memory(Narrow), by=by)


def test_a_descriptor_a_client_is_caught(caught) -> None:
    kept = []

    class Leaking(MemoryListener):
        def dial(self, loop):
            kept.append(os.dup(1))
            return super().dial(loop)

    try:
        for by in (
            "test_a_hundred_leave_at_once_and_leave_nothing",
            "test_coming_and_going_leaves_nothing",
        ):
            said = caught(TransportSuite, of_memory(Leaking), by=by)
            assert "expected none left open" in said
    finally:
        for descriptor in kept:
            os.close(descriptor)


def test_one_pause_for_all_is_caught(caught, meddled) -> None:
    ends = []

    def meddle(transport):
        ends.append(transport)
        real = transport.write

        def write(data):
            if not any(end.get_write_buffer_size() for end in ends):
                real(data)

        transport.write = write

    by = "test_one_who_does_not_read_delays_nobody"
    caught(TransportSuite, meddled(meddle), by=by)


def test_a_descriptor_a_connection_is_caught_by_one(caught) -> None:
    kept = []

    class Leaking(MemoryListener):
        def dial(self, loop):
            kept.append(os.dup(1))
            return super().dial(loop)

    try:
        for by in (
            "test_closing_leaves_nothing_open",
            "test_closing_without_a_word_leaves_nothing_open",
        ):
            caught(TransportSuite, of_memory(Leaking), by=by)
    finally:
        for descriptor in kept:
            os.close(descriptor)
