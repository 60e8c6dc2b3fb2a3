"""Welcome, hello, joined or refused: machines with no I/O.

The handshake is JSON lines whatever the codec, at most `MAX_BYTES` from
either side, so that a mismatch is explained in a form that both can read::

    server                       client
    welcome  ------------------>            what this door is
             <------------------  hello     who comes, and what it proves
    joined   ------------------>            or refused, with the mend

Nothing else passes before `joined`. The least hello is `{"plugwire": 1}`.
Keys that a side does not know are ignored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from plugwire.cancellation import is_own
from plugwire.errors import (
    Denied,
    MessageError,
    PlugwireError,
    Refused,
    TimedOut,
    TooManyConnections,
)
from plugwire.interfaces import Gate, Peer
from plugwire.logs import clean

VERSION = 1
MAX_BYTES = 16 * 1024
"""Bytes that either side may say before `joined`: room for names, nonces and
proofs, little enough to give to a stranger."""

Role: TypeAlias = Literal["member", "sender", "control"]
RefusalKind: TypeAlias = Literal[
    "full", "denied", "version", "codec", "extensions", "protocol", "busy"
]
KINDS = frozenset(get_args(RefusalKind))
PASSING = frozenset({"full", "busy"})
"""Refusals that may be otherwise in a moment: worth trying again."""

_Number: TypeAlias = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
T = TypeVar("T")

# The parts are text and numbers: without `gc=False` the collector would walk
# those of every connection, thousands of them, for a cycle that cannot be.


class Welcome(Struct, frozen=True, kw_only=True, gc=False):
    """The server's first line: what is served here, and how."""

    plugwire: int
    event: str
    door: str
    incarnation: str
    codec: str
    max_message_bytes: _Number
    nonce: str
    extensions: tuple[str, ...] = ()


class Hello(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The client's line. `since` is the last `seq` that it has seen of the
    welcome's incarnation; `codec` absent is the door's."""

    plugwire: int
    codec: str | None = None
    extensions: tuple[str, ...] = ()
    role: Role = "member"
    session: str | None = None
    since: _Number | None = None
    nonce: str | None = None
    proof: dict[str, str] = {}


class Joined(Struct, frozen=True, kw_only=True, gc=False):
    """The server's yes: `kept` messages follow first; `seq` is the number
    of the last broadcast to all before this moment; `missed` counts what
    was broadcast after `since` and is not among the kept."""

    client_id: _Number | None
    kept: _Number
    can_send: bool
    seq: _Number = 0
    missed: _Number | None = None
    proof: dict[str, str] = {}


class Refusal(Struct, frozen=True, kw_only=True):
    """The server's no, in words; `kind` is for programs."""

    refused: str
    mend: str = ""
    kind: str = "protocol"


class HandshakeRefused(Refused):
    """A refusal with its `kind` (see `RefusalKind`)."""

    def __init__(self, kind: str, reason: str, mend: str = "") -> None:
        super().__init__(reason, mend)
        self.kind = kind


def is_passing(error: PlugwireError) -> bool:
    """Whether `error` is a refusal that may be otherwise in a moment."""
    if isinstance(error, TooManyConnections):
        return True
    return isinstance(error, HandshakeRefused) and error.kind in PASSING


def line(part: Struct) -> bytes:
    """`part` as a line of the handshake."""
    return msgspec.json.encode(part) + b"\n"


def refusal(error: PlugwireError) -> bytes:
    """The line that tells the client of `error`."""
    reason, mend = str(error), ""
    if isinstance(error, Refused):
        reason, mend = error.reason, error.mend
    return line(
        Refusal(refused=clean(reason), mend=clean(mend), kind=_kind(error))
    )


def _kind(error: PlugwireError) -> str:
    if isinstance(error, HandshakeRefused):
        return error.kind
    if isinstance(error, TooManyConnections):
        return "full"
    if isinstance(error, Denied):
        return "denied"
    # Who was too slow may be quicker next time.
    return "busy" if isinstance(error, TimedOut) else "protocol"


def nonce() -> str:
    """128 random bits, as text."""
    return os.urandom(16).hex()


class _Lines:
    """Collects one line at a time, `MAX_BYTES` in all."""

    __slots__ = ("_have", "_parts")

    def __init__(self) -> None:
        self._parts: list[bytes] | None = None
        self._have = 0

    def feed(self, data: bytes) -> tuple[bytes, bytes] | None:
        """The line and what follows it, or None while it is incomplete."""
        first = data[:1] if not self._have else b"{"
        if first not in (b"{", b""):
            raise HandshakeRefused(
                "protocol",
                f"this is not plugwire: its first byte is {first!r}, not '{{'",
                "use a plugwire client, or a door with plain = true",
            )
        head, found, rest = data.partition(b"\n")
        self._have += len(head)
        if self._have > MAX_BYTES:
            raise HandshakeRefused(
                "protocol",
                f"a handshake of over {MAX_BYTES} bytes",
                "send one line of JSON and a line feed",
            )
        if self._parts is None:
            if found:
                return head, rest
            self._parts = []
        self._parts.append(head)
        if not found:
            return None
        whole = b"".join(self._parts)
        self._parts = None
        return whole, rest


class _Version(Struct):
    """What any version of a hello or a welcome says."""

    plugwire: int


_hello = msgspec.json.Decoder(Hello)
_welcome = msgspec.json.Decoder(Welcome)
_joined = msgspec.json.Decoder(Joined)
_version = msgspec.json.Decoder(_Version)
_answer = msgspec.json.Decoder(dict[str, Any])


def _decode(decoder: msgspec.json.Decoder[T], text: bytes) -> T:
    """What `text` says, or `MessageError` with the reason."""
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise MessageError(clean(error)) from None


def _version_in(text: bytes) -> int:
    """The version that a wrong line is of: another one may differ in all but
    its first key. What has none is none of ours anyhow."""
    try:
        return _decode(_version, text).plugwire
    except MessageError:
        return VERSION


def _check_version(version: int, them: str, us: str) -> None:
    """Another version is told so, whatever else is wrong."""
    if version != VERSION:
        raise HandshakeRefused(
            "version",
            f"the {them} speaks version {clean(version)}, this {us} version "
            f"{VERSION}",
            "install the same release of plugwire on both sides",
        )


def as_mapping(part: Struct) -> dict[str, Any]:
    """`part` as the mapping that gates see."""
    mapping: dict[str, Any] = msgspec.to_builtins(part)
    return mapping


class ServerHandshake:
    """The server's side of one connection, up to the hello."""

    __slots__ = ("_done", "_lines", "welcome")

    def __init__(self, welcome: Welcome) -> None:
        self.welcome = welcome
        self._done = False
        self._lines = _Lines()

    def feed(self, data: bytes) -> Hello | None:
        """The client's hello once it is complete and fits this door.

        Raises `HandshakeRefused` for what is none, for another version,
        codec or extensions, and for bytes that came before `joined`.
        """
        if self._done and data:
            raise _too_early()
        cut = self._lines.feed(data)
        if cut is None:
            return None
        self._done = True
        text, rest = cut
        try:
            hello = _decode(_hello, text)
            _check_version(hello.plugwire, "client", "server")
        except MessageError as error:
            _check_version(_version_in(text), "client", "server")
            raise HandshakeRefused(
                "protocol",
                f"this is no hello: {error}",
                'the least hello is {"plugwire": 1} and a line feed',
            ) from None
        if rest:
            raise _too_early()
        self._fits(hello)
        return hello

    def _fits(self, hello: Hello) -> None:
        welcome = self.welcome
        if hello.codec is not None and hello.codec != welcome.codec:
            raise codec_differs(hello.codec, welcome)
        if hello.extensions != welcome.extensions:
            raise extensions_differ(hello.extensions, welcome)


def _too_early() -> HandshakeRefused:
    return HandshakeRefused(
        "protocol",
        "bytes came after the hello and before joined",
        "wait for joined before you send",
    )


def codec_differs(codec: str, welcome: Welcome) -> HandshakeRefused:
    """The refusal both sides give when their codecs do not match."""
    return HandshakeRefused(
        "codec",
        f"the client's codec is {clean(codec)}, the codec of door "
        f"'{clean(welcome.door)}' of '{clean(welcome.event)}' is "
        f"{clean(welcome.codec)}",
        f'set codec = "{clean(welcome.codec)}" for the client, or take '
        "another door",
    )


def extensions_differ(
    extensions: Sequence[str], welcome: Welcome
) -> HandshakeRefused:
    """The refusal both sides give when their extensions do not match. Their
    order counts: it is that in which they change the bytes."""
    theirs = clean(", ".join(extensions) or "none")
    ours = clean(", ".join(welcome.extensions) or "none")
    return HandshakeRefused(
        "extensions",
        f"the client's extensions are {theirs}, those of door "
        f"'{clean(welcome.door)}' are {ours}",
        "name the same extensions on both sides, in the same order",
    )


class ClientHandshake:
    """The client's side of one connection, from the welcome to joined.

    `known` is the incarnation and the last `seq` of an earlier connection:
    it is told to the server only where the incarnation is the same.
    """

    __slots__ = ("_codec", "_early", "_event", "_extensions", "_gates",
                 "_known", "_lines", "_peer", "_role", "_session", "hello",
                 "joined", "rest", "welcome")  # fmt: skip

    def __init__(
        self,
        *,
        event: str,
        codec: str,
        extensions: Sequence[str],
        gates: Sequence[Gate],
        peer: Peer,
        role: Role,
        session: str | None = None,
        known: tuple[str, int] | None = None,
    ) -> None:
        self._event = event
        self._codec = codec
        self._extensions = tuple(extensions)
        self._gates = tuple(gates)
        self._peer = peer
        self._role = role
        self._session = session
        self._known = known
        self._lines = _Lines()
        self._early = False
        self.welcome: Welcome | None = None
        self.hello: Hello | None = None
        self.joined: Joined | None = None
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """What to send now, if anything. Once `joined` is set, `rest` holds
        the bytes behind it and the machine is done.

        Raises `Refused` (in its exact kind) for the server's no and for a
        mismatch, `Denied` where a gate turns the server away, and
        `MessageError` for a peer that does not speak plugwire.
        """
        if self.welcome is not None:
            self._conclude(data)
            return b""
        cut = self._line(data)
        if cut is None:
            return b""
        text, rest = cut
        self.welcome = welcome = self._read_welcome(text)
        hello = self._answer(welcome)
        if rest:
            self._early = True
            self._conclude(rest)
        return line(hello)

    def _line(self, data: bytes) -> tuple[bytes, bytes] | None:
        try:
            return self._lines.feed(data)
        except HandshakeRefused as error:
            if self.welcome is not None:
                raise MessageError(
                    f"neither joined nor refused: {error.reason}"
                ) from None
            raise MessageError(
                f"no plugwire server answers here ({error.reason}); a plain "
                "door has no handshake and is read with nc or socat"
            ) from None

    def _read_welcome(self, text: bytes) -> Welcome:
        try:
            welcome = _decode(_welcome, text)
            _check_version(welcome.plugwire, "server", "client")
        except MessageError as error:
            _check_version(_version_in(text), "server", "client")
            _raise_refusal(text)
            raise MessageError(
                f"the first line is no welcome: {error}; is this a "
                "plugwire server, and its door not plain?"
            ) from None
        if welcome.event != self._event:
            raise HandshakeRefused(
                "protocol",
                f"'{clean(welcome.event)}' is served here, not "
                f"{self._event!r}",
                "check the address",
            )
        if welcome.codec != self._codec:
            raise codec_differs(self._codec, welcome)
        if welcome.extensions != self._extensions:
            raise extensions_differ(self._extensions, welcome)
        return welcome

    def _answer(self, welcome: Welcome) -> Hello:
        since = None
        if self._known and self._known[0] == welcome.incarnation:
            since = self._known[1]
        hello = Hello(
            plugwire=VERSION,
            codec=self._codec,
            extensions=self._extensions,
            role=self._role,
            session=self._session,
            since=since,
            nonce=nonce(),
        )
        if self._gates:
            seen, said = as_mapping(welcome), as_mapping(hello)
            proof = {}
            for gate in self._gates:
                own = ask(gate, "prove", self._peer, seen, said)
                if own is not None:
                    proof[gate.name] = own
            hello = msgspec.structs.replace(hello, proof=proof)
        self.hello = hello
        return hello

    def _conclude(self, data: bytes) -> None:
        cut = self._line(data)
        if cut is None:
            return
        text, self.rest = cut
        if b'"refused"' in text:
            _raise_refusal(text)
        if self._early:  # whoever has no time for us says so at once
            _raise_refusal(text)
            raise MessageError("the server spoke before it had our hello")
        try:
            joined = _decode(_joined, text)
        except MessageError as error:
            _raise_refusal(text)
            raise MessageError(
                f"neither joined nor refused: {error}"
            ) from None
        if self._gates and self.welcome and self.hello:
            seen, said = as_mapping(self.welcome), as_mapping(self.hello)
            answer = as_mapping(joined)
            for gate in self._gates:
                ask(gate, "confirm", self._peer, seen, said, answer)
        self.joined = joined


def admit(
    gates: Sequence[Gate], peer: Peer, welcome: Welcome, hello: Hello
) -> dict[str, str]:
    """Ask every gate of a server; the proofs of its own, by gate.

    Raises `Denied` for a gate's no, and for any gate that fails or answers
    with anything but text or None.
    """
    proof: dict[str, str] = {}
    if gates:
        seen, said = as_mapping(welcome), as_mapping(hello)
        for gate in gates:
            own = ask(gate, "admit", peer, seen, said)
            if own is not None:
                proof[gate.name] = own
    return proof


def ask(
    gate: Gate, act: str, peer: Peer, *parts: Mapping[str, Any]
) -> str | None:
    """One call of a gate that fails closed."""
    try:
        answer = getattr(gate, act)(peer, *parts)
    except Denied:
        raise
    except BaseException as error:
        if not is_own(error):
            raise
        raise Denied(
            f"the gate {gate.name!r} failed: {type(error).__name__}"
        ) from error
    if answer is None or type(answer) is str:
        return answer
    raise Denied(
        f"the gate {gate.name!r} answered {type(answer).__name__} "
        "in place of text or None"
    )


def _raise_refusal(text: bytes) -> None:
    """Raise what a refusal says; return for anything else."""
    try:
        said = _decode(_answer, text)
    except MessageError:
        return
    if "refused" not in said:
        return
    reason, mend = clean(said["refused"]), clean(said.get("mend", ""))
    kind = said.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        kind = "protocol"
    if kind == "full":
        raise TooManyConnections(reason, mend)
    if kind == "denied":
        raise Denied(reason, mend)
    raise HandshakeRefused(kind, reason, mend)
