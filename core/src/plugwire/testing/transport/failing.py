"""A start that fails, and what it leaves: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugwire.errors import (
    AlreadyRunning,
    ConnectionFailed,
    Denied,
    PlugwireError,
)
from plugwire.testing.transport import sight
from plugwire.testing.transport.base import (
    Rig,
    TransportBase,
    check_words,
)
from plugwire.testing.transport.posts import Post

MOST = 40
"""Descriptors that a start may take: far more than any needs."""


class Failing(TransportBase):
    """What stands in the way of a start, and what runs out in it."""

    def test_a_folder_that_is_a_file_is_refused_in_words(
        self, rig: Rig, folder: Path
    ) -> None:
        """What stands in the way is named, and left as it is."""
        self.need("files")
        folder.write_text("mine")

        async def check() -> None:
            post, refusal = Post(rig.listener()), None
            try:
                await post.open()
            except (ConnectionFailed, Denied) as error:
                refusal = error
            else:
                await post.close()
            assert refusal is not None, f"expected a refusal of {folder}"
            check_words(refusal)
            assert str(folder) in str(refusal), (
                f"expected {folder} to be named, found {refusal}"
            )

        self.run(check())
        assert folder.read_text() == "mine"

    def test_without_descriptors_it_fails_and_leaves_nothing(
        self, rig: Rig
    ) -> None:
        """Wherever in a start they run out: it fails as one of ours, and
        what it had opened and made is gone."""
        self.see_descriptors()
        pytest.importorskip("resource")

        async def check() -> None:
            await rig.once()
            for count in range(MOST):
                before, files = sight.descriptors(), rig.files()
                post, failure = Post(rig.listener()), None
                with sight.shortage() as short:
                    short.give(count)
                    try:
                        await post.open()
                    except (PlugwireError, OSError) as error:
                        failure = error
                if failure is None:
                    await post.close()
                    return
                _check_failure(failure, count)
                left = sight.opened(before)
                assert not left, (
                    f"with {count} descriptors it failed, and left {left}"
                )
                more = rig.files() - files
                assert not more, (
                    f"with {count} descriptors it failed, and left {more}"
                )
            raise AssertionError(f"{MOST} descriptors were not enough")

        self.run(check())


def _check_failure(error: BaseException, count: int) -> None:
    ours = isinstance(error, ConnectionFailed | Denied | AlreadyRunning)
    assert ours, (
        f"with {count} descriptors expected ConnectionFailed, found "
        f"{type(error).__name__}: {error}"
    )
