"""The plugins as the command `plugwire` shows them, and takes them from a
configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from plugwire.distributions import normal
from plugwire.plugins import Kind, Loaded
from plugwire.testing.packaging.children import Ended, command
from plugwire.testing.packaging.facts import Claim, Packaged, told

GATE = "kit_gate"
CHOICES: dict[Kind, str] = {
    "transport": "transport",
    "codec": "codec",
    "queue": "queue",
    "permission": "permissions",
    "extension": "extensions",
}
"""Kind -> the key that names its plugins."""


class Use(Packaged):
    """Checks through the command, each in a process of its own."""

    def test_it_is_listed(self, claims: tuple[Claim, ...]) -> None:
        """`plugwire plugins` is where an operator looks first."""
        listed = _document(command("", "plugins", "--json"))
        faults = []
        for claim in claims:
            states = [
                f"{one['state']}: {one['why']}".rstrip(": ")
                for one in listed
                if (one["kind"], one["name"]) == (claim.kind, claim.name)
                and normal(one["distribution"]) == normal(self.distribution)
            ]
            if states != ["available"]:
                faults.append(
                    f"{claim}: expected one line `available`, found "
                    f"{'; '.join(states) or 'none'}"
                )
        assert not faults, told(faults)

    def test_it_is_chosen_by_its_name(self, claims: tuple[Claim, ...]) -> None:
        """`plugwire explain` composes what a server and a client would, out
        of a settings file: one word has to be enough."""
        faults = []
        for claim in claims:
            done = command(_settings(claim), "explain", "--json")
            if done.status:
                faults.append(f"{claim}: {done.err.strip()}")
                continue
            answers = _answers(json.loads(done.out))
            if not any(
                (one["kind"], one["plugin"]) == (claim.kind, claim.name)
                and normal(one["distribution"].partition(" ")[0])
                == normal(self.distribution)
                for one in answers
            ):
                faults.append(f"{claim} answers no hook")
        assert not faults, told(faults)

    def test_its_section_has_a_schema(
        self, claims: tuple[Claim, ...], loaded: tuple[Loaded, ...]
    ) -> None:
        """With it an editor completes and checks what users write."""
        faults = []
        for claim, one in zip(claims, loaded, strict=True):
            done = command(_settings(claim), "config", "schema")
            if done.status:
                faults.append(f"{claim}: {done.err.strip()}")
                continue
            section = json.loads(done.out)["$defs"].get(claim.name, {})
            model = getattr(one.cls, "Settings", None)
            own = fields(model) if is_dataclass(model) else ()
            names = {field.name for field in own if field.init}
            found = set(section.get("properties", {}))
            if found != names:
                faults.append(
                    f"{claim}: expected the keys {sorted(names)}, found "
                    f"{sorted(found)}"
                )
        assert not faults, told(faults)


def _settings(claim: Claim) -> str:
    """The settings file that names it, and the kit's for all other kinds."""
    chosen: dict[str, Any] = {
        "transport": "memory",
        "codec": "kit_codec",
        "queue": "kit_queue",
        "permissions": [GATE],
        "extensions": [],
    }
    key = CHOICES[claim.kind]
    if isinstance(chosen[key], list):
        chosen[key] = [claim.name, *chosen[key]]
    else:
        chosen[key] = claim.name
    # For text and lists of text, TOML is as JSON.
    return "".join(f"{k} = {json.dumps(v)}\n" for k, v in chosen.items())


def _document(done: Ended) -> Any:
    assert not done.status, f"`plugwire` ended with {done.status}: {done.err}"
    return json.loads(done.out)


def _answers(explained: Any) -> Iterator[Any]:
    """All answers to hooks, of doors, server and client."""
    server = explained["server"]
    for one in (*server["doors"], explained["client"]):
        yield from one["answers"]
    yield from server["queue"]
