"""Transports without backpressure, or with a wrong one."""

from __future__ import annotations

from plugwire.testing import TransportSuite


def test_a_writer_that_is_never_paused_is_caught(caught, meddled) -> None:
    def meddle(transport):
        transport._pause_writer = lambda: None

    for side in ("client", "server"):
        by = f"test_a_writer_is_paused_when_the_{side}_does_not_read"
        said = caught(TransportSuite, meddled(meddle), by=by)
        assert "expected pause_writing at some time" in said


def test_a_writer_that_is_never_resumed_is_caught(caught, meddled) -> None:
    def meddle(transport):
        transport._resume_writer = lambda: None

    by = "test_a_writer_goes_on_when_the_reader_does"
    said = caught(TransportSuite, meddled(meddle), by=by)
    assert "resume_writing" in said


def test_what_waits_and_is_lost_is_caught(caught, meddled) -> None:
    def meddle(transport):
        real = transport.write

        def write(data):
            if not transport.get_write_buffer_size():
                real(data)

        transport.write = write

    # What is written while nothing waits arrives: one write is enough there.
    by = "test_pieces_of_any_size_arrive_in_order"
    caught(TransportSuite, meddled(meddle), by=by)


def test_small_pieces_that_go_first_are_caught(caught, meddled) -> None:
    def meddle(transport):
        real, late = transport.write, []

        def write(data):
            if not transport.get_write_buffer_size() or late:
                real(data)
                while late:
                    real(late.pop())
            elif len(data) < 200:
                late.append(bytes(data))  # behind the next one
            else:
                real(data)

        transport.write = write

    by = "test_what_is_written_behind_it_waits_its_turn"
    assert "other bytes" in caught(TransportSuite, meddled(meddle), by=by)


def test_a_buffer_that_says_nothing_is_caught(caught, meddled) -> None:
    def meddle(transport):
        transport.get_write_buffer_size = lambda: 0

    by = "test_the_buffer_says_what_waits"
    assert "found 0" in caught(TransportSuite, meddled(meddle), by=by)


def test_telling_the_writer_again_and_again_is_caught(caught, meddled) -> None:
    def meddle(transport):
        tell = transport._tell_writer

        def twice(what):
            tell(what)
            tell(what)

        transport._tell_writer = twice

    by = "test_pausing_and_resuming_take_turns"
    caught(TransportSuite, meddled(meddle), by=by)


def test_a_reader_that_cannot_be_paused_is_caught(caught, meddled) -> None:
    def meddle(transport):
        transport.pause_reading = lambda: None

    by = "test_pausing_a_reader_holds_bytes_back"
    said = caught(TransportSuite, meddled(meddle), by=by)
    assert "expected none, found" in said


def test_a_reader_that_stops_both_ways_is_caught(caught, meddled) -> None:
    def meddle(transport):
        real = transport.write
        transport.write = lambda data: (
            None if transport._paused else real(data)
        )

    by = "test_the_other_direction_goes_on_meanwhile"
    caught(TransportSuite, meddled(meddle), by=by)


def test_an_abort_that_waits_is_caught(caught, meddled) -> None:
    def meddle(transport):
        transport.abort = transport.close

    by = "test_aborting_a_writer_that_waits_ends_it"
    assert "connection_lost" in caught(TransportSuite, meddled(meddle), by=by)


def test_a_close_that_drops_what_waits_is_caught(caught, meddled) -> None:
    def meddle(transport):
        transport.close = transport.abort

    by = "test_closing_a_writer_that_waits_sends_all"
    caught(TransportSuite, meddled(meddle), by=by)
