"""Clients' pipelines that are composed as others were."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from toys import Carrier

from plugwire import PluginError, PlugwireError, hookimpl, plugins
from plugwire.compose import compose_client
from plugwire.loading import load_settings
from plugwire.parts import Workshop
from plugwire.pipeline import ClientPipeline
from plugwire.settings import Settings

ACME = """
from plugwire import hookimpl

class Coder:
    format = "acme"
    lines = True
    def encode(self, message): return b""
    def frame(self, bodies): return b""

class Reader:
    def feed(self, data): return []

class Acme:
    @hookimpl
    def encode(self): return Coder()
    @hookimpl
    def decode(self): return Reader

class Gate:
    needs_proof = False
    def __init__(self, name): self.name = name
    def prepare(self): ...
    def admit(self, peer, welcome, hello): ...
    def prove(self, peer, welcome, hello): ...
    def confirm(self, peer, welcome, hello, joined): ...

class One:
    names = ["one"]
    @hookimpl
    def accept(self): return Gate(self.names[-1])

class Two:
    @hookimpl
    def accept(self): return Gate("two")

class End:
    address = ""
    async def connect(self, make, told): ...

class Way:
    proposals = [("one", "two")]
    def __init__(self): self.default_permissions = self.proposals[-1]
    @hookimpl
    def bind(self): ...
    @hookimpl
    def connect(self): return End()
"""


@pytest.fixture
def acme(install: Any) -> type[Any]:
    """A codec of somebody else, and its class."""
    install(
        "acme-codec",
        {
            "plugwire.codecs": {"acme": "acme_plan:Acme"},
            "plugwire.transports": {"way": "acme_plan:Way"},
            "plugwire.permissions": {
                "one": "acme_plan:One",
                "two": "acme_plan:Two",
            },
        },
        modules={"acme_plan": ACME},
    )
    cls: type[Any] = plugins.load("codec", "acme").cls
    return cls


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The doors that were composed from the beginning."""
    seen: list[str] = []
    parts = Workshop.parts

    def noted(self: Workshop, door: Any, *args: Any, **more: Any) -> Any:
        seen.append(door.name)
        return parts(self, door, *args, **more)

    monkeypatch.setattr(Workshop, "parts", noted)
    return seen


def settings(folder: Path, **more: Any) -> Settings:
    return load_settings(
        {"socket_dir": folder, "transport": "unix", "codec": "acme", **more}
    )


def copy_of(function: Any) -> FunctionType:
    """The same, without the marks that are set on the other later."""
    return FunctionType(
        function.__code__, globals(), closure=function.__closure__
    )


def client(given: Settings, **other: Any) -> ClientPipeline:
    words = {
        "door": "main",
        "endpoint": "load",
        "transport": given.transport,
        "codec": given.codec,
    }
    return compose_client("load", given, **{**words, **other})


def test_the_second_is_like_the_first_and_shares_nothing_that_it_uses(
    tmp_path: Path, acme: type[Any], whole: list[str]
) -> None:
    first, second = (client(settings(tmp_path)) for _ in range(2))
    assert whole == ["main"]
    for name in ("door", "endpoint", "transport", "codec", "format",
                 "extensions", "answers", "decoder"):  # fmt: skip
        assert getattr(first, name) == getattr(second, name), name
    assert first.connector.address == second.connector.address
    assert first.connector is not second.connector
    assert first.encoder is not second.encoder
    (one,), (other,) = first.gates, second.gates
    assert one.name == other.name
    assert one is not other


@pytest.mark.parametrize(
    "other",
    [
        {"door": "side"},
        {"endpoint": "load.side"},
        {"transport": "memory"},
        {"codec": "json"},
    ],
    ids=str,
)
def test_other_words_are_composed(
    tmp_path: Path, acme: type[Any], whole: list[str], other: dict[str, str]
) -> None:
    given = settings(tmp_path)
    client(given)
    found = client(given, **other)
    assert len(whole) == 2
    assert {name: getattr(found, name) for name in other} == other


def test_other_settings_and_another_folder_are_composed(
    tmp_path: Path,
    acme: type[Any],
    whole: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client(settings(tmp_path))
    client(settings(tmp_path, max_message_bytes=9000))
    assert len(whole) == 2
    given = load_settings({"transport": "unix", "codec": "acme"})
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
        found = client(given)
        assert found.connector.address.startswith(str(folder))


def test_what_the_operator_forbids_meanwhile_is_refused(
    tmp_path: Path, acme: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client(settings(tmp_path))
    for variable, value in (
        ("PLUGWIRE_DISABLE", "acme"),
        ("PLUGWIRE_ALLOW", "unix"),
    ):
        monkeypatch.setenv(variable, value)
        with pytest.raises(PluginError, match=variable):
            client(settings(tmp_path))
        monkeypatch.delenv(variable)
    client(settings(tmp_path))


def test_a_rival_that_is_installed_meanwhile_is_told(
    tmp_path: Path, acme: type[Any], install: Any
) -> None:
    client(settings(tmp_path))
    install("rival-codec", {"plugwire.codecs": {"acme": "acme_plan:Acme"}})
    with pytest.raises(PluginError, match="rival-codec"):
        client(settings(tmp_path))


def test_a_hook_that_was_replaced_is_asked(
    tmp_path: Path, acme: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client(settings(tmp_path))

    def encode(self: Any) -> Any:
        coder: Any = type(first.encoder)()
        coder.format = "other"
        return coder

    unmarked = copy_of(encode)
    monkeypatch.setattr(acme, "encode", hookimpl(encode))
    assert client(settings(tmp_path)).format == "other"
    for no_hook in (unmarked, None):
        monkeypatch.setattr(acme, "encode", no_hook)
        with pytest.raises(PluginError, match="does not answer `encode`"):
            client(settings(tmp_path))


@pytest.mark.parametrize(
    ("answer", "words"),
    [(ValueError("not today"), "not today"), (None, "None"), ("x", "a str")],
    ids=["fails", "nothing", "of no use"],
)
def test_what_a_hook_does_wrong_later_is_told(
    tmp_path: Path, acme: type[Any], answer: object, words: str
) -> None:
    good, answers = acme().encode(), []

    @hookimpl
    def encode(self: Any) -> Any:
        if not answers:
            return good
        if isinstance(answer, Exception):
            raise answer
        return answer

    acme.encode = encode
    client(settings(tmp_path))
    answers.append(answer)
    with pytest.raises(PluginError, match=words) as caught:
        client(settings(tmp_path))
    assert "acme" in str(caught.value)


def test_another_proposal_of_permissions_counts(
    tmp_path: Path, acme: type[Any]
) -> None:
    way = plugins.load("transport", "way").cls
    for words in (("one", "two"), ("two",), ()):
        way.proposals.append(words)
        given = settings(tmp_path, transport="way")
        if words:
            gates = client(given).gates
            assert tuple(gate.name for gate in gates) == words
        else:
            with pytest.raises(PlugwireError, match="proposes none"):
                client(given)


def test_gates_whose_names_become_the_same_are_told(
    tmp_path: Path, acme: type[Any]
) -> None:
    given = settings(tmp_path, transport="way")
    assert [gate.name for gate in client(given).gates] == ["one", "two"]
    plugins.load("permission", "one").cls.names.append("two")
    with pytest.raises(PlugwireError, match="gates of different names"):
        client(given)


@pytest.mark.parametrize(
    "more",
    [
        {"unix": {"socket_permissions": "0660"}},
        {"listen": {"main": {}}},
        {"transport": Carrier()},
    ],
    ids=["a section", "doors", "an instance"],
)
def test_what_more_than_words_decides_is_composed_each_time(
    tmp_path: Path, acme: type[Any], whole: list[str], more: dict[str, Any]
) -> None:
    given = settings(tmp_path, **more)
    for _ in range(2):
        client(given)
    assert len(whole) == 2


def test_many_threads_get_pipelines_of_their_own(
    tmp_path: Path, acme: type[Any]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda _: client(settings(tmp_path)), range(200))
        )
    assert len({id(pipeline.encoder) for pipeline in found}) == 200
    assert len({id(pipeline.gates[0]) for pipeline in found}) == 200
