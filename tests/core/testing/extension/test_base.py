"""Extensions that keep every promise pass, whatever they wrap."""

from __future__ import annotations

import zlib

import pytest
from sound_extensions import ALL, BYTES, Counted, Idle, Zipped

from plugwire.testing import ExtensionSuite
from plugwire.testing.extension.base import noise, same, samples


@pytest.mark.parametrize(
    ("plugin", "claims"),
    [(Idle, ()), (Counted, ALL), (Zipped, BYTES)],
)
def test_a_sound_one_fails_no_check(verdicts, plugin, claims) -> None:
    ended = verdicts(ExtensionSuite, plugin, capabilities=claims)
    failed = {k: v for k, v in ended.items() if v.startswith("failed")}
    assert failed == {}
    passed = [k for k, v in ended.items() if v == "passed"]
    assert len(passed) >= 12
    skipped = len(ended) - len(passed)
    assert skipped <= 6


def test_noise_does_not_shrink() -> None:
    text = noise(10_000)
    assert len(text) == 10_000
    assert len(zlib.compress(text.encode())) > 7_000


def test_what_differs_is_named() -> None:
    few = samples()[:3]
    same(few, few)
    with pytest.raises(AssertionError, match="message 1 comes back"):
        same([few[0], few[2], few[1]], few)
    with pytest.raises(AssertionError, match="3 messages were sent, 2 came"):
        same(few[:2], few)
