"""Transports that end too early, too often, or not at all."""

from __future__ import annotations

import pytest

from plugwire.testing import TransportSuite

HALF = ["half_close"]


def test_an_end_that_nobody_hears_is_caught(caught, meddled) -> None:
    def meddle(transport):
        transport.close = lambda: None

    by = "test_closing_is_seen_by_the_other_side"
    assert "the end" in caught(TransportSuite, meddled(meddle), by=by)


def test_an_abort_that_nobody_hears_is_caught(caught, meddled) -> None:
    def meddle(transport):
        transport._release = lambda: None

    by = "test_aborting_is_seen_by_the_other_side"
    assert "the end" in caught(TransportSuite, meddled(meddle), by=by)


def test_last_words_that_are_lost_are_caught(caught, meddled) -> None:
    def meddle(transport):
        transport.write = [].append

    by = "test_what_was_written_comes_before_the_end"
    said = caught(TransportSuite, meddled(meddle), by=by)
    assert "found 0 and then the end" in said


def test_two_ends_of_one_connection_are_caught(caught, meddled) -> None:
    def meddle(transport):
        lost = transport._lost

        def twice(error):
            protocol = transport._protocol
            lost(error)
            protocol.connection_lost(error)

        transport._lost = twice

    by = "test_connection_lost_is_called_once"
    assert "found 2" in caught(TransportSuite, meddled(meddle), by=by)


def test_an_end_within_the_call_is_caught(caught, meddled) -> None:
    def meddle(transport):
        def abort():
            transport._closing = transport._losing = True
            transport._read = lambda: None
            transport._lost(None)

        transport.abort = abort

    by = "test_connection_lost_is_not_called_within_close"
    assert "within abort()" in caught(TransportSuite, meddled(meddle), by=by)


def test_is_closing_that_is_never_true_is_caught(caught, meddled) -> None:
    def meddle(transport):
        transport.is_closing = lambda: False

    caught(TransportSuite, meddled(meddle), by="test_is_closing_says_so")


def test_a_write_that_raises_after_the_end_is_caught(caught, meddled) -> None:
    def meddle(transport):
        real = transport.write

        def write(data):
            if transport._losing:
                raise BrokenPipeError("gone")
            real(data)

        transport.write = write

    by = "test_writing_after_the_end_raises_nothing"
    assert "BrokenPipeError" in caught(TransportSuite, meddled(meddle), by=by)


def no_half(transport):
    """Ends both directions at once."""
    transport.write_eof = transport.close


def test_wrong_claims_of_half_close_are_found(caught, meddled) -> None:
    by = "test_half_close_is_what_the_transport_says"
    said = caught(TransportSuite, meddled(lambda _: None), by=by)
    assert "has 'half_close' and does not claim it" in said

    def none(transport):
        transport.can_write_eof = lambda: False

    said = caught(TransportSuite, meddled(none), by=by, capabilities=HALF)
    assert "claims 'half_close'" in said


@pytest.mark.parametrize(
    "by",
    [
        "test_half_close_is_what_the_transport_says",
        "test_half_close_works_the_other_way_too",
    ],
)
def test_a_half_close_that_is_whole_is_caught(caught, meddled, by) -> None:
    caught(TransportSuite, meddled(no_half), by=by, capabilities=HALF)


def test_an_end_that_overtakes_bytes_is_caught(caught, meddled) -> None:
    def meddle(transport):
        real = transport.write_eof

        def write_eof():
            transport._backlog.clear()
            transport._unsent = 0
            real()

        transport.write_eof = write_eof

    by = "test_the_end_waits_behind_bytes_that_wait"
    caught(TransportSuite, meddled(meddle), by=by, capabilities=HALF)
