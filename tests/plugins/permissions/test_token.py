"""`token`: the whole handshake, and every way to get it wrong."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from plugwire import Denied
from plugwire.handshake import nonce
from plugwire.interfaces import Peer
from plugwire_permissions import Token, TokenSettings
from plugwire_permissions.token import TokenGate
from plugwire_permissions.tokenfile import read_token

PEER = Peer(transport="tcp", address="tcp:127.0.0.1:9000")
HEX = "0123456789abcdef"
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(), inner, max_size=3)
        | st.fixed_dictionaries({"token": inner})
    ),
    max_leaves=4,
)


def gate(context, file: str = "") -> TokenGate:
    return Token(TokenSettings(file=file)).accept(context)


@pytest.fixture
def server(make_context) -> TokenGate:
    made = gate(make_context())
    made.prepare()
    return made


@pytest.fixture
def client(make_context, server) -> TokenGate:
    return gate(make_context("client"))


def shake(server: TokenGate, client: TokenGate) -> None:
    """The handshake as core does it."""
    welcome, hello = {"nonce": nonce()}, {"nonce": nonce()}
    proof = client.prove(PEER, welcome, hello)
    hello = {**hello, "proof": {"token": proof}}
    answer = server.admit(PEER, welcome, hello)
    joined = {"proof": {"token": answer}}
    assert client.confirm(PEER, welcome, hello, joined) is None


def test_it_needs_a_handshake(server) -> None:
    assert (server.name, server.needs_proof) == ("token", True)


def test_both_sides_prove_it(server, client) -> None:
    for _ in range(3):
        shake(server, client)


def test_composing_touches_no_file(make_context) -> None:
    for side in ("server", "client"):
        gate(make_context(side))
    assert not make_context().socket_dir.exists()


def test_a_start_makes_a_private_file_beside_the_sockets(
    make_context, server
) -> None:
    folder = make_context().socket_dir
    assert [path.name for path in folder.iterdir()] == ["token"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "token").stat().st_mode) == 0o600


def test_doors_share_the_token_and_not_the_proof(make_context, server) -> None:
    remote = gate(make_context(endpoint="load.remote"))
    remote.prepare()
    shake(remote, gate(make_context("client", "load.remote")))
    with pytest.raises(Denied, match=r"that of the token for 'load.remote'"):
        shake(remote, gate(make_context("client")))


def test_a_file_of_its_own_is_made_where_it_is_named(
    make_context, tmp_path
) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "mine"
    server = gate(make_context(), str(file))
    server.prepare()
    shake(server, gate(make_context("client"), str(file)))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_file_in_the_home_folder(
    make_context, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    gate(make_context(), "~/mine").prepare()
    assert len(read_token(tmp_path / "mine")) == 16


@pytest.mark.parametrize("file", ["token", "./token", "a/b", "/a\0b", "~x~/a"])
def test_a_path_that_depends_on_the_place_is_refused(file) -> None:
    with pytest.raises(
        ValueError, match=r"^file: expected (an absolute|a path below)"
    ):
        TokenSettings(file=file)


def test_a_client_without_the_file_says_what_to_do(make_context) -> None:
    client = gate(make_context("client"))
    file = make_context().socket_dir / "token"
    with pytest.raises(Denied) as caught:
        client.prove(PEER, {"nonce": nonce()}, {"nonce": nonce()})
    assert caught.value.reason == f"no token at {file}"
    assert "start the server first, or copy its token" in caught.value.mend
    assert not file.parent.exists()


def test_a_client_reads_the_file_anew_each_time(
    make_context, server, client
) -> None:
    shake(server, client)
    (make_context().socket_dir / "token").unlink()
    with pytest.raises(Denied, match="no token at"):
        shake(server, client)
    with pytest.raises(Denied, match="has proved nothing itself"):
        client.confirm(
            PEER,
            {"nonce": nonce()},
            {"nonce": nonce()},
            {"proof": {"token": "0" * 64}},
        )
    server.prepare()  # as the next start does
    shake(server, client)


def test_another_token_is_denied_and_answered_nothing(
    make_context, server, tmp_path
) -> None:
    other = gate(make_context(), str(tmp_path / "other"))
    other.prepare()
    client = gate(make_context("client"), str(tmp_path / "other"))
    with pytest.raises(Denied, match="proof is not that of the token"):
        shake(server, client)
    shake(other, client)


def test_a_server_that_cannot_use_its_file_does_not_start(
    make_context, server
) -> None:
    (make_context().socket_dir / "token").chmod(0o644)
    with pytest.raises(Denied, match="open to others"):
        server.prepare()


def test_a_foreign_or_open_folder_is_refused(make_context) -> None:
    folder = make_context().socket_dir
    folder.mkdir(0o777)
    folder.chmod(0o777)
    with pytest.raises(Denied):
        gate(make_context()).prepare()
    assert list(folder.iterdir()) == []


def test_a_gate_that_was_not_prepared_admits_nobody(
    make_context, server, client
) -> None:
    with pytest.raises(Denied, match="has not read its token"):
        shake(gate(make_context()), client)


def test_a_proof_cannot_be_used_again(server, client) -> None:
    welcome, hello = {"nonce": nonce()}, {"nonce": nonce()}
    proof = client.prove(PEER, welcome, hello)
    said = {**hello, "proof": {"token": proof}}
    server.admit(PEER, welcome, said)
    with pytest.raises(Denied):
        server.admit(PEER, {"nonce": nonce()}, said)


def test_a_proof_cannot_be_sent_back(server, client) -> None:
    welcome, hello = {"nonce": nonce()}, {"nonce": nonce()}
    proof = client.prove(PEER, welcome, hello)
    with pytest.raises(Denied, match="does not know the token"):
        client.confirm(PEER, welcome, hello, {"proof": {"token": proof}})


def test_nothing_said_holds_the_token(make_context, server, client) -> None:
    secret = (make_context().socket_dir / "token").read_text().strip()
    welcome, hello = {"nonce": nonce()}, {"nonce": nonce()}
    proof = client.prove(PEER, welcome, hello)
    answer = server.admit(PEER, welcome, {**hello, "proof": {"token": proof}})
    assert secret not in proof + answer
    assert proof != answer


def settled(tmp: Path) -> tuple[TokenGate, TokenGate]:
    file = tmp / "settled"
    server = TokenGate(file, "load", None)
    server.prepare()
    return server, TokenGate(file, "load", None)


def other(text: str, index: int) -> str:
    """`text` with another digit at `index`."""
    index %= len(text)
    digit = HEX[(HEX.index(text[index]) + 1) % 16]
    return text[:index] + digit + text[index + 1 :]


@given(
    index=st.integers(0, 127),
    field=st.sampled_from(
        ["welcome nonce", "hello nonce", "client proof", "server proof"]
    ),
)
def test_tampering_with_any_digit_breaks_the_handshake(
    tmp_path_factory, field, index
) -> None:
    server, client = settled(tmp_path_factory.getbasetemp())
    sent = {"welcome nonce": nonce(), "hello nonce": nonce()}

    def carried(name: str) -> str:
        return other(sent[name], index) if name == field else sent[name]

    welcome = {"nonce": carried("welcome nonce")}
    hello = {"nonce": sent["hello nonce"]}
    sent["client proof"] = client.prove(PEER, welcome, hello)
    heard = {
        "nonce": carried("hello nonce"),
        "proof": {"token": carried("client proof")},
    }

    def rest() -> None:
        answer = server.admit(PEER, {"nonce": sent["welcome nonce"]}, heard)
        sent["server proof"] = answer
        joined = {"proof": {"token": carried("server proof")}}
        client.confirm(PEER, welcome, hello, joined)

    with pytest.raises(Denied):
        rest()


@given(welcome=JUNK, hello=JUNK, joined=JUNK, proof=JUNK)
def test_odd_input_is_denied_and_nothing_else(
    tmp_path_factory, welcome, hello, joined, proof
) -> None:
    server, client = settled(tmp_path_factory.getbasetemp())
    good = {"nonce": nonce()}
    for seen, said in (
        (welcome, hello),
        (good, hello),
        (welcome, good),
        (good, {**good, "proof": proof}),
        ({"nonce": proof}, good),
    ):
        with pytest.raises(Denied):
            server.admit(PEER, seen, said)
    for seen, said in ((welcome, good), (good, hello)):
        with pytest.raises(Denied):
            client.prove(PEER, seen, said)
    client.prove(PEER, good, good)
    for answer in (joined, {"proof": proof}):
        with pytest.raises(Denied):
            client.confirm(PEER, good, good, answer)


def test_the_peer_does_not_matter(server, client) -> None:
    welcome, hello = {"nonce": nonce()}, {"nonce": nonce()}
    proof = client.prove(PEER, welcome, hello)
    said = {**hello, "proof": {"token": proof}}
    foreign = replace(PEER, transport="unix", uid=os.geteuid() + 1)
    assert server.admit(foreign, welcome, said)
