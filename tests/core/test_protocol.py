"""One joined connection: bytes in, events out, with either codec."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugwire.errors import (
    ClientGone,
    Denied,
    MessageError,
    PlugwireError,
    RequestFailed,
    ValidationFailed,
)
from plugwire.handshake import Joined, Role, Welcome
from plugwire.interfaces import Decoder, Encoder
from plugwire.message import Message, MessageType
from plugwire.protocol import (
    Attach,
    ClientProtocol,
    Gap,
    Goodbye,
    Left,
    Messages,
    Question,
    Reply,
    ServerEvent,
    ServerProtocol,
    Unheard,
    check_type,
    facts,
)
from plugwire_json import JsonDecoder, JsonEncoder
from plugwire_msgpack import MsgpackDecoder, MsgpackEncoder

DATA, ERROR, CONTROL = MessageType
LIMIT = 1 << 20
MAKER = Messages("event", UTC)
CODECS: dict[str, tuple[Encoder, type[MsgpackDecoder | JsonDecoder]]] = {
    "msgpack": (MsgpackEncoder(LIMIT), MsgpackDecoder),
    "json": (JsonEncoder(LIMIT), JsonDecoder),
}


@pytest.fixture(params=list(CODECS))
def codec(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def wire(codec: str, *messages: Message) -> bytes:
    encoder = CODECS[codec][0]
    return encoder.frame([encoder.encode(message) for message in messages])


def decoder(codec: str) -> Decoder:
    return CODECS[codec][1](LIMIT)


def op(name: str, data: dict[str, Any] | None = None, **more: Any) -> Message:
    return MAKER.make(data or {}, CONTROL, op=name, **more)


# ------------------------------------------------------------------- server

ROLES: list[Role] = ["member", "sender", "control"]


def heard(codec: str, role: Role, message: Message) -> ServerEvent:
    (event,) = ServerProtocol(decoder(codec), role).feed(wire(codec, message))
    return event


DENIED = object()
SAID = object()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("message", "member", "sender", "control"),
    [
        (MAKER.make({"a": 1}), SAID, SAID, DENIED),
        (MAKER.make({"a": 1}, id=7), SAID, SAID, DENIED),
        (MAKER.make({"a": 1}, ERROR), SAID, SAID, DENIED),
        (MAKER.make({"a": 1}, CONTROL), SAID, SAID, DENIED),
        (
            op("attach", {"session": "red"}, id=7),
            Attach(7, "red"),
            DENIED,
            DENIED,
        ),
        (
            op("attach", {"session": "red"}),
            Attach(None, "red"),
            DENIED,
            DENIED,
        ),
        (op("detach", id=7), Attach(7, None), DENIED, DENIED),
        (op("clients", id=7), DENIED, DENIED, Question(7, "clients")),
        (op("stats", id=7), DENIED, DENIED, Question(7, "stats")),
        (op("gap", {"missed": 1}, id=7), DENIED, DENIED, DENIED),
        (op("denied", id=7), DENIED, DENIED, DENIED),
        (op("of a later release", id=7), DENIED, DENIED, DENIED),
        (op("", id=7), DENIED, DENIED, DENIED),
        (op("goodbye", {"reason": "x"}), Left("x"), Left("x"), Left("x")),
        (op("goodbye"), Left(""), Left(""), Left("")),
    ],
)
def test_what_each_role_may_say(
    codec: str,
    role: Role,
    message: Message,
    member: object,
    sender: object,
    control: object,
) -> None:
    wanted = {"member": member, "sender": sender, "control": control}[role]
    event = heard(codec, role, message)
    if wanted is SAID:
        assert event == message
    elif wanted is DENIED:
        assert isinstance(event, Unheard)
        assert event.id == message.id
        assert isinstance(event.error, Denied)
        assert role in str(event.error)
    else:
        assert event == wanted


@pytest.mark.parametrize(
    "session", ["", "a b", "../etc", "é", "x" * 65, None, 5, ["red"], {}]
)
def test_a7_session_names_follow_the_rule(codec: str, session: Any) -> None:
    message = op("attach", {"session": session}, id=3)
    event = heard(codec, "member", message)
    assert isinstance(event, Unheard)
    assert event.id == 3
    assert isinstance(event.error, ValidationFailed)


def test_words_of_a_peer_are_cleaned(codec: str) -> None:
    event = heard(codec, "member", op("goodbye", {"reason": "\x1b[1m\n"}))
    assert event == Left(r"\x1b[1m\n")
    event = heard(codec, "member", op("\x1b" * 500))
    assert isinstance(event, Unheard)
    assert str(event.error).isprintable()
    assert len(str(event.error)) < 300


def test_events_of_one_read_are_in_order(codec: str) -> None:
    one, two = MAKER.make({"n": 1}, id=1), MAKER.make({"n": 2})
    data = wire(codec, one, op("detach"), two, op("goodbye"))
    for cut in range(0, len(data) + 1, 7):
        protocol = ServerProtocol(decoder(codec), "member")
        events = [*protocol.feed(data[:cut]), *protocol.feed(data[cut:])]
        assert events == [one, Attach(None, None), two, Left("")]


@given(data=st.binary(max_size=200), role=st.sampled_from(ROLES))
@pytest.mark.parametrize("name", list(CODECS))
def test_b12_random_bytes_raise_message_errors_only(
    name: str, data: bytes, role: Role
) -> None:
    for protocol in (
        ServerProtocol(decoder(name), role),
        ClientProtocol(decoder(name), joined(), set(MessageType)),
    ):
        with suppress(MessageError):
            protocol.feed(data)


# ------------------------------------------------------------------- client


def joined(kept: int = 0, seq: int = 0) -> Joined:
    return Joined(client_id=1, kept=kept, can_send=True, seq=seq)


def listening(
    codec: str,
    *,
    kept: int = 0,
    seq: int = 0,
    types: tuple[MessageType, ...] = (DATA, ERROR),
) -> ClientProtocol:
    return ClientProtocol(decoder(codec), joined(kept, seq), types)


def test_kept_ones_are_marked_over_several_reads(codec: str) -> None:
    protocol = listening(codec, kept=3, seq=12)
    seen = []
    for seqs in ([10, 11], [12, 13], [14]):
        seen += protocol.feed(
            wire(codec, *[MAKER.make({}, seq=seq) for seq in seqs])
        )
    assert [message.kept for message in seen] == [True] * 3 + [False] * 2
    assert [message.seq for message in seen] == [10, 11, 12, 13, 14]


def test_seq_counts_kept_ones_once_they_are_here(codec: str) -> None:
    protocol = listening(codec, kept=3, seq=12)
    assert protocol.seq == 9
    protocol.feed(wire(codec, MAKER.make({}, seq=10)))
    assert protocol.seq == 10
    protocol.feed(wire(codec, MAKER.make({}, seq=11)))
    assert protocol.seq == 11
    protocol.feed(wire(codec, MAKER.make({}, seq=12), MAKER.make({}, seq=13)))
    assert protocol.seq == 13


def test_seq_is_joineds_once_all_kept_ones_are_here(codec: str) -> None:
    protocol = listening(codec, kept=2, seq=12)
    protocol.feed(wire(codec, MAKER.make({}, seq=4)))
    assert protocol.seq == 10
    protocol.feed(wire(codec, MAKER.make({}, seq=5)))
    assert protocol.seq == 12


def test_what_is_told_as_lost_is_known_of(codec: str) -> None:
    protocol = listening(codec)
    protocol.feed(wire(codec, MAKER.make({}, seq=1), MAKER.gap(3, 4)))
    assert protocol.seq == 4
    protocol.feed(wire(codec, MAKER.gap(2), MAKER.gap(1, 3)))
    assert protocol.seq == 4


def test_seq_is_never_below_nothing(codec: str) -> None:
    assert listening(codec, kept=5, seq=2).seq == 0


def test_c3_snapshot_is_not_kept(codec: str) -> None:
    (first,) = listening(codec, seq=9).feed(wire(codec, MAKER.make({})))
    assert not first.kept


def test_kept_is_for_the_receiver_to_say(codec: str) -> None:
    pretender = Message(
        event_name="event",
        timestamp_ms=1,
        timestamp_iso="x",
        message_type=DATA,
        data={},
        kept=True,
    )
    (seen,) = listening(codec).feed(wire(codec, pretender))
    assert not seen.kept


@pytest.mark.parametrize(
    ("types", "seen"),
    [
        ((DATA, ERROR), [1, 2]),
        ((DATA,), [1]),
        ((CONTROL,), [3]),
        ((), []),
        ((DATA, ERROR, CONTROL), [1, 2, 3]),
    ],
)
def test_b4_types_that_are_wanted(
    codec: str, types: tuple[MessageType, ...], seen: list[int]
) -> None:
    protocol = listening(codec, types=types)
    found = protocol.feed(
        wire(
            codec,
            MAKER.make({"n": 1}, DATA, seq=1),
            MAKER.make({"n": 2}, ERROR, seq=2),
            MAKER.make({"n": 3}, CONTROL, seq=3),
        )
    )
    assert [message.data["n"] for message in found] == seen
    assert protocol.seq == 3  # not wanted, and not missed either


def test_replies_are_events(codec: str) -> None:
    protocol = listening(codec, types=())
    good = MAKER.make({"a": 1}, reply_to=5)
    acknowledged = MAKER.make({"session": "red"}, CONTROL, reply_to=6)
    said = [
        good,
        acknowledged,
        MAKER.failure(Denied("not you", "ask"), 7),
        MAKER.failure(RequestFailed("no\nway"), 8),
        MAKER.make({"odd": 1}, ERROR, reply_to=9),
    ]
    assert protocol.feed(wire(codec, *said)) == []
    answers = {}
    for event in protocol.events:
        assert isinstance(event, Reply)
        answers[event.id] = event.answer
    assert (answers[5], answers[6]) == (good, acknowledged)
    wrong: list[tuple[int, type[PlugwireError], str]] = [
        (7, Denied, "not you"),
        (8, RequestFailed, r"no\nway"),
        (9, RequestFailed, "{'odd': 1}"),
    ]
    for number, kind, text in wrong:
        assert type(answers[number]) is kind
        assert str(answers[number]) == text


def test_error_that_answers_nothing_is_handed_on(codec: str) -> None:
    protocol = listening(codec)
    (error,) = protocol.feed(wire(codec, MAKER.failure(Denied("no"), None)))
    assert error.message_type is ERROR
    assert error.data == {"error": "Denied", "reason": "no"}
    assert protocol.events == []


def test_op_of_a_later_release_is_a_control_message(codec: str) -> None:
    for types, count in (((CONTROL,), 1), ((DATA, ERROR), 0)):
        protocol = listening(codec, types=types)
        assert len(protocol.feed(wire(codec, op("sing")))) == count
        assert protocol.events == []


def test_gaps_are_events_in_order(codec: str) -> None:
    protocol = listening(codec)
    found = protocol.feed(
        wire(codec, MAKER.gap(2), MAKER.make({}), MAKER.gap(1 << 40))
    )
    assert len(found) == 1
    assert protocol.events == [Gap(2), Gap(1 << 40)]


@pytest.mark.parametrize("missed", [0, -1, True, None, 1.0, "3", [1]])
def test_gap_of_no_messages_is_none(codec: str, missed: Any) -> None:
    with pytest.raises(MessageError, match="a gap of no messages"):
        listening(codec).feed(wire(codec, op("gap", {"missed": missed})))


@pytest.mark.parametrize(
    ("data", "goodbye"),
    [
        ({"reason": "x", "final": True}, Goodbye("x", True)),
        ({"reason": "x", "final": False}, Goodbye("x", False)),
        ({"reason": "x", "final": 1}, Goodbye("x", False)),
        ({"reason": "\x07"}, Goodbye(r"\x07", False)),
        ({"reason": None}, Goodbye("None", False)),
        ({}, Goodbye("no reason given", False)),
    ],
)
def test_goodbye(codec: str, data: dict[str, Any], goodbye: Goodbye) -> None:
    protocol = listening(codec)
    assert protocol.feed(wire(codec, op("goodbye", data))) == []
    assert protocol.events == [goodbye]


@pytest.mark.parametrize("final", [True, False])
def test_goodbye_as_it_is_made(codec: str, final: bool) -> None:
    protocol = listening(codec)
    protocol.feed(wire(codec, MAKER.goodbye("closing", final=final)))
    assert protocol.events == [Goodbye("closing", final)]


@pytest.mark.parametrize("size", [1, 50, 10_000])
def test_b11_size_counts_all_bytes_of_a_message(codec: str, size: int) -> None:
    protocol = listening(codec)
    assert protocol.size == 0
    data = wire(codec, MAKER.make({"text": "x" * 1000}), MAKER.gap(1))
    total = 0
    for at in range(0, len(data), size):
        found = protocol.feed(data[at : at + size])
        total += protocol.size if found else 0
    assert protocol.events == [Gap(1)]
    if codec == "msgpack" or size > len(data):  # both come in one frame
        assert total == len(data)
    else:
        assert 1000 < total <= len(data)


class Doubled:
    """A decoder that says of each byte that it was two."""

    unpacked = 0

    def __init__(self, codec: str) -> None:
        self.inner = decoder(codec)

    def feed(self, data: bytes) -> list[Message]:
        self.unpacked = 2 * len(data)
        return self.inner.feed(data)


@pytest.mark.parametrize("size", [1, 50, 10_000])
def test_size_counts_what_a_decoder_unpacked(codec: str, size: int) -> None:
    protocol = ClientProtocol(Doubled(codec), joined(), (DATA,))
    data = wire(codec, MAKER.make({"text": "x" * 1000}))
    for at in range(0, len(data), size):
        protocol.feed(data[at : at + size])
    assert protocol.size == 2 * len(data)


def test_a_read_weighs_what_it_came_to(codec: str) -> None:
    data = wire(codec, MAKER.make({"text": "x" * 1000}))
    plain = ServerProtocol(decoder(codec), "member")
    doubling = ServerProtocol(Doubled(codec), "member")
    for protocol, times in ((plain, 1), (doubling, 2)):
        protocol.feed(data[:700])
        assert protocol.weight(data[:700]) == times * 700
        protocol.feed(data[700:])
        assert protocol.weight(data[700:]) == times * len(data[700:])
    assert plain.unpacker is None
    assert doubling.unpacker is not None


# ----------------------------------------------------------- what is made


def test_b1_messages_are_stamped_in_their_zone() -> None:
    zone = timezone(timedelta(hours=2))
    message = Messages("event", zone).make({"a": 1})
    assert message.event_name == "event"
    assert message.message_type is DATA
    assert message.timestamp_iso.endswith("+02:00")
    assert (message.seq, message.id, message.reply_to) == (None, None, None)


def test_data_is_any_mapping() -> None:
    data = {"a": 1}
    assert MAKER.make(MappingProxyType(data)).data == data
    assert type(MAKER.make(MappingProxyType(data)).data) is dict


@pytest.mark.parametrize(
    ("data", "kind"), [([1], "list"), ("x", "str"), (None, "NoneType")]
)
def test_data_that_is_no_mapping(data: Any, kind: str) -> None:
    with pytest.raises(ValidationFailed) as info:
        MAKER.make(data)
    assert str(info.value) == (
        f"data is {kind}, not a mapping; wrap it, for example as "
        '{"value": ...}'
    )


@pytest.mark.parametrize("name", ["", "a.b", "x" * 65, 5])
def test_b2_event_name_that_is_none(name: Any) -> None:
    with pytest.raises(ValidationFailed, match="is no event name"):
        MAKER.make({}, event_name=name)
    assert MAKER.make({}, event_name="other").event_name == "other"


@pytest.mark.parametrize(
    ("error", "reason", "made"),
    [
        (Denied("no", "ask"), "no", "denied"),
        (RequestFailed("bad"), "bad", "failed"),
        (ClientGone(3), str(ClientGone(3)), "failed"),
        (ValueError("\x1b" * 300), r"\x1b" * 50 + "...", "failed"),
        (ValueError("\ud800"), r"\ud800", "failed"),
        (ValueError(), "ValueError", "failed"),
    ],
)
def test_failure_says_why(
    codec: str, error: Exception, reason: str, made: str
) -> None:
    message = MAKER.failure(error, 4)
    wire(codec, message)  # whatever the text was
    assert message.message_type is ERROR
    assert (message.reply_to, message.op) == (4, made)
    assert message.data == {"error": type(error).__name__, "reason": reason}


def test_check_type() -> None:
    assert [check_type(kind) for kind in ("data", ERROR)] == [DATA, ERROR]
    for wrong in ("Data", "", None, [1]):
        with pytest.raises(ValidationFailed, match="is no message type"):
            check_type(wrong)  # type: ignore[arg-type]


def test_facts_are_those_of_welcome_and_joined() -> None:
    welcome = Welcome(
        plugwire=1,
        event="event",
        door="main",
        incarnation="first",
        codec="json",
        max_message_bytes=9,
        nonce="n",
        extensions=("zip",),
    )
    known = facts(welcome, joined(kept=2, seq=5))
    assert (known.event, known.door, known.incarnation) == (
        "event",
        "main",
        "first",
    )
    assert (known.codec, known.extensions) == ("json", ("zip",))
    assert (known.max_message_bytes, known.kept, known.seq) == (9, 2, 5)
