"""The wrapped encoder and decoder: what is said comes out, and as it was."""

from __future__ import annotations

from itertools import pairwise

import pytest

from plugwire.errors import MessageError
from plugwire.framing import MAX_FRAME_MESSAGES
from plugwire.testing.extension.base import (
    ExtensionBase,
    Wrap,
    drained,
    message,
    same,
    samples,
    sent,
)


class Coding(ExtensionBase):
    """Bytes, honest and whole."""

    def test_it_says_whether_it_changes_bytes(self, wrap: Wrap) -> None:
        """`changes_bytes = True` on the class makes both ends agree on it
        in the handshake; where it lies, peers cannot read each other."""
        said = getattr(self.plugin, "changes_bytes", False)
        assert isinstance(said, bool), (
            f"changes_bytes must be True or False; found {said!r}"
        )
        layers = self.given()
        plainly = sent(layers.encoder, samples())
        wrapped = sent(wrap(layers).encoder, samples())
        changes = plainly != wrapped
        assert said == changes, (
            f"the class says changes_bytes = {said}, and the bytes on the "
            f"wire {'differ' if changes else 'are the same'} with it"
        )
        shown = f"{len(plainly)} bytes without it, {len(wrapped)} with it"
        self.claimed("changes_bytes", present=changes, shown=shown)

    def test_messages_come_back(self, wrap: Wrap) -> None:
        """What the one side says is what the other one hears."""
        layers = wrap(self.given())
        data = sent(layers.encoder, samples())
        same(layers.decoder().feed(data), samples())

    @pytest.mark.parametrize("pieces", [1, 2, 3, 7, 4096])
    def test_bytes_may_come_in_any_pieces(
        self, wrap: Wrap, pieces: int
    ) -> None:
        """A stream keeps no boundaries: a read may end anywhere."""
        few = [message({"n": n, "text": "abc " * n}) for n in range(20)]
        layers = wrap(self.given())
        data = sent(layers.encoder, few)
        same(drained(layers.decoder(), data, pieces), few)

    def test_a_frame_holds_many_messages(self, wrap: Wrap) -> None:
        """A tick's messages go out in one frame, up to 4096 of them."""
        many = [message({"n": n}) for n in range(MAX_FRAME_MESSAGES)]
        layers = wrap(self.given())
        bodies = [layers.encoder.encode(each) for each in many]
        data = layers.encoder.frame(bodies)
        same(layers.decoder().feed(data), many)

    def test_each_frame_stands_alone(self, wrap: Wrap) -> None:
        """Whoever joins late starts amid the stream: a frame must need none
        that came before it."""
        layers = wrap(self.given())
        frames = [
            layers.encoder.frame([layers.encoder.encode(each)])
            for each in samples()
        ]
        for frame, each in zip(frames, samples(), strict=True):
            same(layers.decoder().feed(frame), [each])

    def test_bodies_may_be_framed_again_and_in_any_order(
        self, wrap: Wrap
    ) -> None:
        """A broadcast is encoded once, and framed for each client that is
        at another place; a queue frames it much later."""
        layers = wrap(self.given())
        few = samples()[:3]
        bodies = [layers.encoder.encode(each) for each in few]
        for order in ([0, 1, 2], [2, 1, 0], [1, 1], [0, 2]):
            data = layers.encoder.frame([bodies[at] for at in order])
            same(layers.decoder().feed(data), [few[at] for at in order])

    def test_connections_do_not_meet(self, wrap: Wrap) -> None:
        """Each connection has a decoder of its own; what they share mixes
        up the clients."""
        layers = wrap(self.given())
        one, other = layers.decoder(), layers.decoder()
        first, second = samples()[1], samples()[2]
        whole = sent(layers.encoder, [first])
        half = len(whole) // 2
        found = one.feed(whole[:half])
        same(other.feed(sent(layers.encoder, [second])), [second])
        same([*found, *one.feed(whole[half:])], [first])

    def test_the_format_stays_the_codecs(self, wrap: Wrap) -> None:
        """Clients find a door by its encoder's `format`: what an extension
        changes is announced beside it, by its own name."""
        layers = self.given()
        wrapped = wrap(layers).encoder
        assert wrapped.format == layers.encoder.format, (
            f"format must stay {layers.encoder.format!r}; found "
            f"{wrapped.format!r}"
        )
        if "changes_bytes" not in self.capabilities:
            assert wrapped.lines is layers.encoder.lines, (
                f"lines must stay {layers.encoder.lines}: a plain door goes "
                f"by it; found {wrapped.lines}"
            )

    def test_what_cannot_be_sent_is_still_said(self, wrap: Wrap) -> None:
        """The sender is told by `MessageError`, whatever is around the
        codec, and the encoder is as good as before."""
        layers = wrap(self.given())
        with pytest.raises(MessageError):
            layers.encoder.encode(message({"what": object()}))
        data = sent(layers.encoder, samples())
        same(layers.decoder().feed(data), samples())

    def test_the_order_stays(self, wrap: Wrap) -> None:
        """Nothing overtakes: many small frames, one after the other."""
        layers = wrap(self.given())
        many = [message({"n": n}) for n in range(500)]
        found = drained(layers.decoder(), sent(layers.encoder, many), 1000)
        same(found, many)
        assert all(a.data["n"] < b.data["n"] for a, b in pairwise(found))
