"""What the plugin hands over, and what it says of itself."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

from plugwire.errors import ConfigurationError
from plugwire.plugins import installed
from plugwire.testing.transport import sight
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.watching import watched


class Hooks(TransportBase):
    """`bind`, `connect`, and the attributes of what they answer."""

    def test_bind_hands_over_a_listener(self, rig: Rig) -> None:
        """A server is composed with it, and nothing is open yet."""
        listener = rig.listener()
        ways = [hasattr(listener, name) for name in ("open", "start")]
        assert ways.count(True) == 1, (
            "expected a listener with open() (sockets) or start() (streams), "
            f"found {type(listener).__name__} with "
            f"{'both' if all(ways) else 'neither'}"
        )

    def test_connect_hands_over_a_connector(self, rig: Rig) -> None:
        """A client is composed with it."""
        connector = rig.connector()
        ways = [hasattr(connector, name) for name in ("targets", "connect")]
        assert ways.count(True) == 1, (
            "expected a connector with targets() (sockets) or connect() "
            f"(streams), found {type(connector).__name__} with "
            f"{'both' if all(ways) else 'neither'}"
        )

    def test_sockets_is_what_both_sides_are(self, rig: Rig) -> None:
        """Threads drive sockets themselves; what is none takes a loop."""
        listening = hasattr(rig.listener(), "open")
        connecting = hasattr(rig.connector(), "targets")
        assert listening is connecting, (
            "expected both sides to be sockets or neither, found a listener "
            f"with{'' if listening else 'out'} open() and a connector "
            f"with{'' if connecting else 'out'} targets()"
        )
        shown = "its listener has open(), its connector targets()"
        self.claimed("sockets", present=listening, shown=shown)

    def test_composing_touches_nothing(self, rig: Rig, folder: Path) -> None:
        """`plugwire explain` composes a pipeline, and must do no harm."""
        rig.listener(), rig.connector()
        with watched() as seen:
            rig.listener()
            rig.connector()
        assert not seen, f"expected no input or output, found {seen}"
        assert not folder.exists(), f"expected no {folder}, found it made"

    def test_composing_opens_no_descriptor(self, rig: Rig) -> None:
        """A pipeline that is never opened is never closed either."""
        self.see_descriptors()
        before = sight.descriptors()
        ends = rig.listener(), rig.connector()
        assert not sight.opened(before), "found what bind or connect opened"
        del ends

    def test_each_hook_hands_over_a_new_object(self, rig: Rig) -> None:
        """Two doors, and two clients, of one program are apart."""
        assert rig.listener() is not rig.listener(), (
            "expected a listener for each bind, found one for two"
        )
        assert rig.connector() is not rig.connector(), (
            "expected a connector for each connect, found one for two"
        )

    def test_shared_is_a_bool(self, rig: Rig) -> None:
        """It decides whether the event is locked and its doors are told."""
        shared: object = rig.listener().shared
        assert isinstance(shared, bool), (
            f"expected shared to be True or False, found {shared!r}"
        )

    def test_looks_up_is_a_bool(self, rig: Rig) -> None:
        """It decides whether `targets` is called in a thread."""
        self.need("sockets")
        looks_up = getattr(rig.connector(), "looks_up", None)
        assert isinstance(looks_up, bool), (
            f"expected looks_up to be True or False, found {looks_up!r}"
        )

    def test_permissions_are_proposed_or_needed_in_words(
        self, rig: Rig, instance: Any
    ) -> None:
        """A door that nobody thought of must not stand open."""
        words: object = getattr(instance, "default_permissions", None)
        if words is not None:
            assert isinstance(words, tuple), _names(words)
            assert words, _names(words)
            assert all(isinstance(word, str) and word for word in words), (
                _names(words)
            )
            return
        with pytest.raises(ConfigurationError) as caught:
            rig.pipes.pipeline(transport=rig.make(), permissions=None)
        keys = [problem.key for problem in caught.value.problems]
        assert keys == ["plugwire.permissions"], (
            f"expected a problem with plugwire.permissions, found {keys}"
        )

    def test_explicit_permissions_are_asked_for_by_a_bool(
        self, instance: Any
    ) -> None:
        """What is no clear yes or no stops the start."""
        asked = getattr(instance, "needs_explicit_permissions", None)
        if asked is None:
            return
        assert not inspect.iscoroutinefunction(asked), (
            "expected a plain needs_explicit_permissions(), found async"
        )
        answer = asked()
        assert isinstance(answer, bool), (
            "expected True or False from needs_explicit_permissions(), found "
            f"{answer!r}"
        )

    def test_defaults_are_enough(self) -> None:
        """Whoever installs it writes one word: the transport's name."""
        model = getattr(self.plugin, "Settings", None)
        if model is not None:
            self.make({})

    def test_its_name_on_the_wire_is_a_plugins_name(self, rig: Rig) -> None:
        """`Peer.transport` is what rules and logs know it by."""

        async def check() -> None:
            async with rig.connected() as (near, far):
                names = {near.peer.transport, far.peer.transport}
                assert len(names) == 1, (
                    f"expected one name on both sides, found {names}"
                )
                [name] = names
                assert name.isidentifier(), (
                    f"expected a plugin's name, found {name!r}"
                )
                owns = _entry_names(self.plugin)
                assert not owns or name in owns, (
                    f"expected {' or '.join(sorted(owns))}, the name of its "
                    f"entry point, found {name!r}"
                )

        self.run(check())


def _names(found: object) -> str:
    return f"expected a tuple of names in default_permissions, found {found!r}"


def _entry_names(plugin: type) -> set[str]:
    """The names under which the plugin is installed, if it is. Other
    distributions than its own are not imported."""
    package = plugin.__module__.partition(".")[0]
    names = set()
    for found in installed():
        module, _, attribute = found.value.partition(":")
        if found.kind == "transport" and module.split(".")[0] == package:
            place = importlib.import_module(module)
            if getattr(place, attribute, None) is plugin:
                names.add(found.name)
    return names
