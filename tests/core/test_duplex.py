"""The transport pair: against real Unix sockets where the two compare, and
by itself where threads and closed loops come in."""

import asyncio
import gc
import socket
import sys
import threading
import weakref
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugwire.duplex import PIPE_BYTES, pair

MEGABYTE = b"0123456789abcdef" * 65536


class Recorder(asyncio.BaseProtocol):
    """Writes down what it is called with; `keep` is its answer to the end
    of the stream, `act` maps a callback's name to what it does then."""

    def __init__(self, keep=False, **act):
        self.calls = []
        self.data = bytearray()
        self.keep = keep
        self.act = act
        self.changed = asyncio.Event()

    def note(self, *call):
        self.calls.append(call)
        self.changed.set()
        if call[0] in self.act:
            self.act[call[0]](self)

    async def until(self, true):
        while not true():
            self.changed.clear()
            await self.changed.wait()

    async def called(self, name):
        await self.until(lambda: name in [c[0] for c in self.calls])

    async def received(self, size):
        await self.until(lambda: len(self.data) >= size)

    def connection_made(self, transport):
        self.transport = transport
        self.note("made")

    def data_received(self, data):
        assert type(data) is bytes
        assert data
        self.data += data
        self.note("data")

    def eof_received(self):
        self.note("eof")
        return self.keep

    def connection_lost(self, error):
        self.note("lost", type(error))

    def pause_writing(self):
        self.note("pause")

    def resume_writing(self):
        self.note("resume")

    def seen(self):
        """What is the same each time: reads in a row count as one, and how
        often a writer was paused is a matter of who ran when."""
        calls = [c for c in self.calls if c[0] not in ("pause", "resume")]
        return [
            c
            for before, c in pairwise([(), *calls])
            if before != c or c[0] != "data"
        ]

    def flow(self):
        return [c[0] for c in self.calls if c[0] in ("pause", "resume")]


class Streamed(Recorder, asyncio.Protocol):
    pass


class Buffered(Recorder, asyncio.BufferedProtocol):
    """Takes what comes in pieces of 1,021 bytes at most."""

    room = bytearray(1021)

    def get_buffer(self, sizehint):
        return self.room

    def buffer_updated(self, size):
        self.data_received(bytes(self.room[:size]))


async def over_sockets(a, b):
    loop = asyncio.get_running_loop()
    for end, protocol in zip(socket.socketpair(), (a, b), strict=True):
        await loop.create_connection(lambda p=protocol: p, sock=end)


async def over_memory(a, b):
    loop = asyncio.get_running_loop()
    for end, protocol in zip(pair(loop, loop), (a, b), strict=True):
        end.begin(protocol)


def echo(protocol):
    protocol.transport.write(bytes(protocol.data))
    protocol.data.clear()


def close(protocol):
    protocol.transport.close()


def pause(protocol):
    protocol.transport.pause_reading()


def no_buffer(protocol):
    protocol.transport.set_write_buffer_limits(high=0)


def break_down(protocol):
    raise ZeroDivisionError


# Each scenario makes two protocols, and then does something with them. It
# ends when both are lost.


async def s_echo(a, b):
    for text in (b"one", bytearray(b"two"), memoryview(b"three")):
        a.transport.write(text)
        await a.received(len(text))
        a.data.clear()
    a.transport.writelines([b"four", b"five"])
    await a.received(8)
    a.transport.close()


async def s_single_bytes(a, b):
    for byte in b"one by one":
        a.transport.write(bytes([byte]))
    await b.received(10)
    a.transport.close()


async def s_close_flushes(a, b):
    for _ in range(10):
        a.transport.write(MEGABYTE)
    assert a.flow() == ["pause"]
    assert a.transport.get_write_buffer_size() > 9 * len(MEGABYTE)
    a.transport.close()
    a.transport.close()
    assert a.transport.is_closing()
    assert not a.transport.is_reading()


async def s_both_ways_at_once(a, b):
    for end in (a, b):
        for _ in range(10):
            end.transport.write(MEGABYTE)
    await a.received(10 * len(MEGABYTE))
    await b.received(10 * len(MEGABYTE))
    assert a.transport.get_write_buffer_size() == 0
    assert a.flow()[-1] == b.flow()[-1] == "resume"
    a.transport.close()


async def s_half_close(a, b):
    a.transport.write(MEGABYTE)
    assert a.transport.can_write_eof()
    a.transport.write_eof()
    a.transport.write_eof()
    with pytest.raises(RuntimeError):
        a.transport.write(b"more")
    await b.called("eof")
    b.transport.write(MEGABYTE)
    await a.received(len(MEGABYTE))
    b.transport.close()


async def s_end_right_away(a, b):
    a.transport.write_eof()
    await b.called("lost")


async def s_abort_drops_what_is_unsent(a, b):
    for _ in range(4):
        a.transport.write(MEGABYTE)
    a.transport.abort()
    a.transport.abort()
    assert a.transport.get_write_buffer_size() == 0
    a.transport.write(b"nothing")
    await a.called("lost")
    b.transport.resume_reading()
    await b.called("lost")
    arrived = len(b.data)
    assert 0 < arrived < len(MEGABYTE)  # Linux carries 214 KiB
    b.data.clear()


async def s_peer_leaves_with_bytes_unread(a, b):
    a.transport.write(b"never read")
    b.transport.close()


async def s_last_words_then_reset(a, b):
    a.transport.write(b"never read")
    b.transport.write(b"last words")
    b.transport.close()


async def s_write_to_who_left(a, b):
    b.transport.close()
    await b.called("lost")
    a.transport.write(b"into nothing")


async def s_paused_writer_hears_that_the_peer_left(a, b):
    a.transport.write(MEGABYTE)
    assert a.flow() == ["pause"]
    b.transport.abort()


async def s_paused_both_ways_when_the_peer_leaves(a, b):
    a.transport.write(MEGABYTE)
    a.transport.pause_reading()
    assert a.flow() == ["pause"]
    b.transport.abort()


async def s_nothing_passes_while_paused(a, b):
    a.transport.write(b"wait")
    b.transport.pause_reading()
    assert not b.transport.is_reading()
    a.transport.write_eof()
    for _ in range(5):
        await asyncio.sleep(0)
    assert b.seen() == [("made",)]
    b.transport.resume_reading()
    b.transport.resume_reading()
    assert b.transport.is_reading()


async def s_paused_by_each_read(a, b):
    for n in range(3):
        a.transport.write(b"piece")
        await b.received(5 * n + 5)
        assert not b.transport.is_reading()
        b.transport.resume_reading()
    a.transport.close()


async def s_written_after_close(a, b):
    a.transport.write(MEGABYTE)
    a.transport.close()
    a.transport.write(b"while the rest is sent")


async def s_closed_by_the_first_call(a, b):
    await a.called("lost")


async def s_failing_protocol(a, b):
    a.transport.write(b"1")


async def s_failing_end(a, b):
    a.transport.write_eof()


async def s_failing_writer(a, b):
    a.transport.write(MEGABYTE)
    await b.received(len(MEGABYTE))
    a.transport.close()


async def s_another_protocol_takes_over(a, b):
    a.transport.write(b"to the first")
    await b.received(12)
    second = Streamed()
    second.transport = b.transport
    assert b.transport.get_protocol() is b
    b.transport.set_protocol(second)
    assert b.transport.get_protocol() is second
    a.transport.write(b"to the second")
    a.transport.close()
    await second.called("lost")
    b.calls += second.calls
    b.data += second.data


SCENARIOS = [
    (s_echo, {}, {"data": echo}),
    (s_single_bytes, {}, {}),
    (s_close_flushes, {"made": no_buffer}, {}),
    (s_both_ways_at_once, {"made": no_buffer}, {"made": no_buffer}),
    (s_half_close, {}, {"keep": True}),
    (s_end_right_away, {}, {}),
    (s_abort_drops_what_is_unsent, {}, {"made": pause}),
    (s_write_to_who_left, {"made": pause}, {}),
    (s_nothing_passes_while_paused, {}, {"made": pause}),
    (s_paused_by_each_read, {}, {"data": pause}),
    (s_written_after_close, {}, {}),
    (s_paused_both_ways_when_the_peer_leaves, {"made": no_buffer}, {}),
    (s_closed_by_the_first_call, {"made": close}, {}),
    (s_failing_protocol, {}, {"data": break_down}),
    (s_failing_end, {}, {"eof": break_down}),
    (s_failing_writer, {"pause": break_down, "resume": break_down}, {}),
    (s_another_protocol_takes_over, {}, {}),
]
if sys.platform == "linux":  # others say end of file where it says reset
    SCENARIOS += [
        (s_peer_leaves_with_bytes_unread, {}, {"made": pause}),
        (s_last_words_then_reset, {}, {"made": pause}),
        (s_paused_writer_hears_that_the_peer_left, {}, {"made": pause}),
    ]


async def play(connect, scenario, a, b):
    """What both saw, and what the loop was told went wrong."""
    failures = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda _, context: failures.append(type(context.get("exception")))
    )
    await connect(a, b)
    await scenario(a, b)
    for end in (a, b):
        await end.called("lost")
        flow = end.flow()
        assert flow[::2] == ["pause"] * len(flow[::2])
        assert flow[1::2] == ["resume"] * len(flow[1::2])
    return [a.seen(), a.data, b.seen(), b.data, failures]


@pytest.mark.parametrize("kind", [Streamed, Buffered])
@pytest.mark.parametrize(
    ("scenario", "of_a", "of_b"),
    SCENARIOS,
    ids=lambda v: getattr(v, "__name__", ""),
)
async def test_protocols_see_what_they_see_on_a_socket(
    scenario, of_a, of_b, kind
):
    real = await play(over_sockets, scenario, Streamed(**of_a), kind(**of_b))
    ours = await play(over_memory, scenario, Streamed(**of_a), kind(**of_b))
    assert ours == real
    assert ours[0][-1][0] == ours[2][-1][0] == "lost"


async def made(a=None, b=None):
    """Two protocols, connected over a pair."""
    a, b = a or Streamed(), b or Streamed()
    await over_memory(a, b)
    return a, b


async def end_both(a, b):
    b.transport.resume_reading()
    a.transport.abort()
    await a.called("lost")
    await b.called("lost")


async def test_the_peer_is_never_called_from_within_a_write():
    a, b = await made()
    a.transport.write(b"now")
    a.transport.write_eof()
    assert b.seen() == [("made",)]
    await b.called("lost")


async def test_bytes_on_their_way_are_bounded_as_are_the_calls():
    loop = asyncio.get_running_loop()
    a, b = await made(Streamed(made=no_buffer))
    b.transport.pause_reading()
    a.transport.write(bytes(PIPE_BYTES))
    assert (a.transport.get_write_buffer_size(), a.flow()) == (0, [])
    a.transport.write(b"!")
    assert a.transport.get_write_buffer_size() == 1
    assert a.flow() == ["pause"]
    b.transport.resume_reading()
    await b.received(PIPE_BYTES + 1)
    assert a.flow() == ["pause", "resume"]
    for _ in range(1000):
        a.transport.write(b"!")
    assert len(loop._ready) == 1  # one turn, whatever was written
    await b.received(PIPE_BYTES + 1001)
    await end_both(a, b)


async def test_what_the_caller_does_to_its_buffer_does_not_matter():
    a, b = await made()
    data = bytearray(b"x" * (PIPE_BYTES + 5))
    a.transport.write(data)
    data[:] = b"y" * len(data)
    await b.received(len(data))
    assert set(b.data) == {ord("x")}
    await end_both(a, b)


async def test_a_writer_waits_until_three_quarters_are_read():
    class Sips(Buffered):
        room = bytearray(PIPE_BYTES // 8)

    paused_after = []

    def sip(protocol):
        paused_after.append(a.flow())

    a, b = await made(Streamed(made=no_buffer), Sips(data=sip))
    a.transport.write(bytes(PIPE_BYTES + 8))
    await b.received(PIPE_BYTES + 8)
    assert paused_after[4] == ["pause"]
    assert paused_after[-1] == ["pause", "resume"]
    await end_both(a, b)


async def test_a_writer_is_resumed_at_the_low_limit():
    sizes = []

    def note(a):
        sizes.append(a.transport.get_write_buffer_size())

    a, b = await made(Streamed(pause=note, resume=note))
    a.transport.set_write_buffer_limits(high=2 * PIPE_BYTES, low=10)
    a.transport.write(bytes(4 * PIPE_BYTES + 5))
    await b.received(4 * PIPE_BYTES + 5)
    assert sizes == [3 * PIPE_BYTES + 5, 5]
    await end_both(a, b)


async def test_room_made_while_a_write_is_under_way_is_not_missed():
    a, b = await made()
    put = a.transport._put

    def put_and_read(view):
        """As if the reader, in its thread, ran at this very moment."""
        taken = put(view)
        b.transport._turn()
        return taken

    a.transport._put = put_and_read
    a.transport.write(bytes(PIPE_BYTES + 5))
    assert len(b.data) == PIPE_BYTES
    await b.received(PIPE_BYTES + 5)
    del a.transport._put
    await end_both(a, b)


async def test_limits_are_those_of_asyncio():
    a, b = await made()
    transport = a.transport
    assert transport.get_write_buffer_limits() == (16384, 65536)
    transport.set_write_buffer_limits(low=10)
    assert transport.get_write_buffer_limits() == (10, 40)
    transport.set_write_buffer_limits()
    assert transport.get_write_buffer_limits() == (16384, 65536)
    with pytest.raises(ValueError, match="high 1 >= low 2"):
        transport.set_write_buffer_limits(high=1, low=2)
    b.transport.pause_reading()
    transport.write(bytes(PIPE_BYTES + 100))
    assert a.flow() == []
    transport.set_write_buffer_limits(high=99)
    assert a.flow() == ["pause"]
    assert transport.get_extra_info("peername") is None
    assert repr(transport) == "<DuplexTransport open unsent=100>"
    await end_both(a, b)
    transport.write(b"dropped without a word")
    assert transport.get_protocol() is None
    assert repr(transport) == "<DuplexTransport closing unsent=0>"


async def test_what_is_no_bytes_is_refused():
    a, b = await made()
    with pytest.raises(TypeError, match="not str"):
        a.transport.write("text")
    a.transport.write(b"")
    await end_both(a, b)
    assert not b.data


async def test_an_empty_buffer_ends_the_connection():
    class NoRoom(Buffered):
        room = bytearray()

    told = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))
    a, b = await made(b=NoRoom())
    a.transport.write(b"x")
    await a.called("lost")
    assert b.calls[-1] == ("lost", RuntimeError)
    assert "empty buffer" in str(told[0]["exception"])


async def test_a_protocol_that_fails_to_begin_leaves_nothing_open():
    loop = asyncio.get_running_loop()
    near, far = pair(loop, loop)
    a = Streamed()
    near.begin(a)
    with pytest.raises(ZeroDivisionError):
        far.begin(Streamed(made=break_down))
    assert far.is_closing()
    await a.called("lost")
    assert a.calls[-1] == ("lost", ConnectionResetError)


async def test_the_end_that_is_kept_open_is_said_once():
    a, b = await made(b=Streamed(keep=True))
    a.transport.write_eof()
    await b.called("eof")
    b.transport.pause_reading()
    b.transport.resume_reading()
    b.transport.write(b"still here")
    await a.received(10)
    assert b.seen() == [("made",), ("eof",)]
    await end_both(b, a)


@pytest.mark.parametrize("stop", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("where", ["data", "pause"])
def test_a_wish_to_exit_is_not_swallowed(stop, where):
    def leave(protocol):
        raise stop

    async def main():
        a, _ = await made(
            Streamed(made=no_buffer, pause=leave),
            Streamed(data=leave if where == "data" else close),
        )
        a.transport.write(bytes(10 if where == "data" else PIPE_BYTES + 1))
        await a.called("lost")

    with pytest.raises(stop):
        asyncio.run(main())


async def test_streams_of_asyncio_run_on_it():
    loop = asyncio.get_running_loop()
    ends = []
    for transport in pair(loop, loop):
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport.begin(protocol)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        ends.append((reader, writer))
    (r1, w1), (r2, w2) = ends
    w1.write(MEGABYTE)
    w1.write_eof()
    draining = asyncio.create_task(w1.drain())
    assert await r2.read() == MEGABYTE
    await draining
    for writer in (w1, w2):
        writer.close()
        await writer.wait_closed()
    assert await r1.read() == b""


async def test_a_pair_that_is_over_is_let_go():
    a, b = await made()
    gone = weakref.ref(a.transport)
    await end_both(a, b)
    del a, b
    await asyncio.sleep(0)
    gc.collect()
    assert gone() is None


@given(
    sizes=st.lists(st.integers(1, PIPE_BYTES * 2), max_size=12),
    sips=st.integers(1, PIPE_BYTES),
    room=st.integers(1, PIPE_BYTES),
)
@settings(max_examples=50, deadline=None)
def test_bytes_arrive_once_and_in_order(sizes, sips, room):
    whole = b"".join(
        (n.to_bytes(4, "big") * (size // 4 + 1))[:size]
        for n, size in enumerate(sizes)
    )

    class Sips(Buffered):
        pass

    least = len(whole) // 500 + 1
    Sips.room = bytearray(max(sips, least))

    async def main():
        loop = asyncio.get_running_loop()
        a, b = Streamed(made=no_buffer), Sips()
        ends = pair(loop, loop, to_other=max(room, least))
        for end, protocol in zip(ends, (a, b), strict=True):
            end.begin(protocol)
        at = 0
        for size in sizes:
            a.transport.write(whole[at : at + size])
            at += size
            await asyncio.sleep(0)
        a.transport.close()
        await b.called("lost")
        assert b.data == whole
        assert a.flow().count("pause") - a.flow().count("resume") in (0, 1)

    asyncio.run(main())


class Thread(threading.Thread):
    """Runs `main(thread)` in a loop of its own; `started` has the loop."""

    def __init__(self, main):
        super().__init__()
        self.main = main
        self.ready = threading.Event()
        self.error = None

    def run(self):
        try:
            asyncio.run(self.go())
        except BaseException as error:
            self.error = error

    async def go(self):
        self.loop = asyncio.get_running_loop()
        self.stop = asyncio.Event()
        self.ready.set()
        await self.main(self)

    def __enter__(self):
        self.start()
        self.ready.wait()
        return self

    def __exit__(self, *_):
        self.join()
        if self.error:
            raise self.error


async def test_ends_in_two_threads_both_ways_with_backpressure():
    result = {}

    async def serve(thread):
        b = result["b"] = Streamed(data=back)
        await thread.stop.wait()
        await b.called("lost")

    def back(b):
        assert threading.current_thread() is thread
        b.transport.write(bytes(b.data))
        result["count"] = result.get("count", 0) + len(b.data)
        b.data.clear()

    a = Streamed(made=no_buffer)
    with Thread(serve) as thread:
        near, far = pair(asyncio.get_running_loop(), thread.loop)
        near.begin(a)
        a.transport.write(b"before the other began")
        thread.loop.call_soon_threadsafe(lambda: far.begin(result["b"]))
        whole = b"before the other began"
        for n in range(10):
            piece = MEGABYTE[n:]
            whole += piece
            a.transport.write(piece)
            await a.received(len(whole) // 2)
        await a.received(len(whole))
        a.transport.close()
        await a.called("lost")
        thread.loop.call_soon_threadsafe(thread.stop.set)
    assert a.data == whole
    assert result["count"] == len(whole)
    assert result["b"].calls[0] == ("made",)
    assert result["b"].calls[-2:] == [("eof",), ("lost", type(None))]


async def test_a_loop_that_was_closed_is_a_dead_peer():
    async def serve():
        far.begin(Streamed())

    def run_and_close():
        loop.run_until_complete(serve())
        loop.close()

    a = Streamed()
    loop = asyncio.new_event_loop()
    near, far = pair(asyncio.get_running_loop(), loop)
    await asyncio.to_thread(run_and_close)
    near.begin(a)
    a.transport.write(b"is anybody there")
    await a.called("lost")
    assert a.seen() == [("made",), ("lost", ConnectionResetError)]


def test_closing_after_the_loop_was_closed_raises_nothing():
    a, b = Streamed(), Streamed()

    async def main():
        await over_memory(a, b)

    asyncio.run(main())
    a.transport.write(b"nobody")
    a.transport.close()
    b.transport.abort()
    assert a.transport.is_closing()
    assert b.transport.is_closing()
    assert (a.seen(), b.seen()) == ([("made",)], [("made",)])


@pytest.mark.parametrize("action", ["write", "close"])
def test_another_thread_that_calls_it_is_told_in_debug_mode(action):
    async def main():
        a, b = await made()
        args = [b"x"] if action == "write" else []
        with pytest.raises(RuntimeError, match="Non-thread-safe"):
            await asyncio.to_thread(getattr(a.transport, action), *args)
        b.transport.abort()
        await b.called("lost")

    asyncio.run(main(), debug=True)


async def test_an_end_that_never_began_can_be_aborted():
    loop = asyncio.get_running_loop()
    near, far = pair(loop, loop)
    a = Streamed()
    near.begin(a)
    far.abort()
    await a.called("lost")
    assert a.calls[-1] == ("lost", type(None))
