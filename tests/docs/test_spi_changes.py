"""docs/spi-changes.md: what it promises of arguments, bounds and two cores
holds."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from plugwire import PluginError, hookimpl, interfaces
from plugwire.compose import compose_client, compose_server
from plugwire.interfaces import ALLOW, Deny, Layers, Peer, Subject
from plugwire.loading import gather
from plugwire.memory import Memory, MemoryConnector, MemoryListener
from plugwire.testing.companions import Lines, Shelf, Welcoming

PAGE = "docs/spi-changes.md"
ROOT = Path(__file__).parents[2]
ENTRY = "[plugwire.codecs]\nzjson = plugwire_zjson:Zjson\n"


def text() -> str:
    return (ROOT / PAGE).read_text("utf-8")


def composed(transport: object) -> None:
    """A server's pipeline and a client's, of this transport."""
    given = {
        "transport": transport,
        "codec": Lines(),
        "queue": Shelf(),
        "permissions": (Welcoming(),),
    }
    settings, problems = gather({"socket_dir": "/nowhere"}, given)
    compose_server("spi", settings, problems)
    compose_client(
        "spi",
        settings,
        door="main",
        endpoint="spi",
        transport=transport,
        codec=settings.codec,
    )


class Fewer(Memory):
    """It takes nothing, and one in another order."""

    seen: dict[str, Any]

    @hookimpl
    def bind(self) -> MemoryListener:
        return MemoryListener("spi", Path("/nowhere"))

    @hookimpl
    def connect(self, context: Any, endpoint: str) -> MemoryConnector:
        type(self).seen = {
            "endpoint": endpoint,
            "room": getattr(context, "room", None),
        }
        return MemoryConnector(endpoint, context.socket_dir)


class Unknown(Memory):
    @hookimpl
    def bind(self, endpoint: str, colour: str) -> MemoryListener:
        raise AssertionError(endpoint + colour)


class Defaulted(Memory):
    @hookimpl
    def bind(self, endpoint: str = "x") -> MemoryListener:
        raise AssertionError(endpoint)


def test_an_implementation_takes_what_it_needs() -> None:
    composed(Fewer())
    assert Fewer.seen == {"endpoint": "spi", "room": None}


def test_an_argument_that_there_is_not_is_refused_in_words() -> None:
    with pytest.raises(PluginError) as caught:
        composed(Unknown())
    (words,) = re.findall(r"`(answers a hook wrongly:) …`", text())
    assert words in str(caught.value)
    assert "colour" in str(caught.value)


def test_a_default_is_refused_in_words() -> None:
    with pytest.raises(PluginError) as caught:
        composed(Defaulted())
    (words,) = re.findall(r"`(gives 'endpoint' .*)` \|", text())
    assert words.replace("'", "`") in str(caught.value)


def test_a_core_out_of_bounds_is_refused_before_an_import(
    run: Callable[..., str], place: Path, environment: dict[str, str]
) -> None:
    site = place / "site"
    info = site / "plugwire_example-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: plugwire-example\nVersion: 0.1.0\n"
        "Requires-Dist: plugwire<0.1\n"
    )
    (info / "entry_points.txt").write_text(ENTRY)
    (site / "plugwire_zjson.py").write_text("raise SystemExit('imported')\n")
    environment["PYTHONPATH"] = str(site)
    program = place / "named.py"
    program.write_text(
        "from plugwire import PluginError, Server\n"
        "try:\n"
        "    Server('x', transport='memory', codec='zjson')\n"
        "except PluginError as error:\n"
        "    problem = error.problems[0]\n"
        "    print(problem.found, problem.mend, sep='; ')\n"
    )
    assert f"    {run(program)}" in text()


def test_the_bounds_shown_are_those_that_are_recommended() -> None:
    from plugwire.versions import recommended

    assert f'    dependencies = ["plugwire{recommended()}"]\n' in text()


def check(peer: Peer, verb: str, subject: Subject) -> Any:
    return ALLOW if verb == "receive" else Deny(f"{verb} by {peer}")


@pytest.fixture
def polite(page) -> dict[str, Any]:
    """The names in the module of the page's extension."""
    (block,) = [b for b in page(PAGE) if b.name == "plugwire_polite.py"]
    names: dict[str, Any] = {}
    exec(compile(block.text, block.name, "exec"), names)
    return names


def ask(wrapped: Any, deny: type) -> list[Any]:
    peer = Peer(transport="memory", address="here")
    (checked,) = wrapped.checks
    answers = [checked(peer, v, Subject("x")) for v in ("receive", "send")]
    assert isinstance(answers[1], deny)
    return [answers[0], answers[1].reason]


POLITE = [ALLOW, "sorry: send by here"]


def test_the_extension_works_with_this_core(polite: dict[str, Any]) -> None:
    encoder: Any = object()
    layers = Layers(encoder=encoder, decoder=list, checks=(check,))
    wrapped = polite["Polite"]().wrap(layers)
    assert wrapped.encoder is encoder
    assert ask(wrapped, Deny) == POLITE


def test_the_extension_works_with_dataclasses(polite: dict[str, Any]) -> None:
    """As they were once."""
    fields = [("encoder", Any), ("decoder", Any), ("checks", Any)]
    old_layers = dataclasses.make_dataclass("Layers", fields, frozen=True)
    old_deny = dataclasses.make_dataclass("Deny", ["reason"], frozen=True)
    polite["Deny"] = old_deny

    def deny(peer: Peer, verb: str, subject: Subject) -> Any:
        answer = check(peer, verb, subject)
        return old_deny(answer.reason) if isinstance(answer, Deny) else answer

    wrapped = polite["Polite"]().wrap(old_layers(None, list, (deny,)))
    assert isinstance(wrapped, old_layers)
    assert ask(wrapped, old_deny) == POLITE


def test_the_records_that_changed_are_structs() -> None:
    (told,) = re.findall(r"^- ((?:`\w+`[, and\n]*)+) are\n", text(), re.M)
    for name in re.findall(r"`(\w+)`", told):
        assert issubclass(getattr(interfaces, name), msgspec.Struct), name


def test_the_versions_are_those_of_the_changelog() -> None:
    """What is unreleased may have changed nothing of the SPI yet."""
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## \[(\d.*?)\]", changes, re.MULTILINE)
    listed = re.findall(r"^### (.*)$", text(), re.MULTILINE)
    assert [version for version in listed if version != "Unreleased"] == (
        released
    )
