"""What a plugin's distribution asks for: which versions of plugwire, and
which of the rest is not there. Safe from any thread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from plugwire import __version__
from plugwire.distributions import copies, normal

_REQUIRED = re.compile(r"\s*([A-Za-z0-9._-]+)")
_RELEASE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})*")
_PLAIN = re.compile(
    rf"plugwire\s*((?:(?:>=|<)\s*{_RELEASE.pattern}\s*,?\s*)*)", re.I
)


def required_name(requirement: str) -> str:
    """The distribution that `requirement` is about, or ""."""
    match = _REQUIRED.match(requirement)
    return normal(match[1]) if match else ""


def skewed(who: str, requirements: Iterable[str]) -> str:
    """How the requirements of plugwire in the metadata of `who` exclude the
    running core, or ""."""
    for text in requirements:
        if _is_plainly_met(text):
            continue
        from packaging.requirements import InvalidRequirement, Requirement

        try:
            required = Requirement(text)
            marker = required.marker
            if marker and not marker.evaluate({"extra": ""}):
                continue
            admits = required.specifier.contains(__version__, prereleases=True)
        # The second: a number of thousands of digits, which is no int.
        except (InvalidRequirement, ValueError):
            return f"its Requires-Dist {text!r:.200} cannot be read"
        if not admits:
            return (
                f"{who} needs plugwire{required.specifier}, and this is "
                f"plugwire {__version__}"
            )
    return ""


class Lack(NamedTuple):
    """A requirement that is not met: what was `found`, and what is `wanted`
    as a word of pip's."""

    found: str
    wanted: str


def lacking(requirements: Iterable[str]) -> Iterator[Lack]:
    """Those of the requirements that what is installed does not meet, but
    for plugwire itself. It looks through all of sys.path."""
    for text in requirements:
        # pip would not have installed what it cannot read: somebody's own
        # words, or a number of thousands of digits.
        with suppress(ValueError):
            yield from _lacking(text)


def _lacking(text: str) -> Iterator[Lack]:
    from packaging.requirements import Requirement

    required = Requirement(text)
    marker = required.marker
    if marker is not None and not marker.evaluate({"extra": ""}):
        return
    if normal(required.name) == "plugwire":
        return  # `skewed` tells
    there = copies(required.name)
    if not there:
        found = f"it needs {required}, which is not installed"
    elif required.specifier.contains(there[0].version, prereleases=True):
        return
    else:
        found = f"it needs {required}, and {there[0].version} is installed"
    required.marker = None
    yield Lack(found, f'"{required}"')


def _is_plainly_met(requirement: str) -> bool:
    """Whether it asks for a range of releases, by numbers alone, that this
    core is in. What is not so plain is left to packaging, whose import takes
    longer than all of ours."""
    plain = _PLAIN.fullmatch(requirement)
    release = _RELEASE.fullmatch(__version__)
    if plain is None or release is None:
        return False
    own = _numbers(__version__)
    for bound in filter(None, plain[1].split(",")):
        number = _numbers(bound.lstrip("<>= "))
        if not (own >= number if ">" in bound else own < number):
            return False
    return True


def _numbers(release: str) -> tuple[int, ...]:
    """For comparison: 1.0 is 1."""
    numbers = [int(part) for part in release.strip().split(".")]
    while numbers and not numbers[-1]:
        del numbers[-1]
    return tuple(numbers)


def recommended() -> str:
    """The versions of plugwire that a plugin should ask for that is made
    with this one: up to the next release that may change an interface."""
    major, minor, *_ = *_numbers(_release()), 0, 0
    below = f"0.{minor + 1}" if major == 0 else f"{major + 1}"
    return f">={major}.{minor},<{below}"


def _release() -> str:
    match = _RELEASE.match(__version__)
    return match[0] if match else "0"
