"""Transports that lose, change or mix bytes."""

from __future__ import annotations

from plugwire.testing import TransportSuite

LIMIT = 1 << 20


def writing(change):
    """A meddler that has `change` call the real write."""

    def meddle(transport):
        real = transport.write
        transport.write = lambda data: change(real, data)

    return meddle


def test_bytes_that_never_come_are_caught(caught, meddled) -> None:
    mute = meddled(writing(lambda real, data: real(data[:-1])))
    for by in ("test_bytes_go_to_the_server", "test_bytes_go_to_the_client"):
        assert "waited" in caught(TransportSuite, mute, by=by)


def test_bytes_that_change_are_caught(caught, meddled) -> None:
    def lines(real, data):
        real(bytes(data).replace(b"\x0a", b"\x0d"))

    by = "test_every_byte_is_carried_as_it_is"
    said = caught(TransportSuite, meddled(writing(lines)), by=by)
    assert "others from byte 10 on" in said


def test_bytes_out_of_order_are_caught(caught, meddled) -> None:
    def meddle(transport):
        real, held = transport.write, []

        def write(data):
            held.append(bytes(data))
            if len(held) == 2:
                real(b"".join(reversed(held)))
                held.clear()

        transport.write = write

    swapped = meddled(meddle)
    by = "test_one_byte_at_a_time_arrives_in_order"
    caught(TransportSuite, swapped, by=by)


def test_a_large_write_that_is_cut_is_caught(caught, meddled) -> None:
    cut = meddled(writing(lambda real, data: real(data[:LIMIT])))
    for by in (
        "test_much_at_once_arrives_at_the_server",
        "test_much_at_once_arrives_at_the_client",
    ):
        assert "waited" in caught(TransportSuite, cut, by=by)


def test_a_view_that_is_refused_is_caught(caught, meddled) -> None:
    def picky(real, data):
        if not isinstance(data, bytes):
            raise TypeError("bytes only")
        real(data)

    by = "test_a_view_is_written_as_its_bytes"
    said = caught(TransportSuite, meddled(writing(picky)), by=by)
    assert "bytes only" in said


def test_an_empty_write_that_ends_it_is_caught(caught, meddled) -> None:
    def meddle(transport):
        real = transport.write

        def write(data):
            if data:
                real(data)
            else:
                transport.write_eof()

        transport.write = write

    by = "test_writing_nothing_is_harmless"
    caught(TransportSuite, meddled(meddle), by=by)


def test_connections_that_mix_are_caught(caught, meddled) -> None:
    ends = []

    def meddle(transport):
        ends.append(transport)
        transport.write = type(ends[0]).write.__get__(ends[0])

    by = "test_connections_do_not_mix"
    caught(TransportSuite, meddled(meddle), by=by)


def test_one_direction_at_a_time_is_caught(caught, meddled) -> None:
    said = []

    def half(real, data):
        said.append(real)
        if len(said) == 1:
            real(data)

    by = "test_both_directions_go_at_once"
    caught(TransportSuite, meddled(writing(half)), by=by)
