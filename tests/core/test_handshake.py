"""Welcome, hello, joined or refused: two machines joined by bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.errors import (
    Denied,
    MessageError,
    PlugwireError,
    Refused,
    TimedOut,
    TooManyConnections,
    ValidationFailed,
)
from plugwire.handshake import (
    MAX_BYTES,
    VERSION,
    ClientHandshake,
    HandshakeRefused,
    Hello,
    Joined,
    ServerHandshake,
    Welcome,
    admit,
    ask,
    is_passing,
    line,
    nonce,
    refusal,
)
from plugwire.interfaces import Peer

PEER = Peer(transport="unix", address="here")
WELCOME = Welcome(
    plugwire=VERSION,
    event="event",
    door="main",
    incarnation="first",
    codec="msgpack",
    max_message_bytes=1000,
    nonce="server's",
    extensions=("zip", "seal"),
)
JOINED = Joined(client_id=7, kept=2, can_send=True, seq=40, missed=3)
LEAST = b'{"plugwire": 1, "extensions": ["zip", "seal"]}\n'
Cut = Callable[[bytes], Iterator[bytes]]


def client(**changes: Any) -> ClientHandshake:
    arguments: dict[str, Any] = {
        "event": "event",
        "codec": "msgpack",
        "extensions": ("zip", "seal"),
        "gates": (),
        "peer": PEER,
        "role": "member",
    }
    return ClientHandshake(**(arguments | changes))


def welcome(**changes: Any) -> Welcome:
    return msgspec.structs.replace(WELCOME, **changes)


def whole(data: bytes) -> Iterator[bytes]:
    yield data


def by_byte(data: bytes) -> Iterator[bytes]:
    for at in range(len(data)):
        yield b""
        yield data[at : at + 1]


def at_random(cuts: list[int]) -> Cut:
    def cut(data: bytes) -> Iterator[bytes]:
        places = sorted({at % len(data) for at in cuts})
        for start, end in zip([0, *places], [*places, None], strict=True):
            yield data[start:end]

    return cut


def shake(
    server: ServerHandshake,
    one: ClientHandshake,
    *,
    cut: Cut = whole,
    answer: bytes = line(JOINED),
) -> Hello:
    """One handshake from end to end; the hello as the server saw it."""
    hello = None
    said = b"".join(map(one.feed, cut(line(server.welcome))))
    for part in cut(said):
        assert hello is None
        hello = server.feed(part)
    assert hello is not None
    for part in cut(answer):
        assert one.feed(part) == b""
    return hello


# ------------------------------------------------------------------- joined


CUTS = [whole, by_byte]


@pytest.mark.parametrize("cut", CUTS)
def test_both_sides_join(cut: Cut) -> None:
    one = client(session="red")
    hello = shake(ServerHandshake(WELCOME), one, cut=cut)
    assert one.joined == JOINED
    assert one.welcome == WELCOME
    assert one.hello == hello
    assert one.rest == b""
    assert (hello.session, hello.since, hello.role) == ("red", None, "member")


@given(cuts=st.lists(st.integers(0, 10_000), max_size=20))
def test_joined_however_the_bytes_are_cut(cuts: list[int]) -> None:
    one = client()
    shake(ServerHandshake(WELCOME), one, cut=at_random(cuts))
    assert one.joined == JOINED


def test_what_follows_joined_is_kept_for_the_protocol() -> None:
    one = client()
    shake(ServerHandshake(WELCOME), one, answer=line(JOINED) + b"\x00{\n")
    assert one.rest == b"\x00{\n"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_least_hello(end: bytes) -> None:
    server = ServerHandshake(welcome(extensions=()))
    hello = server.feed(b'{"plugwire": 1}' + end)
    assert hello == Hello(plugwire=1)
    assert (hello.codec, hello.role, hello.proof) == (None, "member", {})
    hello.proof["token"] = "x"
    assert Hello(plugwire=1).proof == {}
    assert Joined(client_id=1, kept=0, can_send=True).proof == {}


def test_keys_that_are_not_known_are_ignored() -> None:
    server = ServerHandshake(welcome(extensions=()))
    hello = server.feed(b'{"plugwire": 1, "colour": {"red": [1]}}\n')
    assert hello == Hello(plugwire=1)
    one = client()
    more = json.loads(line(WELCOME)) | {"colour": 1}
    assert one.feed(json.dumps(more).encode() + b"\n")
    one.feed(b'{"client_id": 1, "kept": 0, "can_send": true, "x": []}\n')
    assert one.joined is not None


def test_since_is_told_to_the_same_incarnation_only() -> None:
    for known, since in ((("first", 9), 9), (("second", 9), None)):
        one = client(known=known)
        hello = shake(ServerHandshake(WELCOME), one)
        assert hello.since == since


def test_nonces_are_long_and_their_own() -> None:
    assert len({nonce() for _ in range(100)}) == 100
    assert len(nonce()) == 32
    one, other = client(), client()
    for each in (one, other):
        each.feed(line(WELCOME))
    assert one.hello is not None
    assert other.hello is not None
    assert one.hello.nonce != other.hello.nonce


# ------------------------------------------------------------------ refused


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize(
    ("error", "kind", "passing"),
    [
        (TooManyConnections("full up", "wait"), TooManyConnections, True),
        (Denied("not you", "ask"), Denied, False),
        (HandshakeRefused("busy", "stopping", "wait"), "busy", True),
        (HandshakeRefused("version", "old", "new"), "version", False),
        (HandshakeRefused("codec", "json", "x"), "codec", False),
        (HandshakeRefused("extensions", "zip", "x"), "extensions", False),
        (HandshakeRefused("protocol", "HTTP", "x"), "protocol", False),
        (HandshakeRefused("unheard of", "hm", "x"), "protocol", False),
        (TimedOut("too slow", seconds=5.0), "busy", True),
        (ValidationFailed("no session name"), "protocol", False),
    ],
)
@pytest.mark.parametrize("early", [True, False])
def test_a_refusal_arrives_in_its_exact_kind(
    cut: Cut,
    error: PlugwireError,
    kind: type[Refused] | str,
    passing: bool,
    early: bool,
) -> None:
    one = client()
    if not early:  # else in place of the welcome
        one.feed(line(WELCOME))
    with pytest.raises(Refused) as info:
        b"".join(map(one.feed, cut(refusal(error))))
    if isinstance(kind, str):
        assert isinstance(info.value, HandshakeRefused)
        assert info.value.kind == kind
    else:
        assert type(info.value) is kind
    if isinstance(error, Refused):
        assert str(info.value) == str(error)
    else:
        assert str(error) in str(info.value)
    assert is_passing(info.value) is passing
    assert one.joined is None


def test_what_is_no_refusal_does_not_pass() -> None:
    assert not is_passing(MessageError("x"))


def test_refusal_is_clean_and_short() -> None:
    loud = HandshakeRefused("protocol", "\ud800\n" * 90_000, "é" * 90_000)
    assert len(refusal(loud)) < 1000
    one = client()
    with pytest.raises(HandshakeRefused) as info:
        one.feed(refusal(loud))
    assert str(info.value).isascii()
    assert "\n" not in str(info.value)


def test_words_of_a_hostile_server_are_cleaned() -> None:
    said = {"refused": "\x1b[31m" * 500, "mend": {"a": "\x07"}, "kind": [1]}
    one = client()
    with pytest.raises(HandshakeRefused) as info:
        one.feed(json.dumps(said).encode() + b"\n")
    assert str(info.value).isprintable()
    assert len(str(info.value)) < 500
    assert info.value.kind == "protocol"


# ------------------------------------------------------------- a mismatch


def test_version_mismatch_is_said_on_the_server() -> None:
    for text in (b'{"plugwire": 2, "codec": [1]}\n', b'{"plugwire": 0}\n'):
        with pytest.raises(HandshakeRefused) as info:
            ServerHandshake(WELCOME).feed(text)
        assert info.value.kind == "version"
        assert "the client speaks version" in info.value.reason
        assert "this server version 1" in info.value.reason
        assert info.value.mend == (
            "install the same release of plugwire on both sides"
        )


def test_version_mismatch_is_said_on_the_client() -> None:
    for text in (line(welcome(plugwire=2)), b'{"plugwire":2,"nonce":7}\n'):
        with pytest.raises(HandshakeRefused) as info:
            client().feed(text)
        assert info.value.kind == "version"
        assert "the server speaks version 2, this client" in info.value.reason


def test_a_version_of_very_many_digits_is_cut() -> None:
    with pytest.raises(HandshakeRefused) as info:
        ServerHandshake(WELCOME).feed(b'{"plugwire":' + b"9" * 4000 + b"}\n")
    assert len(info.value.reason) < 400


CODEC = (
    "the client's codec is json, the codec of door 'main' of 'event' is "
    'msgpack; set codec = "msgpack" for the client, or take another door'
)


def test_codec_mismatch_is_said_on_both_sides() -> None:
    hello = Hello(plugwire=1, codec="json", extensions=("zip", "seal"))
    with pytest.raises(HandshakeRefused) as server:
        ServerHandshake(WELCOME).feed(line(hello))
    with pytest.raises(HandshakeRefused) as other:
        client(codec="json").feed(line(WELCOME))
    for info in (server, other):
        assert str(info.value) == CODEC
        assert info.value.kind == "codec"


@pytest.mark.parametrize(
    ("extensions", "named"),
    [((), "none"), (("seal", "zip"), "seal, zip"), (("zip",), "zip")],
)
def test_extensions_mismatch_is_said_on_both_sides(
    extensions: tuple[str, ...], named: str
) -> None:
    hello = Hello(plugwire=1, extensions=extensions)
    with pytest.raises(HandshakeRefused) as server:
        ServerHandshake(WELCOME).feed(line(hello))
    with pytest.raises(HandshakeRefused) as other:
        client(extensions=extensions).feed(line(WELCOME))
    for info in (server, other):
        assert str(info.value) == (
            f"the client's extensions are {named}, those of door 'main' are "
            "zip, seal; name the same extensions on both sides, in the same "
            "order"
        )
        assert info.value.kind == "extensions"


def test_another_event_is_turned_down() -> None:
    with pytest.raises(HandshakeRefused, match="'other' is served here"):
        client().feed(line(welcome(event="other")))


def test_names_of_a_hostile_welcome_are_cleaned() -> None:
    evil = "\x1b[31m\n" * 400
    for changes in (
        {"codec": evil, "door": evil},
        {"extensions": (evil, evil), "door": evil},
        {"event": evil},
    ):
        with pytest.raises(HandshakeRefused) as info:
            client().feed(line(welcome(**changes)))
        assert str(info.value).isprintable()
        assert len(str(info.value)) < 1500


# --------------------------------------------------------- what is no hello


def test_http_is_turned_away_at_its_first_byte() -> None:
    with pytest.raises(HandshakeRefused) as info:
        ServerHandshake(WELCOME).feed(b"G")
    assert "its first byte is b'G', not '{'" in info.value.reason
    assert "use a plugwire client" in info.value.mend
    with pytest.raises(MessageError, match="no plugwire server answers here"):
        client().feed(b"H")


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b'{"plugwire": "1"}',
        b'{"plugwire": true}',
        b'{"plugwire": 1.0}',
        b'{"plugwire": 1, "role": "king"}',
        b'{"plugwire": 1, "proof": {"a": 1}}',
        b'{"plugwire": 1, "proof": []}',
        b'{"plugwire": 1, "since": -1}',
        b'{"plugwire": 1, "since": 9223372036854775808}',
        b'{"plugwire": 1, "session": 5}',
        b'{"plugwire": 1, "session": "\xff"}',
        b'{"plugwire": 1, "session": "\\ud800"}',
        b'{"plugwire": 1',
        b"{" * 10_000,
        b'{"plugwire": 1, "x": ' + b"[" * 10_000 + b"}",
        b'{"plugwire": ' + b"1" * 10_000 + b"}",
    ],
)
def test_what_is_no_hello_is_refused_with_the_least_one(text: bytes) -> None:
    with pytest.raises(HandshakeRefused) as info:
        ServerHandshake(WELCOME).feed(text + b"\n")
    assert info.value.kind == "protocol"
    assert info.value.reason.startswith("this is no hello: ")
    assert len(info.value.reason) < 300
    assert '{"plugwire": 1}' in info.value.mend


def test_bytes_between_hello_and_joined_are_refused() -> None:
    with pytest.raises(HandshakeRefused, match="before joined"):
        ServerHandshake(WELCOME).feed(LEAST + b"{")
    server = ServerHandshake(WELCOME)
    assert server.feed(LEAST) is not None
    assert server.feed(b"") is None
    with pytest.raises(HandshakeRefused, match="wait for joined"):
        server.feed(b"{")


def test_server_that_speaks_before_our_hello_is_none() -> None:
    with pytest.raises(MessageError, match="before it had our hello"):
        client().feed(line(WELCOME) + line(JOINED))
    early = client()
    assert early.feed(line(WELCOME) + line(JOINED)[:5])  # hello
    with pytest.raises(MessageError, match="before it had our hello"):
        early.feed(line(JOINED)[5:])


@pytest.mark.parametrize("cut", [0, 5])
def test_server_may_refuse_before_it_has_our_hello(cut: int) -> None:
    """It had no time for us, and both its lines came in one read."""
    no = refusal(HandshakeRefused("busy", "others wait", "try again"))

    def read() -> None:
        early = client()
        early.feed(line(WELCOME) + no[: cut or None])
        early.feed(no[cut:])

    with pytest.raises(HandshakeRefused, match="others wait") as info:
        read()
    assert info.value.kind == "busy"
    assert info.value.mend == "try again"


def padded(text: bytes, size: int) -> bytes:
    """`text`, an object, as a line of `size` bytes without its end."""
    return text[:-1] + b" " * (size - len(text)) + b"}\n"


@pytest.mark.parametrize("cut", CUTS)
def test_hello_may_have_so_many_bytes_in_all(cut: Cut) -> None:
    def feed(size: int) -> None:
        server = ServerHandshake(WELCOME)
        for part in cut(padded(LEAST[:-1], size)):
            server.feed(part)

    feed(MAX_BYTES)
    with pytest.raises(HandshakeRefused, match="over 16384 bytes"):
        feed(MAX_BYTES + 1)


def test_line_without_an_end_is_refused_in_time() -> None:
    server = ServerHandshake(WELCOME)
    assert server.feed(b"{" + b" " * (MAX_BYTES - 1)) is None
    with pytest.raises(HandshakeRefused, match="over 16384 bytes"):
        server.feed(b" ")


def test_welcome_and_joined_share_their_limit() -> None:
    first = line(WELCOME)
    room = MAX_BYTES - (len(first) - 1)
    for size, fits in ((room, True), (room + 1, False)):
        one = client()
        one.feed(first)
        joined = padded(line(JOINED)[:-1], size)
        if fits:
            one.feed(joined)
            assert one.joined == JOINED
        else:
            with pytest.raises(MessageError, match="neither joined nor"):
                one.feed(joined)


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"[]",
        b"joined",
        b'{"client_id": -1, "kept": 0, "can_send": true}',
        b'{"client_id": 1, "kept": -1, "can_send": true}',
        b'{"client_id": 1, "kept": 0, "can_send": 1}',
        b'{"client_id": 1, "kept": 0, "can_send": true, "seq": -5}',
        b'{"client_id": 1, "kept": 0, "can_send": true, "proof": 1}',
        b"{" * 9000,
    ],
)
def test_what_is_neither_joined_nor_refused(text: bytes) -> None:
    one = client()
    one.feed(line(WELCOME))
    with pytest.raises(MessageError, match="neither joined nor refused"):
        one.feed(text + b"\n")
    assert one.joined is None


def test_who_says_joined_and_refused_has_refused() -> None:
    one = client()
    one.feed(line(WELCOME))
    both = b'{"client_id": 1, "kept": 0, "can_send": true, "refused": "no"}\n'
    with pytest.raises(HandshakeRefused, match="no"):
        one.feed(both)
    assert one.joined is None


def test_what_is_no_welcome() -> None:
    for text in (b"{}", b'{"event": 1}', b"{]", line(JOINED)[:-1]):
        with pytest.raises(MessageError, match="first line is no welcome"):
            client().feed(text + b"\n")


@given(
    data=st.binary(max_size=300).map(lambda end: b"{" + end)
    | st.binary(max_size=30),
    cuts=st.lists(st.integers(0, 400), max_size=5),
    joining=st.booleans(),
)
def test_random_bytes_raise_only_what_is_declared(
    data: bytes, cuts: list[int], joining: bool
) -> None:
    parts = list(at_random(cuts)(data)) if data else []
    server, one = ServerHandshake(WELCOME), client()
    if joining:
        one.feed(line(WELCOME))
    with suppress(HandshakeRefused):
        for part in parts:
            server.feed(part)
    with suppress(Refused, MessageError):
        for part in parts:
            one.feed(part)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        *Hello.__struct_fields__,
        *Welcome.__struct_fields__,
        *Joined.__struct_fields__,
        "refused",
        "mend",
        "kind",
    ]
)


@given(said=st.dictionaries(KEYS, JSON), proper=st.sampled_from([0, 1, 2]))
def test_random_values_raise_only_what_is_declared(
    said: dict[str, Any], proper: int
) -> None:
    base: list[dict[str, Any]] = [
        {"plugwire": 1},
        json.loads(line(WELCOME)),
        json.loads(line(JOINED)),
    ]
    text = json.dumps(base[proper] | said).encode() + b"\n"
    joining = client()
    joining.feed(line(WELCOME))
    try:
        ServerHandshake(WELCOME).feed(text)
    except HandshakeRefused as error:
        refusal(error)
    for one in (client(), joining):
        try:
            one.feed(text)
        except (Refused, MessageError) as error:
            wrong = str(error)
        else:
            wrong = ""
        assert wrong.isprintable()


# -------------------------------------------------------------------- gates


class Word:
    """A gate: both sides know the word."""

    needs_proof = True

    def __init__(self, word: str, name: str = "word") -> None:
        self.name = name
        self.word = word

    def prepare(self) -> None:
        pass

    def admit(
        self, peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str | None:
        if hello.get("proof", {}).get(self.name) != self.word:
            raise Denied("that is not the word", "ask for it")
        return f"{self.word} {hello['nonce']}"

    def prove(
        self, peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str | None:
        assert welcome["nonce"] == "server's"
        assert "proof" not in hello
        return self.word

    def confirm(
        self,
        peer: Peer,
        welcome: Mapping[str, Any],
        hello: Mapping[str, Any],
        joined: Mapping[str, Any],
    ) -> None:
        if joined["proof"].get(self.name) != f"{self.word} {hello['nonce']}":
            raise Denied("the server does not know the word")


def joined_with(proof: dict[str, str]) -> bytes:
    return line(msgspec.structs.replace(JOINED, proof=proof))


def test_both_sides_prove_themselves() -> None:
    gates = (Word("sesame"), Word("open", "second"))
    server, one = ServerHandshake(WELCOME), client(gates=gates)
    hello = server.feed(one.feed(line(WELCOME)))
    assert hello is not None
    assert hello.proof == {"word": "sesame", "second": "open"}
    proof = admit(gates, PEER, WELCOME, hello)
    assert set(proof) == {"word", "second"}
    one.feed(joined_with(proof))
    assert one.joined is not None


def test_wrong_word_is_denied_on_either_side() -> None:
    one = client(gates=(Word("sesame"),))
    hello = ServerHandshake(WELCOME).feed(one.feed(line(WELCOME)))
    assert hello is not None
    with pytest.raises(Denied, match="that is not the word; ask for it"):
        admit((Word("other"),), PEER, WELCOME, hello)
    for proof in ({}, {"word": "sesame"}, {"other": "sesame"}):
        other = client(gates=(Word("sesame"),))
        other.feed(line(WELCOME))
        with pytest.raises(Denied, match="does not know the word"):
            other.feed(joined_with(proof))


async def _never() -> None:
    raise AssertionError


class Text(str):
    pass


def _raise(error: BaseException) -> Any:
    raise error


ANSWERS: list[tuple[str, Callable[[], Any]]] = [
    ("Exception", lambda: _raise(Exception("secret"))),
    ("KeyError", lambda: _raise(KeyError("secret"))),
    ("TimeoutError", lambda: _raise(TimeoutError("secret"))),
    ("TooManyConnections", lambda: _raise(TooManyConnections("secret"))),
    ("bool", lambda: True),
    ("bool", lambda: False),
    ("int", lambda: 0),
    ("bytes", lambda: b"proof"),
    ("Text", lambda: Text("proof")),
    ("dict", dict),
    ("NotImplementedType", lambda: NotImplemented),
]


class Odd:
    """A gate that answers everything with what it was given."""

    name = "odd"
    needs_proof = False

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer

    def prepare(self) -> None:
        pass

    def admit(self, *parts: Any) -> Any:
        return self.answer()

    prove = confirm = admit


@pytest.mark.parametrize(("kind", "answer"), ANSWERS)
@pytest.mark.parametrize("act", ["admit", "prove", "confirm"])
def test_a_gate_that_fails_is_closed(
    kind: str, answer: Callable[[], Any], act: str
) -> None:
    with pytest.raises(Denied) as info:
        ask(Odd(answer), act, PEER, {})
    assert "the gate 'odd'" in info.value.reason
    assert kind in info.value.reason
    assert "secret" not in str(info.value)  # the peer is told of it


def test_a_gate_without_the_act_is_closed() -> None:
    gate: Any = type("Half", (), {"name": "half"})()
    with pytest.raises(Denied, match="'half' failed: AttributeError"):
        admit([gate], PEER, WELCOME, Hello(plugwire=1))


def test_a_gate_that_would_wait_is_closed() -> None:
    waiting = _never()
    with pytest.raises(Denied, match="answered coroutine in place of text"):
        admit([Odd(lambda: waiting)], PEER, WELCOME, Hello(plugwire=1))
    waiting.close()


def test_a_gate_that_was_cancelled_is_closed() -> None:
    cancelled = Odd(lambda: _raise(asyncio.CancelledError()))
    with pytest.raises(Denied, match="'odd' failed: CancelledError"):
        admit([cancelled], PEER, WELCOME, Hello(plugwire=1))


class CtrlC(BaseException):
    """What a handler of a signal may raise."""


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, CtrlC])
def test_a_gate_does_not_swallow_the_end_of_the_program(
    error: type[BaseException],
) -> None:
    with pytest.raises(error):
        ask(Odd(lambda: _raise(error())), "admit", PEER)


def test_one_closed_gate_closes_all() -> None:
    gates = [Odd(lambda: None), Odd(lambda: False), Odd(lambda: "yes")]
    with pytest.raises(Denied):
        admit(gates, PEER, WELCOME, Hello(plugwire=1))
    assert admit(gates[:1], PEER, WELCOME, Hello(plugwire=1)) == {}
    assert admit(gates[2:], PEER, WELCOME, Hello(plugwire=1)) == {"odd": "yes"}


def test_a_gate_may_turn_the_server_away_before_it_says_anything() -> None:
    one = client(gates=(Odd(lambda: _raise(Denied("not that one"))),))
    with pytest.raises(Denied, match="not that one"):
        one.feed(line(WELCOME))
    assert one.hello is None
