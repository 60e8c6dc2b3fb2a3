"""`token`: both sides prove that they know a shared secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugwire import Denied, hookimpl
from plugwire.interfaces import Context, Gate, Peer
from plugwire.rundir import ensure_private
from plugwire_permissions.proof import (
    make_proof,
    matches,
    nonce_of,
    proof_of,
)
from plugwire_permissions.tokenfile import ensure_token, read_token


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """Where the secret is: `file`, an absolute path or one from `~/`.

    "" is `token` beside the sockets, in a folder that is made private. A
    file elsewhere is made when it is missing, its folder is not.
    """

    file: str = ""

    def __post_init__(self) -> None:
        if self.file:
            _path(self.file)


def _path(file: str) -> Path:
    """`file` as a path; ValueError where it depends on the place that the
    program runs in, or cannot be a path."""
    try:
        path = Path(file).expanduser()
    except RuntimeError as error:
        raise ValueError(
            "file: expected a path below a home that there is, found "
            f"{file!r}: {error}"
        ) from None
    if not path.is_absolute() or "\0" in file:
        raise ValueError(
            f"file: expected an absolute path or one from ~/, found {file!r}"
        )
    return path


class TokenGate:
    """Proves and checks knowledge of the token in `file`.

    A server reads the file at each start, a client at each connection, so a
    new token needs a new start of the server only. `private` is the folder
    that must be private before a server makes the file, or None.
    """

    name = "token"
    needs_proof = True

    def __init__(
        self, file: Path, endpoint: str, private: Path | None
    ) -> None:
        self._file = file
        self._endpoint = endpoint
        self._private = private
        self._key: bytes | None = None

    def prepare(self) -> None:
        """Server: read the token, or make it.

        Raises `Denied` when its file is not as it must be, and what
        `ensure_private` raises.
        """
        if self._private is not None:
            ensure_private(self._private)
        self._key = ensure_token(self._file)

    def admit(
        self, _peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str:
        """Server: check the client's proof and return our own, which a
        peer that has proved nothing is never given."""
        nonces = nonce_of(welcome, "server"), nonce_of(hello, "client")
        found = proof_of(hello, "client")
        if self._key is None:
            raise Denied("this server has not read its token")
        expected = make_proof(self._key, "client", *nonces, self._endpoint)
        if not matches(found, expected):
            raise Denied(
                "the client's proof is not that of the token for "
                f"{self._endpoint!r}",
                "give it this server's token file, and name the door that "
                "it means",
            )
        return make_proof(self._key, "server", *nonces, self._endpoint)

    def prove(
        self, _peer: Peer, welcome: Mapping[str, Any], hello: Mapping[str, Any]
    ) -> str:
        """Client: our proof. It is of no use to a false server: it is good
        for these nonces, this endpoint and this side only."""
        nonces = nonce_of(welcome, "server"), nonce_of(hello, "client")
        self._key = read_token(self._file)
        if self._key is None:
            raise Denied(
                f"no token at {self._file}",
                "start the server first, or copy its token there (mode 0600)",
            )
        return make_proof(self._key, "client", *nonces, self._endpoint)

    def confirm(
        self,
        peer: Peer,
        welcome: Mapping[str, Any],
        hello: Mapping[str, Any],
        joined: Mapping[str, Any],
    ) -> None:
        """Client: the server must have proved that it knows the token."""
        nonces = nonce_of(welcome, "server"), nonce_of(hello, "client")
        found = proof_of(joined, "server")
        if self._key is None:
            raise Denied("this client has proved nothing itself")
        expected = make_proof(self._key, "server", *nonces, self._endpoint)
        if not matches(found, expected):
            raise Denied(
                f"the server at {peer.address} does not know the token for "
                f"{self._endpoint!r}",
                "check the address: somebody else may answer there",
            )


class Token:
    """The permission `token`."""

    Settings = TokenSettings

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings

    @hookimpl
    def accept(self, context: Context) -> Gate:
        """A gate for the token of this configuration."""
        if self._settings.file:
            return TokenGate(
                _path(self._settings.file), context.endpoint, None
            )
        folder = context.socket_dir
        return TokenGate(folder / "token", context.endpoint, folder)
