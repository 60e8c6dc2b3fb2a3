"""Extensions that keep every promise, for others to break."""

from __future__ import annotations

import zlib

from msgspec.structs import replace

from plugwire import MessageError, hookimpl
from plugwire.framing import (
    MAX_FRAME_MESSAGES,
    FrameSplitter,
    frame,
    frame_limit,
)

ALL = ("encoder", "decoder", "checks", "queue")
BYTES = ("encoder", "decoder", "changes_bytes")


class Zipped:
    """Compresses frames, as a stranger would write it."""

    changes_bytes = True

    def around(self, encoder):
        return ZippedEncoder(encoder)

    def behind(self, decoder, most):
        return ZippedDecoder(decoder, most)

    @hookimpl
    def wrap(self, layers, context):
        most = frame_limit(context.max_message_bytes) + MAX_FRAME_MESSAGES
        return replace(
            layers,
            encoder=self.around(layers.encoder),
            decoder=lambda: self.behind(layers.decoder(), most),
        )


class ZippedEncoder:
    lines = False

    def __init__(self, inner):
        self.inner = inner
        self.format = inner.format

    def encode(self, message):
        return self.inner.encode(message)

    def frame(self, bodies):
        return frame(zlib.compress(self.inner.frame(bodies)))


class ZippedDecoder:
    def __init__(self, inner, most):
        self.inner = inner
        self.most = most
        self.splitter = FrameSplitter(most + most // 1000 + 64)
        self.unpacked = 0

    def feed(self, data):
        found = []
        self.unpacked = 0
        for payload in self.splitter.feed(data):
            text = self.unzip(payload)
            found += self.inner.feed(text)
            self.unpacked += self.weighed(text)
        return found

    def weighed(self, text):
        return getattr(self.inner, "unpacked", len(text))

    def unzip(self, payload):
        unzip = zlib.decompressobj()
        try:
            text = unzip.decompress(payload, self.most + 1)
        except zlib.error as error:
            raise MessageError(f"no zip: {error}") from None
        if len(text) > self.most or not unzip.eof:
            raise MessageError("too large, or incomplete")
        return text


class Counted:
    """Counts what passes through every layer, and changes nothing."""

    @hookimpl
    def wrap(self, layers):
        decoder, queue = layers.decoder, layers.queue
        return replace(
            layers,
            encoder=CountedEncoder(layers.encoder),
            decoder=lambda: CountedDecoder(decoder()),
            checks=tuple(self.checked(check) for check in layers.checks),
            queue=None if queue is None else CountedQueue(queue),
        )

    def checked(self, check):
        def counted(peer, verb, subject):
            return check(peer, verb, subject)

        return counted


class CountedEncoder:
    def __init__(self, inner):
        self.inner = inner
        self.format, self.lines = inner.format, inner.lines
        self.count = 0

    def encode(self, message):
        self.count += 1
        return self.inner.encode(message)

    def frame(self, bodies):
        return self.inner.frame(bodies)


class CountedDecoder:
    def __init__(self, inner):
        self.inner = inner

    def feed(self, data):
        return self.inner.feed(data)

    def __getattr__(self, name):
        return getattr(self.inner, name)


class CountedQueue:
    def __init__(self, inner):
        self.inner = inner

    def wants(self, joined):
        return self.inner.wants(joined)

    def offer(self, item, joined):
        return self.inner.offer(item, joined)

    def preface(self, joined, since, now):
        return self.inner.preface(joined, since, now)

    def handed(self, item):
        self.inner.handed(item)

    def returned(self, items):
        self.inner.returned(items)

    def clear(self):
        return self.inner.clear()

    def __len__(self):
        return len(self.inner)


class Idle:
    """Wraps nothing."""

    @hookimpl
    def wrap(self, layers):
        return layers
