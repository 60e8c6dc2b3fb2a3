"""The private folder, and the lock."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugwire import rundir
from plugwire.errors import (
    AlreadyRunning,
    ConfigurationError,
    ConnectionFailed,
    Denied,
)
from plugwire.rundir import (
    EventLock,
    check_private,
    default_socket_dir,
    ensure_private,
    folder_lock,
    lock_owner,
    lock_path,
)

ROOT = os.geteuid() == 0
STRANGER = 1000
HOLDER = """
import sys, pathlib
from plugwire.rundir import EventLock
lock = EventLock(pathlib.Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def as_mortal() -> Iterator[None]:
    """Without root's rights; those who have none stay who they are."""
    if not ROOT:
        yield
        return
    os.setegid(STRANGER)
    os.seteuid(STRANGER)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def mortal_folder() -> Iterator[Path]:
    """A folder of the one that `as_mortal` is, reachable for him."""
    with tempfile.TemporaryDirectory() as made:
        if ROOT:
            os.chown(made, STRANGER, STRANGER)
        yield Path(made)
        Path(made).chmod(0o700)


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder of somebody else, writable by him alone."""
    if not ROOT:
        return Path("/usr")
    folder = tmp_path / "foreign"
    folder.mkdir(mode=0o700)
    os.chown(folder, STRANGER, STRANGER)
    return folder


@contextlib.contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
        child.kill()


# ------------------------------------------------------------- the folder


def test_a1_default_is_under_the_runtime_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert default_socket_dir() == tmp_path / "plugwire"


@pytest.mark.parametrize("value", [None, "", ".", "/nonexistent/run"])
def test_a1_default_is_under_home_without_a_runtime_directory(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    if value is None:
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    else:
        monkeypatch.setenv("XDG_RUNTIME_DIR", value)
    assert default_socket_dir() == tmp_path / ".plugwire" / "run"


def test_no_home_at_all_asks_for_socket_dir() -> None:
    code = (
        "import os; os.environ.pop('HOME', 0);"
        "os.environ.pop('XDG_RUNTIME_DIR', 0);"
        "import pwd; pwd.getpwuid = lambda _: {}[_];"
        "from plugwire.rundir import default_socket_dir\n"
        "try: default_socket_dir()\n"
        "except Exception as e: print(type(e).__name__, e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert ConfigurationError.__name__ in done.stdout, done.stderr
    assert "set socket_dir" in done.stdout


def test_a11_folder_is_made_0700_with_its_parents(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    before = os.umask(0)
    try:
        ensure_private(folder)
    finally:
        os.umask(before)
    made = (folder, folder.parent, folder.parent.parent)
    assert {stat.S_IMODE(one.stat().st_mode) for one in made} == {0o700}
    ensure_private(folder)


def test_a11_folder_readable_by_others_is_taken(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    ensure_private(tmp_path)
    assert check_private(tmp_path)


@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.parametrize("check", [ensure_private, check_private])
def test_a11_symlink_is_refused(check, dangling: bool, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / ("nothing" if dangling else "real"))
    with pytest.raises(Denied, match=r"link is a symbolic link") as caught:
        check(link)
    assert "remove it" in caught.value.mend
    assert link.is_symlink()


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o720, 0o702, 0o1777])
@pytest.mark.parametrize("check", [ensure_private, check_private])
def test_a11_folder_writable_by_others_is_refused(
    check, mode: int, tmp_path: Path
) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(Denied, match="writable by others") as caught:
        check(tmp_path)
    assert caught.value.mend == f"chmod 700 {tmp_path}"
    assert stat.S_IMODE(tmp_path.stat().st_mode) == mode


def test_a11_foreign_folder_is_refused(foreign: Path) -> None:
    with pytest.raises(Denied, match=rf"{foreign} belongs to uid"):
        ensure_private(foreign)


def test_roots_folder_is_good_enough_for_clients() -> None:
    assert check_private(Path("/usr"))


@pytest.mark.skipif(not ROOT, reason="only root can make foreign folders")
def test_foreign_folder_is_refused_to_clients(foreign: Path) -> None:
    with pytest.raises(Denied, match="belongs to uid 1000"):
        check_private(foreign)


@pytest.mark.parametrize("check", [ensure_private, check_private])
def test_a11_file_in_place_of_the_folder_is_refused(
    check, tmp_path: Path
) -> None:
    file = tmp_path / "run"
    file.write_text("mine")
    with pytest.raises(ConnectionFailed, match="is not a folder") as caught:
        check(file)
    assert caught.value.address == str(file)
    assert file.read_text() == "mine"


def test_a11_file_among_the_parents_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "run"
    with pytest.raises(ConnectionFailed, match=r"could not make .*file/run"):
        ensure_private(folder)
    assert not check_private(folder)


def test_a11_unwritable_folder_is_refused(mortal_folder: Path) -> None:
    mortal_folder.chmod(0o500)
    with as_mortal(), pytest.raises(Denied, match="not writable") as caught:
        ensure_private(mortal_folder)
    assert f"chmod 700 {mortal_folder}" in caught.value.mend


def test_a11_folder_that_may_not_be_made_is_denied(
    mortal_folder: Path,
) -> None:
    mortal_folder.chmod(0o500)
    with as_mortal(), pytest.raises(Denied, match="not permitted to make"):
        ensure_private(mortal_folder / "run")


def test_folder_that_may_not_be_looked_at_is_denied(
    mortal_folder: Path,
) -> None:
    mortal_folder.chmod(0)
    with as_mortal(), pytest.raises(Denied, match="not permitted to look"):
        check_private(mortal_folder / "run")


def test_missing_folder_is_no_server(tmp_path: Path) -> None:
    assert not check_private(tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["run", "a/b/run"])
def test_folder_below_a_removed_one_cannot_be_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConnectionFailed, match="could not make"):
        ensure_private(Path(name))


# ---------------------------------------------------------------- the lock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return lock_path(tmp_path, "event")


def test_lock_names_its_owner_and_is_left_empty(path: Path) -> None:
    lock = EventLock(path)
    assert lock_owner(path) is None
    assert not lock.held
    lock.acquire()
    assert lock.held
    assert lock_owner(path) == path.read_text().rstrip("\n")
    assert f"pid {os.getpid()} (" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lock.release()
    lock.release()
    assert not lock.held
    assert path.read_bytes() == b""
    assert lock_owner(path) is None


def test_second_lock_is_refused_and_names_the_owner(path: Path) -> None:
    with holder(path) as child:
        lock = EventLock(path)
        with pytest.raises(AlreadyRunning, match="event is served") as caught:
            lock.acquire()
        assert f"pid {child.pid} (" in caught.value.owner
        assert caught.value.owner in str(caught.value)
        assert not lock.held
        assert lock_owner(path) == caught.value.owner


def test_second_lock_in_one_process_is_refused(path: Path) -> None:
    first, second = EventLock(path), EventLock(path)
    first.acquire()
    with pytest.raises(AlreadyRunning, match=f"pid {os.getpid()}"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_l1_killed_holder_lets_go(path: Path) -> None:
    with holder(path) as child:
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert path.read_text()
        assert lock_owner(path) is None
        lock = EventLock(path)
        lock.acquire()
        assert f"pid {os.getpid()} " in path.read_text()
        lock.release()


def test_forgotten_lock_is_let_go(path: Path) -> None:
    with pytest.warns(ResourceWarning):
        EventLock(path).acquire()
    assert lock_owner(path) is None


def test_probes_do_not_stop_a_start(path: Path) -> None:
    """Whoever asks for the owner holds the file shared for a moment."""
    path.touch()
    probe = os.open(path, os.O_RDONLY)
    fcntl.flock(probe, fcntl.LOCK_SH)
    tried = threading.Event()
    real = rundir._try_lock

    def trying(fd: int, *, shared: bool = False) -> bool:
        got = real(fd, shared=shared)
        tried.set()
        return got

    def let_go() -> None:
        tried.wait()
        os.close(probe)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rundir, "_try_lock", trying)
        thread = threading.Thread(target=let_go)
        thread.start()
        lock = EventLock(path)
        lock.acquire()
        thread.join()
    assert lock.held
    lock.release()


def test_forked_child_does_not_keep_the_lock_alive(path: Path) -> None:
    """The server dies while a child that it forked lives on."""
    code = """
import os, signal, sys, pathlib, warnings
warnings.simplefilter("error")
from plugwire.rundir import EventLock
lock = EventLock(pathlib.Path(sys.argv[1]))
lock.acquire()
if os.fork() == 0:
    assert not lock.held
    lock.release()
    print(os.getpid(), flush=True)
    while True:
        signal.pause()
sys.stdin.readline()
os._exit(9)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        child = int(parent.stdout.readline())
        owner = lock_owner(path)
        assert owner is not None
        assert f"pid {parent.pid} " in owner  # release() there did nothing
        parent.stdin.write("\n")
        parent.stdin.flush()
        assert parent.wait() == 9
        assert lock_owner(path) is None
        os.kill(child, signal.SIGKILL)


def test_fork_while_releasing_lets_go_for_all(path: Path) -> None:
    """A child between fork and exec has the same open file; unlocking must
    not wait for it to be closed there."""
    lock = EventLock(path)
    lock.acquire()
    assert lock._file is not None
    copy = os.dup(lock._file.fileno())
    lock.release()
    assert lock_owner(path) is None
    os.close(copy)


def test_f11_symlink_is_not_followed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    path.symlink_to(target)
    with pytest.raises(Denied, match="symbolic link"):
        EventLock(path).acquire()
    assert target.read_text() == "precious"
    assert lock_owner(path) is None


def test_f11_folder_in_place_of_the_lock(path: Path) -> None:
    path.mkdir()
    with pytest.raises(ConnectionFailed, match="could not open") as caught:
        EventLock(path).acquire()
    assert caught.value.address == str(path)


def test_f11_pipe_in_place_of_the_lock_does_not_block(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(ConnectionFailed, match="could not write"):
        EventLock(path).acquire()


def test_f11_unreadable_lock_is_denied(mortal_folder: Path) -> None:
    path = lock_path(mortal_folder, "event")
    path.touch(mode=0)
    with as_mortal():
        with pytest.raises(Denied, match="not permitted to open"):
            EventLock(path).acquire()
        assert lock_owner(path) is None


def test_owner_without_words_is_another_process(path: Path) -> None:
    path.touch()
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert lock_owner(path) == "another process"


def test_owners_text_is_escaped_and_cut(path: Path) -> None:
    path.write_bytes(b"\x1b[31m\xff" + b"x" * 500)
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        owner = lock_owner(path)
    assert owner is not None
    assert owner.startswith("\\x1b[31m")
    assert owner.isascii()
    assert len(owner) < 300


@pytest.mark.parametrize(
    ("argv0", "shown"),
    [
        ("/opt/bin/daemon", "daemon"),
        ("/site/plugwire/__main__.py", "plugwire"),
        ("-c", Path(sys.executable).name),
        ("", Path(sys.executable).name),
        ("/bin/\x1bb\nad", "?b?ad"),
    ],
)
def test_owner_is_pid_and_program(
    argv0: str, shown: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [argv0])
    lock = EventLock(path)
    lock.acquire()
    assert lock_owner(path) == f"pid {os.getpid()} ({shown})"
    lock.release()


# --------------------------------------------------------- the folder lock


def test_folder_lock_excludes_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rundir, "FOLDER_WAIT", 0.01)
    with (
        folder_lock(tmp_path),
        pytest.raises(ConnectionFailed, match="locked for"),
        folder_lock(tmp_path),
    ):
        pass
    with folder_lock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_folder_lock_of_a_missing_folder(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    with (
        pytest.raises(ConnectionFailed, match="could not open"),
        folder_lock(tmp_path),
    ):
        pass
