"""The token's file: made once, private, refused when it is not."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plugwire import Denied
from plugwire_permissions.tokenfile import ensure_token, read_token

GOOD = "0f" * 16 + "\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "token"


def write(file: Path, content: str | bytes, mode: int = 0o600) -> None:
    data = content.encode() if isinstance(content, str) else content
    file.write_bytes(data)
    file.chmod(mode)


def refused(file: Path) -> Denied:
    """What both readers say of it; neither changes it."""
    before = os.lstat(file)
    with pytest.raises(Denied) as caught:
        read_token(file)
    with pytest.raises(Denied):
        ensure_token(file)
    after = os.lstat(file)
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
    assert str(file) in caught.value.reason
    assert caught.value.mend
    return caught.value


@pytest.fixture
def umask():
    old = os.umask(0o022)
    os.umask(old)
    yield os.umask
    os.umask(old)


@pytest.mark.parametrize("mask", [0, 0o022, 0o777])
def test_a_made_file_is_private_under_any_umask(file, umask, mask) -> None:
    umask(mask)
    token = ensure_token(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert re.fullmatch(rb"[0-9a-f]{32}\n", file.read_bytes())
    assert bytes.fromhex(file.read_text()) == token
    assert [path.name for path in file.parent.iterdir()] == ["token"]


def test_tokens_differ(tmp_path) -> None:
    made = {ensure_token(tmp_path / str(number)) for number in range(20)}
    assert len(made) == 20
    assert {len(token) for token in made} == {16}


def test_a_file_that_is_there_is_kept(file) -> None:
    write(file, GOOD)
    assert ensure_token(file) == read_token(file) == b"\x0f" * 16
    assert file.read_text() == GOOD


def test_reading_makes_nothing(file) -> None:
    assert read_token(file) is None
    assert not file.exists()


@pytest.mark.parametrize(
    "content", ["0f" * 16, "0F" * 16 + "\r\n", "0f" * 64 + "\n"]
)
def test_what_people_write_is_read(file, content) -> None:
    write(file, content)
    assert read_token(file) == bytes.fromhex(content.strip())


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        "0f" * 15,
        "0f" * 16 + "0",
        "0f" * 65,
        "0g" * 16,
        " " + GOOD,
        GOOD + "\n",
        GOOD + GOOD,
        "0f" * 64 + "\n" + "0f" * 64,
        b"\xff" * 32,
        b"0f" * 16 + b"\0",
    ],
)
def test_a_malformed_file_is_refused_and_not_shown(file, content) -> None:
    write(file, content)
    error = refused(file)
    assert "32 to 128 hexadecimal digits" in error.reason
    assert "remove it" in error.mend
    assert "0f0f" not in str(error)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o777])
def test_a_file_open_to_others_is_refused(tmp_path, mode) -> None:
    file = tmp_path / "a token"
    write(file, GOOD, mode)
    error = refused(file)
    assert f"mode {mode:04o}" in error.reason
    assert f"chmod 600 '{file}'" in error.mend


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_our_own_modes_are_taken(file, mode) -> None:
    write(file, GOOD, mode)
    assert read_token(file) == b"\x0f" * 16


def test_a_foreign_file_is_refused(file) -> None:
    if os.geteuid() == 0:
        write(file, GOOD)
        os.chown(file, 12345, 12345)
    else:
        file = Path("/etc/passwd")  # root's, everywhere
    owner = file.stat().st_uid
    assert f"belongs to uid {owner}" in refused(file).reason


@pytest.mark.parametrize("there", [True, False])
def test_a_symbolic_link_is_refused_and_not_followed(file, there) -> None:
    target = file.with_name("target")
    if there:
        write(target, GOOD)
    file.symlink_to(target)
    assert "symbolic link" in refused(file).reason
    assert target.exists() is there


def test_a_folder_and_a_pipe_are_refused(tmp_path) -> None:
    folder, pipe = tmp_path / "folder", tmp_path / "pipe"
    folder.mkdir(0o700)
    os.mkfifo(pipe, 0o600)
    for path in (folder, pipe):
        assert "is no regular file" in refused(path).reason


def test_a_missing_folder_is_named(tmp_path) -> None:
    file = tmp_path / "missing" / "token"
    assert read_token(file) is None
    with pytest.raises(Denied, match="cannot make the token file") as caught:
        ensure_token(file)
    assert str(file) in caught.value.reason
    assert "mend its folder" in caught.value.mend


def test_a_path_through_a_file_cannot_be_read(file) -> None:
    write(file, GOOD)
    with pytest.raises(Denied, match="cannot read the token file"):
        read_token(file / "token")


def test_a_failing_disk_leaves_nothing_behind(file, monkeypatch) -> None:
    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Denied, match="No space left"):
        ensure_token(file)
    assert list(file.parent.iterdir()) == []


def test_a_file_removed_meanwhile_is_told(file, monkeypatch) -> None:
    link = os.link

    def link_and_lose(source: Path, target: Path) -> None:
        link(source, target)
        target.unlink()

    monkeypatch.setattr(os, "link", link_and_lose)
    with pytest.raises(Denied, match="was removed while it was made"):
        ensure_token(file)


def test_threads_that_make_it_at_once_agree(tmp_path) -> None:
    count = 8
    for number in range(25):
        file = tmp_path / str(number)
        barrier = threading.Barrier(count)

        def make(file=file, barrier=barrier) -> bytes:
            barrier.wait()
            return ensure_token(file)

        with ThreadPoolExecutor(count) as pool:
            made = [pool.submit(make) for _ in range(count)]
        assert {one.result() for one in made} == {read_token(file)}
    assert len(list(tmp_path.iterdir())) == 25


MAKER = """
import sys
from pathlib import Path
from plugwire_permissions.tokenfile import ensure_token
print("ready", flush=True)
for line in sys.stdin:
    print(ensure_token(Path(line.rstrip())).hex(), flush=True)
"""


def test_processes_that_make_it_at_once_agree(tmp_path) -> None:
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        for maker in makers:
            assert maker.stdout.readline() == "ready\n"
        for number in range(100):
            file = tmp_path / str(number)
            for maker in makers:
                maker.stdin.write(f"{file}\n")
                maker.stdin.flush()
            made = {maker.stdout.readline().strip() for maker in makers}
            assert made == {read_token(file).hex()}
    finally:
        for maker in makers:
            maker.communicate(timeout=30)
    assert len(list(tmp_path.iterdir())) == 100
