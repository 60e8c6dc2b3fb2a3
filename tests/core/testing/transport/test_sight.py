"""What the kit sees for itself."""

from __future__ import annotations

import os
import socket

import pytest

from plugwire.testing.transport import sight


def test_what_is_opened_is_seen(tmp_path) -> None:
    assert sight.can_see_descriptors()
    before = sight.descriptors()
    assert sight.opened(before) == []
    with (tmp_path / "file").open("w") as file:
        assert before.get(file.fileno()) != str(tmp_path / "file")
        [left] = sight.opened(before)
        assert left == f"descriptor {file.fileno()}: {tmp_path / 'file'}"
    assert sight.opened(before) == []


def test_a_descriptor_that_became_another_is_seen(tmp_path) -> None:
    first = os.open(tmp_path, os.O_RDONLY)
    before = sight.descriptors()
    os.dup2(1, first)
    assert len(sight.opened(before)) == 1
    os.close(first)


def test_listening_is_the_kernels_word() -> None:
    before = sight.listening(sight.descriptors())
    with socket.create_server(("127.0.0.1", 0)) as one, socket.socket() as two:
        assert sight.listens(one)
        assert not sight.listens(two)
        seen = sight.descriptors()
        found = set(sight.listening(seen)) - set(before)
        assert found == {one.fileno()}
        # Looking leaves nothing open.
        assert sight.opened(seen) == []


def test_a_closed_descriptor_listens_no_more() -> None:
    assert sight.listening({9999: "socket:[1]"}) == []


def test_files_at_any_depth(tmp_path) -> None:
    assert sight.files(tmp_path / "none") == set()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").touch()
    assert sight.files(tmp_path) == {"a", "a/b"}


def test_a_shortage_leaves_as_many_as_are_given() -> None:
    before = sight.descriptors()
    with sight.shortage() as short:
        with pytest.raises(OSError, match="Too many"):
            os.dup(0)
        short.give(2)
        spare = [os.dup(0), os.dup(0)]
        with pytest.raises(OSError, match="Too many"):
            os.dup(0)
        for descriptor in spare:
            os.close(descriptor)
    os.close(os.dup(0))
    assert sight.opened(before) == []
