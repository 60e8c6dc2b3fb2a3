"""The operator's word on plugins: `PLUGWIRE_DISABLE` and `PLUGWIRE_ALLOW`.

Both stand over every other setting. What is written so that it can mean no
plugin is an error and not a wish without effect: whoever shut something out
would learn of it too late. Safe from any thread.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from plugwire.distributions import normal
from plugwire.errors import Problem
from plugwire.validation import shown

DISABLE = "PLUGWIRE_DISABLE"
ALLOW = "PLUGWIRE_ALLOW"

_WORD = r"(?a:[A-Za-z0-9._-]*(?:\s*@\s*[A-Za-z0-9._-]+)?)"
"""A name, a kind and a name, either with a distribution, or a distribution.
Compiled where there is a word to look at."""


class Wishes(Struct, frozen=True):
    """What the operator says in PLUGWIRE_DISABLE and PLUGWIRE_ALLOW."""

    disable: str
    allow: str | None

    def words(self) -> Iterator[tuple[str, str]]:
        """The variable and the word, of each word in either."""
        for variable, text in (
            (DISABLE, self.disable),
            (ALLOW, self.allow or ""),
        ):
            for word in map(str.strip, text.split(",")):
                if word:
                    yield variable, word


def operator() -> Wishes:
    """What the environment says at this moment."""
    return Wishes(os.environ.get(DISABLE, ""), os.environ.get(ALLOW))


@lru_cache(maxsize=8)
def misspelt(wishes: Wishes) -> tuple[Problem, ...]:
    """What in `wishes` can be no plugin's name and no distribution's: one
    problem for each variable."""
    wrong = dict.fromkeys(
        variable
        for variable, word in wishes.words()
        if not re.fullmatch(_WORD, word)
    )
    texts = {DISABLE: wishes.disable, ALLOW: wishes.allow}
    return tuple(
        Problem(
            "plugwire",
            f"environment {variable}",
            "names of plugins or distributions with commas between",
            shown(texts[variable]),
            f"write {variable}=json,plugwire-tcp",
        )
        for variable in wrong
    )


def names(word: str, kind: str, name: str, distribution: str) -> bool:
    """Whether `word` means this plugin: by its name, its kind and name,
    either with `@` and the distribution, or by the distribution, in letters
    of any case."""
    own = normal(distribution)
    said, at, picked = word.partition("@")
    if at and normal(picked) != own:
        return False
    # Names have small letters alone: no other can be meant.
    if said.strip().lower() in (name, f"{kind}.{name}"):
        return True
    return bool(word) and normal(word) == own
