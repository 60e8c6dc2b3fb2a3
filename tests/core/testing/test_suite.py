"""The kit's base: what is claimed, what is exempt, what may be replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from plugwire.testing import Suite


class Kit(Suite):
    """A suite as the kit has them."""

    __module__ = "plugwire.testing.toy"
    KIND = "codec"
    CAPABILITIES: ClassVar = {"flies": "it leaves the ground"}

    def test_walks(self, instance: Any) -> None:
        assert instance.legs == 2

    def test_flies(self, instance: Any) -> None:
        self.claimed("flies", present=instance.wings, shown="wings")

    def test_flies_far(self, instance: Any) -> None:
        self.need("flies")
        assert instance.wings == 2


class Walker:
    legs = 2
    wings = 0


class Flier(Walker):
    wings = 2


def test_what_holds_passes_and_what_is_absent_is_skipped(verdicts) -> None:
    flies = "flies (it leaves the ground)"
    assert verdicts(Kit, Walker) == {
        "test_walks": "passed",
        "test_flies": f"skipped: not claimed, and absent: {flies}",
        "test_flies_far": f"skipped: not claimed: {flies}",
    }
    # Who needs it has not looked whether it is there.
    hidden = verdicts(Kit, Flier, only="test_flies_far")
    assert hidden == {"test_flies_far": f"skipped: not claimed: {flies}"}
    assert verdicts(Kit, Flier, capabilities=["flies"]) == {
        "test_walks": "passed",
        "test_flies": "passed",
        "test_flies_far": "passed",
    }


def test_what_does_not_hold_fails(caught) -> None:
    class Spider(Walker):
        legs = 8

    assert "8 == 2" in caught(Kit, Spider, by="test_walks")


def test_a_claim_without_its_capability_fails(caught) -> None:
    said = caught(Kit, Walker, by="test_flies", capabilities=["flies"])
    assert "Walker claims 'flies' (it leaves the ground)" in said


def test_a_capability_without_its_claim_fails(caught) -> None:
    said = caught(Kit, Flier, by="test_flies")
    assert "Flier has 'flies' and does not claim it (wings)" in said


def test_what_is_exempt_is_skipped_with_its_reason(verdicts) -> None:
    ended = verdicts(Kit, Walker, exempt={"test_walks": "it rolls"})
    assert ended["test_walks"] == "skipped: exempt: it rolls"


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"test_walks": lambda self: None}, "replaces test_walks"),
        ({"exempt": {"test_swims": "dry"}}, "exempts test_swims"),
        ({"capabilities": {"dives"}}, "claims dives"),
    ],
)
def test_a_class_that_says_what_is_not_is_refused(own, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        type("TestWalker", (Kit,), {"plugin": Walker, **own})


def test_a_section_is_validated_as_the_configuration_is(verdicts) -> None:
    @dataclass(frozen=True)
    class Settings:
        wings: int = 0

    class Bird(Walker):
        def __init__(self, settings: Settings) -> None:
            self.wings = settings.wings

    Bird.Settings = Settings  # type: ignore[attr-defined] # a local name
    claims = {"capabilities": ["flies"]}
    ended = verdicts(Kit, Bird, settings={"wings": 2}, **claims)
    assert set(ended.values()) == {"passed"}
    ended = verdicts(Kit, Bird, settings={"wingz": 2}, **claims)
    assert all("wingz" in verdict for verdict in ended.values())
    ended = verdicts(Kit, Walker, settings={"wings": 2})
    assert all("takes no section" in verdict for verdict in ended.values())


def test_a_check_that_waits_has_a_loop_of_its_own() -> None:
    async def answer() -> int:
        return 42

    assert Suite.run(answer()) == 42
