from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys

import pytest

from plugwire_unix import peer

ROOT = os.geteuid() == 0


def test_identity_is_the_kernels_word() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        found = peer.credentials(ours)
    assert found == (
        os.geteuid(),
        os.getegid(),
        os.getpid(),
        tuple(os.getgroups()),
    )


def test_peer_has_no_colour_of_its_own() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        found = peer.peer(ours, "/run/x.sock")
    assert (found.transport, found.address) == ("unix", "/run/x.sock")
    assert str(found) == f"unix uid {os.geteuid()} pid {os.getpid()}"


@pytest.mark.skipif(
    not ROOT or shutil.which("setpriv") is None,
    reason="only root can be somebody else",
)
@pytest.mark.parametrize(
    ("groups", "known"),
    [
        ("", ()),
        ("7,4711", (7, 4711)),
        (
            ",".join(str(n) for n in range(5000, 5256)),
            tuple(range(5000, 5256)),
        ),
        (",".join(str(n) for n in range(5000, 5257)), ()),
    ],
    ids=["none", "two", "256", "257"],
)
def test_uid_gid_and_groups_of_another_user(groups, known) -> None:
    """From 257 groups on none are known, and rules by group deny."""
    given = ["--groups", groups] if groups else ["--clear-groups"]
    with socket.socket(socket.AF_UNIX) as listening:
        name = f"\0plugwire-test-{os.getpid()}"
        listening.bind(name)
        listening.listen()
        code = (
            "import socket, sys; s = socket.socket(socket.AF_UNIX);"
            "s.connect('\\0' + sys.argv[1]); sys.stdin.read()"
        )
        # The system's own Python: others cannot read the one under test.
        with subprocess.Popen(
            [
                *("setpriv", "--reuid", "1000", "--regid", "1001", *given),
                shutil.which("python3", path="/usr/bin") or sys.executable,
                *("-c", code, name[1:]),
            ],
            stdin=subprocess.PIPE,
        ) as child:
            accepted, _ = listening.accept()
            with accepted:
                found = peer.credentials(accepted)
            child.communicate()
    assert found == (1000, 1001, child.pid, known)


def test_owner_names_pid_program_and_uid() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        owner = peer.owner(ours)
    assert owner.startswith(f"pid {os.getpid()} (")
    assert owner.endswith(f"of uid {os.geteuid()}")


def test_owner_without_a_pid(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of another namespace has no pid here."""
    monkeypatch.setattr(
        peer, "credentials", lambda _: peer.Credentials(65534, 65534, None, ())
    )
    with socket.socket(socket.AF_UNIX) as sock:
        assert peer.owner(sock) == "a process of uid 65534"


def test_owner_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    monkeypatch.setattr(
        peer, "credentials", lambda _: peer.Credentials(1, 1, child.pid, ())
    )
    with socket.socket(socket.AF_UNIX) as sock:
        assert "not known" in peer.owner(sock)
