"""What a codec hands over when its hooks are asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugwire.errors import ConfigurationError
from plugwire.framing import HEADER, HEADER_BYTES
from plugwire.plugins import installed
from plugwire.testing.codec.bench import Bench, Benched
from plugwire.testing.codec.model import message, rich
from plugwire.testing.pipes import Pipes
from plugwire.testing.watching import watched


class Shapes(Benched):
    """Hooks, names, and what a frame is made of."""

    def test_its_hooks_are_answered(self, instance: Any, pipes: Pipes) -> None:
        """A server that names the codec starts: composing asks for `encode`
        and `decode`, and looks at what they hand over."""
        door = pipes.pipeline(codec=instance).doors[0]
        assert callable(door.encoder.encode)
        assert callable(door.decoder)

    def test_hooks_and_messages_do_no_input_or_output(
        self, instance: Any, pipes: Pipes, bench: Bench
    ) -> None:
        """Hooks are asked in the server's loop, and messages pass in it:
        whoever waits for a disk there makes all clients wait."""
        bench.read(bench.wire(rich()))  # imports are over
        pipes.pipeline(codec=instance)
        with watched() as seen:
            pipes.pipeline(codec=instance)
            bench.read(bench.wire(rich()))
        assert not seen, f"expected none, found {seen}"

    def test_format_is_a_word(self, bench: Bench) -> None:
        """Both ends say it in the handshake, and people read it there."""
        name = bench.encoder.format
        assert type(name) is str, f"expected a str, found {name!r}"
        assert name.isascii(), f"expected ASCII, found {name!r}"
        assert name.isprintable(), f"expected one word, found {name!r}"
        assert name.split() == [name], f"expected one word, found {name!r}"

    def test_format_is_on_the_class_where_the_name_is_another(
        self, bench: Bench
    ) -> None:
        """Clients find a door by its format before they make a codec: a
        plugin whose name is not its format says so on its class."""
        found = getattr(self.plugin, "format", None)
        if found is not None:
            assert found == bench.encoder.format, (
                f"the class says {found!r}, its encoder "
                f"{bench.encoder.format!r}"
            )
            return
        value = f"{self.plugin.__module__}:{self.plugin.__qualname__}"
        names = {f.name for f in installed() if f.value == value}
        assert not names or bench.encoder.format in names, (
            f"{value} is installed as {sorted(names)} and makes "
            f"{bench.encoder.format!r}: give the class `format`"
        )

    def test_format_is_the_same_each_time(
        self, bench: Bench, benches: Callable[..., Bench]
    ) -> None:
        """Two doors of one codec serve the same clients."""
        again = benches(4096).encoder.format
        assert again == bench.encoder.format

    def test_each_connection_has_a_decoder_of_its_own(
        self, bench: Bench
    ) -> None:
        """One that is shared mixes the halves of two clients' frames."""
        assert bench.decoder() is not bench.decoder()

    def test_bodies_and_frames_are_bytes(self, bench: Bench) -> None:
        """They are joined, counted and kept: a bytearray or a view of
        something that changes must not get there."""
        body = bench.encoder.encode(rich())
        assert type(body) is bytes, f"a body of {type(body).__name__}"
        frame = bench.encoder.frame([body])
        assert type(frame) is bytes, f"a frame of {type(frame).__name__}"

    def test_feed_gives_a_list_of_messages(self, bench: Bench) -> None:
        """What follows indexes it and counts it."""
        got = bench.decoder().feed(bench.wire(message()))
        assert type(got) is list, f"expected a list, found {got!r:.80}"

    def test_lines(self, bench: Bench) -> None:
        """`lines` on the encoder is what plain doors go by."""
        told = bench.encoder.lines
        assert type(told) is bool, f"expected a bool, found {told!r}"
        shown = f"lines is {told} on its encoder"
        self.claimed("lines", present=told, shown=shown)

    def test_each_message_is_one_line_of_text(self, bench: Bench) -> None:
        """`nc | jq` reads a plain door: a line a message, and no other."""
        self.need("lines")
        text = "one\ntwo\r\nthree\u2028\u0085four"
        sent = [rich(), message({"text": text, text: 1}), message()]
        data = bench.wire(*sent)
        data.decode("utf-8")
        assert data.endswith(b"\n")
        assert data.count(b"\n") == len(sent), f"found {data!r:.300}"
        assert b"\r" not in data

    def test_lines_that_people_type_are_read(self, bench: Bench) -> None:
        """A carriage return before the end is cut off, an empty line is
        nothing: terminals and editors send both."""
        self.need("lines")
        line = bench.wire(message()).rstrip(b"\n")
        data = b"\n\r\n" + line + b"\r\n\n" + line + b"\n"
        assert bench.read(data) == [message()] * 2

    def test_a_plain_door_takes_it(self, instance: Any, pipes: Pipes) -> None:
        """The configuration says `plain = true`, and the server starts; a
        codec of no lines is refused there."""
        try:
            door = pipes.pipeline(codec=instance, plain=True).doors[0]
        except ConfigurationError as error:
            shown = f"a plain door refuses it: {error}"
            self.claimed("lines", present=False, shown=shown)
        else:
            shown = f"a plain door takes its {door.format!r}"
            self.claimed("lines", present=True, shown=shown)

    def test_frames(self, bench: Bench) -> None:
        """A frame that announces its length can be refused before anything
        of it is held; `plugwire.framing` makes and cuts such frames."""
        sent = (bench.wire(message()), bench.wire(rich(), message()))
        heads = [HEADER.unpack(data[:HEADER_BYTES])[0] for data in sent]
        lengths = [len(data) - HEADER_BYTES for data in sent]
        self.claimed(
            "frames",
            present=heads == lengths,
            shown=f"frames of {lengths} bytes begin with the ints {heads}",
        )
