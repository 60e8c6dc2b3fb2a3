"""Plugins as authors write them, for composing; they carry nothing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from plugwire import ConfigurationError, Problem, Settings, hookimpl
from plugwire.compose import compose_server
from plugwire.interfaces import ALLOW


class End:
    """A listener and a connector made of sockets, never opened."""

    address = "nowhere"
    shared = True
    looks_up = False

    def __init__(self, **given):
        self.given = given

    def open(self, backlog): ...
    def accepted(self, sock, *, small): ...
    def close(self): ...
    def targets(self, told): ...
    def connected(self, sock): ...
    def mend(self, error): ...


class Carrier:
    default_permissions = ("anyone",)

    @hookimpl
    def bind(self, endpoint, socket_dir, context):
        return End(endpoint=endpoint, folder=socket_dir, context=context)

    @hookimpl
    def connect(self, endpoint, socket_dir, context):
        return End(endpoint=endpoint, folder=socket_dir, context=context)


class Coder:
    def __init__(self, format="toy", lines=False):
        self.format = format
        self.lines = lines

    def encode(self, message):
        return b""

    def frame(self, bodies):
        return b"".join(bodies)


class Reader:
    def feed(self, data):
        return []


class Codec:
    def __init__(self, format="toy", lines=False):
        self.coder = format, lines

    @hookimpl
    def encode(self, max_message_bytes):
        return Coder(*self.coder)

    @hookimpl
    def decode(self):
        return Reader


class Kept:
    def wants(self, joined): ...
    def offer(self, item, joined): ...
    def preface(self, joined, since, now): ...
    def handed(self, item): ...
    def returned(self, items): ...
    def clear(self): ...
    def __len__(self):
        return 0


class Queue:
    @hookimpl
    def queue(self, context):
        return Kept()


class Door:
    def __init__(self, name="open", needs_proof=False):
        self.name = name
        self.needs_proof = needs_proof

    def admit(self, peer, welcome, hello): ...
    def prove(self, peer, welcome, hello): ...
    def confirm(self, peer, welcome, hello, joined): ...
    def prepare(self): ...


class Gated:
    def __init__(self, name="open", needs_proof=False):
        self.gate = Door(name, needs_proof)

    @hookimpl
    def accept(self):
        return self.gate


class Checked:
    @hookimpl
    def authorize(self):
        return self.check

    def check(self, peer, verb, subject):
        return ALLOW


class Wrapper:
    """An extension that notes in whose order it was asked."""

    name = "wrapper"

    def __init__(self, label="w", log=None, changes_bytes=False):
        self.label = label
        self.log = [] if log is None else log
        self.changes_bytes = changes_bytes

    @hookimpl
    def wrap(self, layers, context):
        self.log.append((self.label, context.door, layers.queue is not None))
        return replace(layers)


class Lacking:
    """Has the attributes but not all methods."""

    name = format = "toy"
    lines = needs_proof = False
    address = ""

    def start(self): ...


def given(**changed) -> Settings:
    base = {
        "transport": Carrier(),
        "codec": Codec(),
        "queue": Queue(),
        "permissions": (Gated(), Checked()),
    }
    return Settings(**{**base, **changed})


def wrong(settings, kind=ConfigurationError, problems=()):
    with pytest.raises(kind) as caught:
        compose_server("x", settings, problems)
    assert all(str(p) in str(caught.value) for p in caught.value.problems)
    return caught.value


def only(error) -> Problem:
    (problem,) = error.problems
    return problem
