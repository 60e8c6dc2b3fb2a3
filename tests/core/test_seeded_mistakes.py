"""Mistakes that people make in their settings, and what they are told.

Each is one slip, seeded into a configuration that is right otherwise: in a
file, a variable, a call or `--set`. All of a table are made at once, and all
have to be told in one run, with the key, the place and what to do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from plugwire import ConfigurationError, PluginError, Problem
from plugwire.compose import compose_client, compose_server
from plugwire.loading import gather

ENOUGH = 0.95
"""The share of mistakes that must be told with key, place and mend."""


class Seed(NamedTuple):
    """One slip: what is written, in which table or place, the key that has
    to be named, and words that have to be in the mend (or, where a plugin
    speaks for itself, in what was expected)."""

    place: str
    written: str
    key: str
    words: str


FILE = [
    # Names of keys.
    Seed("", 'codce = "json"', "codce", "plugwire.codec?"),
    Seed("", "max-connections = 5", "max-connections", "max_connections?"),
    Seed("", "maxConnections = 5", "maxConnections", "max_connections?"),
    Seed("", "tcp_port = 9000", "tcp_port", "plugwire.tcp.port?"),
    Seed("tpc", "port = 1", "tpc", "plugwire.tcp?"),
    Seed("tcp", "prot = 1", "tcp.prot", "plugwire.tcp.port?"),
    Seed("fifo", "sise = 1", "fifo.sise", "plugwire.fifo.size?"),
    Seed("*", "[tcp]\nport = 5", "tcp", "plugwire.tcp"),
    # Types.
    Seed("", 'backlog = "9100"', "backlog", "write 9100 without quotes"),
    Seed("", "handler_threads = true", "handler_threads", "is 8"),
    Seed("", 'lag_grace = "10"', "lag_grace", "write 10 without quotes"),
    Seed("", 'reconnect = "yes"', "reconnect", "write true"),
    Seed("", "outbox_messages = 1.5", "outbox_messages", "is 1000"),
    Seed("", 'permissions = "peer"', "permissions", '["peer"]'),
    Seed("listen.c", 'extensions = "x"', "listen.c.extensions", '["x"]'),
    Seed("fifo", 'bytes = "8"', "fifo.bytes", "write 8 without quotes"),
    # Values and ranges.
    Seed("", "default_timeout = nan", "default_timeout", "is 5.0"),
    Seed("", "drain_timeout = -1", "drain_timeout", "is 10.0"),
    Seed("", 'timezone = "Europe/Pariss"', "timezone", '"Europe/Paris"'),
    Seed("", 'lag = "drop_oldst"', "lag", '"drop_oldest"'),
    Seed("", 'socket_dir = "run"', "socket_dir", 'run", say'),
    Seed("", "buffer_size = 0", "buffer_size", "is 4096"),
    Seed("", "max_message_bytes = 16777216", "max_message_bytes", "1048576"),
    Seed("", 'event_loop = "uvlop"', "event_loop", '"uvloop"'),
    Seed("tcp", "port = 70000", "tcp.port", "is 0"),
    Seed("fifo", "age = -1", "fifo.age", "is 0"),
    Seed("token", 'file = "token"', "token.file", "an absolute path"),
    # Doors.
    Seed("listen.a", 'trasport = "tcp"', "listen.a.trasport", ".transport?"),
    Seed("listen.a", "backlog = 9", "listen.a.backlog", "plugwire.backlog"),
    Seed("listen.a", "permissions = []", "listen.a.permissions", "anyone"),
    Seed('listen."b c"', "plain = true", 'listen."b c"', "rename the door"),
    Seed("listen", "flat = 5", "listen.flat", "[plugwire.listen.flat]"),
    Seed("listen.c", 'lag = "Drop"', "listen.c.lag", "'disconnect'"),
    Seed("listen.c", 'unix = "0600"', "listen.c.unix", "unix.KEY"),
    # Names of plugins.
    Seed("listen.d", 'codec = "jsno"', "listen.d.codec", "'json'"),
    Seed("listen.d", 'transport = "tpc"', "listen.d.transport", "'tcp'"),
    Seed("listen.d", 'permissions = ["per"]', "listen.d.permissions", "peer"),
    Seed("listen.e", 'codec = "tcp"', "listen.e.codec", "names a transport"),
    Seed("listen.f", 'codec = "json@jsn"', "listen.f.codec", "@plugwire-json"),
    Seed("listen.g", "codec = 5", "listen.g.codec", ""),
    # What does not go together.
    Seed("listen.h", 'permissions = ["rules"]', "listen.h.permissions", "add"),
    Seed("listen.i", "plain = true", "listen.i.plain", "plain = false"),
    Seed(
        "listen.j",
        'permissions = ["peer", "peer"]',
        "listen.j.permissions",
        "once",
    ),
    Seed(
        "listen.k",
        'permissions = ["peer", "rules"]\n'
        'rules = { allow = [{ who = "*", verbs = ["conect"] }] }',
        "listen.k.rules.allow[0].verbs[0]",
        '"connect"',
    ),
    Seed(
        "listen.l",
        "unix = { socket_permissions = 600 }",
        "listen.l.unix.socket_permissions",
        '"600"',
    ),
    Seed(
        "listen.m",
        'unix = { socket_permissions = "888" }',
        "listen.m.unix.socket_permissions",
        "octal",
    ),
    Seed("listen.n.json", "x = 1", "listen.n.json", "take [plugwire"),
]

ENVIRONMENT = [
    Seed("PLUGWIRE_TRANSPROT", "tcp", "transprot", "PLUGWIRE_TRANSPORT?"),
    Seed("PLUGWIRE_PLAIN", "perhaps", "plain", "is false"),
    Seed("PLUGWIRE_FIFO__SIZ", "5", "fifo.siz", "PLUGWIRE_FIFO__SIZE?"),
    Seed("PLUGWIRE_TCP_HOST", "x", "tcp_host", "PLUGWIRE_TCP__HOST?"),
    Seed("PLUGWIRE_HANDLER_QUEUE", "many", "handler_queue", "is 64"),
    Seed("PLUGWIRE_qUEUE", "fifo", "queue", "PLUGWIRE_QUEUE"),
    Seed("PLUGWIRE_HISTORY", "5", "history", "PLUGWIRE_HISTORY__KEY"),
    Seed("PLUGWIRE_LISTEN__A__CODCE", "json", "listen.a.codce", "__CODEC?"),
    Seed("PLUGWIRE_RECONNECT_CAP", "1h", "reconnect_cap", "is 30.0"),
    Seed("PLUGWIRE_OUTBOX_BYTES", "8M", "outbox_bytes", "is 8388608"),
]

CALL = [
    Seed("outbox_byte", "1", "outbox_byte", "plugwire.outbox_bytes?"),
    Seed("buffer_bytes", "'8'", "buffer_bytes", "8 without quotes"),
    Seed("total_outbox_bytes", "None", "total_outbox_bytes", "268435456"),
    Seed("service_connections", "-1", "service_connections", "is 8"),
    Seed("blocking_mode", "1", "blocking_mode", "write true"),
    Seed("peer", "5", "peer", "plugwire.peer.KEY"),
    Seed("codec", "Codec", "codec", "hand over an instance, Codec(...)"),
]

SET = [
    Seed("reconect_tries", "1", "reconect_tries", "reconnect_tries?"),
    Seed("fifo.ag", "1", "fifo.ag", "plugwire.fifo.age?"),
    Seed("handshake_timeout", "5s", "handshake_timeout", "is 5.0"),
    Seed("plugwire.reconnect_delay", "-1", "reconnect_delay", "is 0.1"),
    Seed("listen.a.codecc", "json", "listen.a.codecc", "listen.a.codec?"),
    Seed("extensions", "[zip", "extensions", '["a", "b"]'),
]


FRAME = """
[plugwire.listen.right]
transport = "tcp"
codec = "msgpack"
permissions = ["token"]
[plugwire.listen.n]
codec = "json"
"""
"""What is right: a door that names the plugins whose sections are looked
into, and the word for one section."""


class Codec:
    """A class where an instance is wanted."""


def file_of(seeds: list[Seed]) -> tuple[str, dict[str, int]]:
    """A file with all of them, and the line of each slip by its key."""
    tables: dict[str, list[Seed]] = {}
    for seed in seeds:
        tables.setdefault(seed.place, []).append(seed)
    text, lines = "", {}
    for place, own in tables.items():
        if place != "*":
            text += f"[plugwire.{place}]\n" if place else "[plugwire]\n"
        for seed in own:
            header = seed.key == place  # the table's own name is the slip
            lines[seed.key] = text.count("\n") + (0 if header else 1)
            lines[seed.key] += seed.key.startswith("listen.k.")
            text += f"{seed.written}\n"
    return text + FRAME, lines


def everything(path: Path) -> tuple[Problem, ...]:
    """All that one run tells, as `plugwire config check` does."""
    names = {"None": None, "Codec": Codec}
    settings, problems = gather(
        path,
        {s.place: names.get(s.written) or _value(s.written) for s in CALL},
        texts={s.place: s.written for s in SET},
    )
    told = list(problems)
    with pytest.raises((ConfigurationError, PluginError)) as caught:
        compose_server("load", settings, problems)
    told += caught.value.problems
    for door in settings.doors("load"):
        try:
            compose_client(
                "load",
                settings,
                door=door.name,
                endpoint=door.endpoint,
                transport=door.transport,
                codec=door.codec,
            )
        except (ConfigurationError, PluginError) as error:
            told += error.problems
    return tuple(dict.fromkeys(told))


def _value(text: str) -> object:
    return None if text == "None" else eval(text, {})


def expected(path: Path, lines: dict[str, int]) -> Iterator[tuple[Seed, str]]:
    """Each slip, and the origin that has to be told."""
    for seed in FILE:
        yield seed, f"{path}:{lines[seed.key]}"
    for seed in ENVIRONMENT:
        yield seed, f"environment {seed.place}"
    for seed in CALL:
        yield seed, "call"
    for seed in SET:
        yield seed, "--set"


def suggestion(problem: Problem) -> str:
    """What is said of how it should be; a plugin says all in its words."""
    own = "" if problem.expected else problem.found
    return f"{problem.expected}{own}; {problem.mend}"


def key_of(seed: Seed) -> str:
    return seed.key if seed.place == "*" else f"plugwire.{seed.key}"


def test_fifty_mistakes_are_told_in_one_run_with_key_place_and_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in os.environ if n.startswith("PLUGWIRE_")]:
        monkeypatch.delenv(name)
    text, lines = file_of(FILE)
    path = tmp_path / "plugwire.toml"
    path.write_text(text)
    for seed in ENVIRONMENT:
        monkeypatch.setenv(seed.place, seed.written)
    told = everything(path)
    seeds = list(expected(path, lines))
    assert len(seeds) >= 50
    unseen, poorly = [], []
    for seed, origin in seeds:
        about = [p for p in told if p.key == key_of(seed)]
        if not about:
            unseen.append(seed)
        elif not any(
            p.origin == origin and seed.words in suggestion(p) for p in about
        ):
            poorly.append((seed, origin, [str(p) for p in about]))
    assert not unseen, f"{len(unseen)} of {len(seeds)}: {unseen}"
    well = 1 - len(poorly) / len(seeds)
    assert well >= ENOUGH, f"{len(poorly)} of {len(seeds)}: {poorly}"
    # Nothing is told that nobody did.
    keys = {key_of(seed) for seed, _ in seeds}
    assert [str(p) for p in told if p.key not in keys] == []


def test_without_the_slips_nothing_is_told(tmp_path: Path) -> None:
    """The frame itself is right, so that what is told are the slips."""
    path = tmp_path / "plugwire.toml"
    path.write_text(
        "[plugwire]\n[plugwire.tcp]\n[plugwire.fifo]\n[plugwire.token]\n"
        "[plugwire.listen.a]\n[plugwire.listen.b]\ntransport = 'tcp'\n"
    )
    settings, problems = gather(path, {})
    assert problems == []
    assert len(compose_server("load", settings).doors) == 2
