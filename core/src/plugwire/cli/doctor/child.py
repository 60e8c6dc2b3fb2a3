"""What a child process does for the doctor: it imports plugins, which may
do anything, and tells how that went."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct

from plugwire.cli.options import gathered
from plugwire.compose import compose_client, compose_server
from plugwire.errors import (
    ConfigurationError,
    PluginError,
    PlugwireError,
    Problem,
)
from plugwire.interfaces import SocketListener
from plugwire.pipeline import DoorPipeline
from plugwire.plugins import Kind, find, load
from plugwire.settings import Settings


class Asked(Struct, frozen=True, kw_only=True):
    """One question: `act` is "import", of one plugin, or "compose"."""

    act: str
    kind: Kind = "codec"
    word: str = ""
    event: str = ""
    config: str | None = None
    transport: str | None = None
    codec: str | None = None
    texts: list[tuple[str, str]] = []


class Failed(Struct, frozen=True):
    """A door that does not open, or a gate that is not ready: where, why,
    and the `address` that was tried."""

    where: str
    why: str
    address: str = ""


class Told(Struct, frozen=True, kw_only=True):
    """The answer. `seconds` is the time that the import took, `threads` the
    names of those that it started, `proposes` the permissions of a
    transport."""

    problems: tuple[Problem, ...] = ()
    seconds: float = 0.0
    threads: tuple[str, ...] = ()
    proposes: tuple[str, ...] = ()
    doors: tuple[Failed, ...] = ()
    gates: tuple[Failed, ...] = ()


def main(mark: str, question: str) -> None:
    """Answer `question` on standard output, behind `mark`, and end at once:
    threads that a plugin left would keep the process."""
    asked = msgspec.json.decode(question, type=Asked)
    told = _imported(asked) if asked.act == "import" else _composed(asked)
    sys.stdout.flush()
    answer = memoryview(mark.encode() + msgspec.json.encode(told))
    while answer:
        answer = answer[os.write(1, answer) :]
    os._exit(0)


def _imported(asked: Asked) -> Told:
    find(asked.kind, asked.word)  # the metadata's time is not the plugin's
    before = set(threading.enumerate())
    begun = time.perf_counter()
    problems: tuple[Problem, ...] = ()
    proposes: object = ()
    try:
        loaded = load(asked.kind, asked.word)
        proposes = getattr(loaded.cls, "default_permissions", ())
    except PluginError as error:
        problems = error.problems
    seconds = time.perf_counter() - begun
    left = set(threading.enumerate()) - before
    if not isinstance(proposes, tuple):
        proposes = ()  # composing says what is wrong with them
    return Told(
        problems=problems,
        seconds=seconds,
        threads=tuple(sorted(thread.name for thread in left)),
        proposes=tuple(word for word in proposes if isinstance(word, str)),
    )


def _composed(asked: Asked) -> Told:
    settings, problems = gathered(
        Namespace(
            config=asked.config,
            transport=asked.transport,
            codec=asked.codec,
            texts=asked.texts,
        )
    )
    problems += _wrong(asked.event, settings)
    if problems:
        return Told(problems=tuple(dict.fromkeys(problems)))
    place = tempfile.mkdtemp(prefix="pw-")
    try:
        elsewhere = replace(settings, socket_dir=Path(place))
        doors, gates = _opened(asked.event, elsewhere)
    except ConfigurationError:  # the temporary folder's path is too long
        doors, gates = [], []
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return Told(doors=tuple(doors), gates=tuple(gates))


def _wrong(event: str, settings: Settings) -> Iterator[Problem]:
    """What is wrong with pipelines, on both sides."""
    try:
        compose_server(event, settings)
    except (ConfigurationError, PluginError) as error:
        yield from error.problems
    for door in settings.doors(event):
        if door.plain:
            continue
        try:
            compose_client(
                event,
                settings,
                door=door.name,
                endpoint=door.endpoint,
                transport=door.transport,
                codec=door.codec,
            )
        except (ConfigurationError, PluginError) as error:
            yield from error.problems


def _opened(
    event: str, settings: Settings
) -> tuple[list[Failed], list[Failed]]:
    """The doors that do not open, in a folder where nothing is yet, and the
    gates that are not ready."""
    doors: list[Failed] = []
    gates: list[Failed] = []
    for door in compose_server(event, settings).doors:
        # A socket for a moment harms nobody; what another listener starts
        # is not known.
        if hasattr(door.listener, "open"):
            doors += _refused_by(door)
        missing = _missing(settings, door)
        gates += _unmade(door, missing) if missing else _unready(door)
    return doors, gates


def _refused_by(door: DoorPipeline) -> Iterator[Failed]:
    listener = cast("SocketListener", door.listener)
    try:
        listener.open(1)
    except PlugwireError as error:
        address = getattr(error, "address", "")
        yield Failed(door.door, str(error), address)
    except Exception as error:
        yield Failed(door.door, f"{type(error).__name__}: {error}")
    else:
        listener.close()


def _unready(door: DoorPipeline) -> Iterator[Failed]:
    for gate in door.gates:
        where = f"{gate.name} of door {door.door}"
        try:
            gate.prepare()
        except PlugwireError as error:
            yield Failed(where, str(error))
        except Exception as error:
            yield Failed(where, f"{type(error).__name__}: {error}")


def _missing(settings: Settings, door: DoorPipeline) -> dict[Path, str]:
    """The files that sections of the door name and that are not there, each
    with its key: a gate may make it, and the doctor makes nothing."""
    sections = settings.door("example", door.door).sections
    return {
        path: f"plugwire.{plugin}.{key}"
        for plugin, section in sections.items()
        for key, value in section.items()
        if isinstance(value, str)
        and value[:1] in ("/", "~")
        and not (path := Path(value).expanduser()).exists()
    }


def _unmade(
    door: DoorPipeline, missing: Mapping[Path, str]
) -> Iterator[Failed]:
    """What of the gates' missing files cannot be made."""
    plugins = {a.plugin for a in door.answers if a.kind == "permission"}
    for path, key in missing.items():
        plugin, folder = key.split(".")[1], path.parent
        if plugin not in plugins or os.access(folder, os.W_OK | os.X_OK):
            continue
        name = shlex.quote(str(folder))
        why, mend = f"there is no folder {folder}", f"mkdir -p -m 700 {name}"
        if folder.exists():
            why = f"no file can be made in {folder}"
            mend = f"make {folder} a folder that you may write"
        yield Failed(
            f"{plugin} of door {door.door}",
            f"{key} is {path}, and {why}; {mend}, or name another file",
        )
