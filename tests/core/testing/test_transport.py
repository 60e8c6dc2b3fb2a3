"""The suite of transports as a whole."""

from __future__ import annotations

import inspect

from plugwire.testing import TransportSuite
from plugwire.testing.suite import Suite

LEAST = 60


def checks() -> dict[str, object]:
    return {
        name: check
        for name, check in inspect.getmembers(TransportSuite)
        if name.startswith("test_")
    }


def test_there_are_as_many_checks_as_are_promised() -> None:
    assert len(checks()) >= LEAST


def test_each_check_says_why_an_author_should_care() -> None:
    silent = [name for name, check in checks().items() if not check.__doc__]
    assert silent == []


def test_no_topic_hides_anothers_check() -> None:
    topics = [c for c in TransportSuite.__mro__ if issubclass(c, Suite)]
    names = [
        name
        for topic in topics
        for name in vars(topic)
        if name.startswith("test_")
    ]
    assert sorted(names) == sorted(checks())
