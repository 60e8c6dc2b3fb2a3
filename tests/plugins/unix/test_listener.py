from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from plugwire import AlreadyRunning, ConnectionFailed, Denied
from plugwire.rundir import folder_lock
from plugwire.sockets import SMALL_BUFFER
from plugwire_unix import Unix, UnixSettings, socketfile

STRANGER = 1000


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a1_socket_is_bound_and_serves(make, path: Path, connect) -> None:
    listener = make()
    (sock,) = listener.open(16)
    assert listener.address == str(path)
    client = connect()
    server, _ = sock.accept()
    with server:
        client.sendall(b"hello")
        assert server.recv(5) == b"hello"


def test_sockets_do_not_block_and_are_not_inherited(make) -> None:
    (sock,) = make().open(16)
    assert not sock.getblocking()
    assert not sock.get_inheritable()


def test_a11_folder_is_made(make, run_dir: Path) -> None:
    make().open(16)
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700


def test_a11_folder_writable_by_others_is_refused(make, run_dir) -> None:
    run_dir.mkdir()
    run_dir.chmod(0o777)
    with pytest.raises(Denied, match="chmod 700"):
        make().open(16)
    assert list(run_dir.iterdir()) == []


def test_l8_open_and_close_again_and_again(make, run_dir: Path) -> None:
    listener = make()
    before = _open_files()
    for _ in range(50):
        (sock,) = listener.open(16)
        listener.close()
        assert sock.fileno() == -1
        assert list(run_dir.iterdir()) == []
    listener.close()
    assert _open_files() == before


# --------------------------------------------------------------- the mode


@pytest.mark.parametrize("umask", [0, 0o022, 0o177, 0o777])
@pytest.mark.parametrize("mode", ["0600", "0660", "0666", "0400", "0000"])
def test_b13_mode_is_as_configured_whatever_the_umask(
    make, path: Path, mode: str, umask: int
) -> None:
    path.parent.mkdir(mode=0o700)
    before = os.umask(umask)
    try:
        make(socket_permissions=mode).open(16)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == int(mode, 8)


@pytest.mark.parametrize("mode", ["0600", "0666"])
def test_f1_socket_is_never_wider_than_asked_for(
    make, path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    born: list[int] = []
    real = socketfile.give_mode

    def looking(path: Path, own: socketfile.Identity, mode: int) -> None:
        born.append(stat.S_IMODE(path.stat().st_mode))
        real(path, own, mode)

    monkeypatch.setattr(socketfile, "give_mode", looking)
    before = os.umask(0)
    try:
        make(socket_permissions=mode).open(16)
    finally:
        os.umask(before)
    assert born == [0o600]


def test_f10_symlink_swapped_in_before_chmod_is_not_followed(
    make, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    target.touch(mode=0o600)
    real = socketfile.give_mode

    def swapped(path: Path, own: socketfile.Identity, mode: int) -> None:
        path.unlink()
        path.symlink_to(target)
        real(path, own, mode)

    monkeypatch.setattr(socketfile, "give_mode", swapped)
    with pytest.raises(ConnectionFailed, match="somebody replaced it"):
        make(socket_permissions="0666").open(16)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert path.is_symlink()


# ------------------------------------------------- stale, live and strange


def test_a2_stale_socket_is_replaced(make, path: Path, connect) -> None:
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    make().open(16)
    connect()


def test_a2_killed_server_is_replaced(make, path, spawn, connect) -> None:
    for _ in range(3):
        child = spawn()
        assert child.stdout.readline() == "open\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert path.is_socket()
    (sock,) = make().open(16)
    connect()
    sock.accept()[0].close()


def test_a2_live_server_is_named_and_unharmed(
    make, path: Path, spawn, connect
) -> None:
    child = spawn()
    assert child.stdout.readline() == "open\n"
    inode = path.stat().st_ino
    with pytest.raises(AlreadyRunning, match="served already") as caught:
        make().open(16)
    assert f"pid {child.pid} (python" in caught.value.owner
    assert f"of uid {os.geteuid()}" in caught.value.owner
    assert path.stat().st_ino == inode
    connect()


def test_a2_probe_is_a_connection_without_a_byte(make) -> None:
    (sock,) = make().open(16)
    with pytest.raises(AlreadyRunning):
        make().open(16)
    probe, _ = sock.accept()
    with probe:
        assert probe.recv(1) == b""


def test_a2_live_server_with_a_full_backlog_is_unharmed(
    make, path: Path, connect
) -> None:
    make().open(0)
    connect()
    with pytest.raises(AlreadyRunning, match="backlog is full"):
        make().open(16)
    assert path.is_socket()


@pytest.mark.parametrize(
    "kind", ["file", "folder", "fifo", "link", "dangling"]
)
def test_a2_what_is_no_socket_is_left_alone(
    make, path: Path, tmp_path: Path, kind: str
) -> None:
    path.parent.mkdir(mode=0o700)
    target = tmp_path / "target"
    with socket.socket(socket.AF_UNIX) as behind:
        match kind:
            case "file":
                path.write_text("precious")
            case "folder":
                path.mkdir()
            case "fifo":
                os.mkfifo(path)
            case "link":
                behind.bind(str(target))
                path.symlink_to(target)
            case "dangling":
                path.symlink_to(target)
    before = path.lstat()
    with pytest.raises(ConnectionFailed, match="not a socket") as caught:
        make().open(16)
    assert str(path) in str(caught.value)
    assert "move it away" in str(caught.value)
    after = path.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert target.exists() == (kind == "link")


def test_a2_socket_of_another_kind_is_left_alone(make, path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        with pytest.raises(ConnectionFailed, match="could not replace"):
            make().open(16)
        assert path.is_socket()


def test_socket_that_may_not_be_probed_is_denied() -> None:
    root = os.geteuid() == 0  # who may connect to everything
    with tempfile.TemporaryDirectory() as folder:
        if root:
            os.chown(folder, STRANGER, STRANGER)
            os.seteuid(STRANGER)
        try:
            plugin = Unix(UnixSettings(socket_permissions="0000"))
            listener = plugin.bind("event", Path(folder))
            listener.open(16)
            with pytest.raises(Denied, match="not permitted") as caught:
                plugin.bind("event", Path(folder)).open(16)
            assert f"ls -ld {folder}" in caught.value.mend
            assert Path(listener.address).is_socket()
            listener.close()
        finally:
            if root:
                os.seteuid(0)


def test_socket_that_goes_while_it_is_probed_is_no_hindrance(
    make, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    monkeypatch.setattr(socketfile, "_prove_dead", Path.unlink)
    make().open(16)


def test_socket_that_comes_while_the_dead_one_is_probed_is_kept(
    make, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with socket.socket(socket.AF_UNIX) as rival:

        def replace(path: Path) -> None:
            path.rename(path.with_name("old"))
            rival.bind(str(path))

        monkeypatch.setattr(socketfile, "_prove_dead", replace)
        with pytest.raises(AlreadyRunning, match="at this moment"):
            make().open(16)
        assert path.is_socket()


def test_l2_probe_and_bind_happen_under_the_folders_lock(
    make, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def looking_before(name: str) -> None:
        real = getattr(socketfile, name)

        def look(*args: object) -> None:
            fd = os.open(path.parent, os.O_RDONLY)
            try:
                with pytest.raises(BlockingIOError):
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            finally:
                os.close(fd)
            seen.append(name)
            real(*args)

        monkeypatch.setattr(socketfile, name, look)

    for name in ("make_way", "give_mode"):
        looking_before(name)
    make().open(16)
    assert seen == ["make_way", "give_mode"]
    with folder_lock(path.parent):
        pass


def test_l2_of_two_starts_over_a_stale_path_one_serves(
    make, path: Path, spawn
) -> None:
    """The starts wait for the folder, and go on at the same moment."""
    path.parent.mkdir(mode=0o700)
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        gate = os.open(path.parent, os.O_RDONLY)
        fcntl.flock(gate, fcntl.LOCK_EX)
        children = [spawn() for _ in range(4)]
        os.close(gate)
        said = [child.stdout.readline() for child in children]
        assert sorted(line.split()[0] for line in said) == [
            *["AlreadyRunning"] * 3,
            "open",
        ]
        winner = children[said.index("open\n")]
        assert all(
            f"pid {winner.pid} " in line for line in said if "open" not in line
        )
        winner.communicate("\n")
        assert not path.exists()


# ------------------------------------------------------------------ close


def test_b13_socket_is_removed_at_close(make, path: Path) -> None:
    listener = make()
    listener.open(16)
    listener.close()
    assert not path.exists()


def test_b13_socket_stays_when_configured_so(make, path, connect) -> None:
    listener = make(auto_remove_socket=False)
    listener.open(16)
    listener.close()
    assert path.is_socket()
    make().open(16)
    connect()


def test_l4_old_server_leaves_the_new_ones_socket(make, path, connect) -> None:
    old = make()
    old.open(16)
    path.unlink()
    make().open(16)
    old.close()
    connect()


def test_l4_inode_number_given_out_again_is_told_apart(path: Path) -> None:
    """A closed socket's inode number may be the next socket's."""
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(path))
    own = socketfile.identity(path)
    os.utime(path, ns=(own[2] + 1, own[2] + 1))
    socketfile.remove(path, own)
    assert path.is_socket()
    path.chmod(0o666)
    socketfile.remove(path, socketfile.identity(path))
    assert not path.exists()


def test_path_gone_already_is_no_error(make, path, caplog) -> None:
    listener = make()
    listener.open(16)
    path.unlink()
    listener.close()
    assert caplog.text == ""


def test_f12_removal_that_is_denied_is_a_warning(
    make, path: Path, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = make()
    (sock,) = listener.open(16)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    listener.close()
    assert f"could not remove the socket {path}" in caplog.text
    assert sock.fileno() == -1
    monkeypatch.undo()
    path.unlink()


def test_forked_child_closes_and_leaves_the_parents_file(
    make, path: Path, connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = make()
    (sock,) = listener.open(16)
    child = os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: child)
    listener.close()
    assert sock.fileno() == -1
    assert path.is_socket()


def test_open_that_fails_leaves_nothing(
    make, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _open_files()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(socketfile, "give_mode", fail)
    with pytest.raises(ConnectionFailed, match="No space left"):
        make().open(16)
    assert list(run_dir.iterdir()) == []
    assert _open_files() == before


# --------------------------------------------------------------- accepted


@pytest.mark.parametrize("small", [False, True])
async def test_accepted_tells_the_peer(make, connect, small: bool) -> None:
    listener = make()
    (sock,) = listener.open(16)
    client = connect()
    accepted, _ = await asyncio.get_running_loop().sock_accept(sock)
    with accepted:
        usual = client.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        peer = listener.accepted(accepted, small=small)
        size = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    assert (peer.uid, peer.pid) == (os.geteuid(), os.getpid())
    assert peer.address == listener.address
    assert size == usual if not small else size <= 4 * SMALL_BUFFER
