"""The address: text that leads to one listener."""

from __future__ import annotations

from plugwire.errors import PlugwireError
from plugwire.message import check_event_name
from plugwire.testing.pipes import EVENT
from plugwire.testing.transport.base import Rig, TransportBase
from plugwire.testing.transport.ends import call
from plugwire.testing.transport.posts import Post, posted

LONGEST = 512
"""Characters of an address at most: it goes into errors and log lines."""


class Addresses(TransportBase):
    """`address`, before and after a listener is open."""

    def test_an_open_listener_has_an_address(self, rig: Rig) -> None:
        """Clients are told it, in the doors file."""

        async def check() -> None:
            async with posted(rig.listener()) as post:
                _check_text(post.listener.address)

        self.run(check())

    def test_a_connector_has_an_address_from_the_start(self, rig: Rig) -> None:
        """Errors name it before anything was tried."""
        _check_text(rig.connector().address)

    def test_the_address_stays_while_it_is_open(self, rig: Rig) -> None:
        """Who was told it once comes back to it."""

        async def check() -> None:
            async with posted(rig.listener()) as post:
                first = post.listener.address
                await rig.call(post)
                found = post.listener.address
                assert found == first, f"expected {first}, found {found}"

        self.run(check())

    def test_the_address_told_leads_to_the_listener(self, rig: Rig) -> None:
        """It is all that a client in another process knows."""

        async def check() -> None:
            async with posted(rig.listener()) as post:
                near = await call(rig.connector(), post.listener.address)
                far = await post.next()
                near.transport.write(b"told")
                assert await far.read(4) == b"told"

        self.run(check())

    def test_computed_says_whether_a_client_must_be_told(
        self, rig: Rig
    ) -> None:
        """Where nobody tells it, both sides must come to the same place."""

        async def finds() -> bool:
            async with posted(rig.listener()) as post:
                try:
                    await call(rig.connector(), None)
                except PlugwireError:
                    return False
                await post.next()
                return True

        self.claimed(
            "computed",
            present=self.run(finds()),
            shown="a connector that was told nothing reached the listener",
        )

    def test_a_door_of_its_own_has_an_address_of_its_own(
        self, rig: Rig
    ) -> None:
        """`event` and `event.door` are open side by side."""

        async def check() -> None:
            async with (
                posted(rig.listener()) as main,
                posted(rig.listener("side")) as side,
            ):
                both = main.listener.address, side.listener.address
                assert both[0] != both[1], (
                    f"expected two addresses, found {both[0]} for both"
                )

        self.run(check())

    def test_doors_do_not_hear_each_other(self, rig: Rig) -> None:
        """What is meant for one door comes in by that door."""

        async def check() -> None:
            async with (
                posted(rig.listener()) as main,
                posted(rig.listener("side")) as side,
            ):
                for post, endpoint in ((main, EVENT), (side, _SIDE)):
                    near = await call(
                        rig.connector(endpoint), post.listener.address
                    )
                    far = await post.next()
                    near.transport.write(b"here")
                    assert await far.read(4) == b"here"
                counts = len(main.ends), len(side.ends)
                assert counts == (1, 1), (
                    f"expected one connection a door, found {counts}"
                )

        self.run(check())

    def test_a_long_name_of_an_event_has_an_address(self, rig: Rig) -> None:
        """An event's name has up to 64 characters, all of them its own."""
        longest = check_event_name("e" * 64)
        addresses = {
            rig.connector(f"{longest[:-1]}{last}").address for last in "ab"
        }
        for address in addresses:
            _check_text(address)
        if "computed" in self.capabilities:
            assert len(addresses) == 2, (
                f"expected two events apart, found {addresses} for both"
            )

    def test_a_name_of_any_case_and_mark_is_its_own(self, rig: Rig) -> None:
        """`Load`, `load`, `lo-ad` and `lo_ad` are four events."""
        self.need("computed")
        names = ("Load", "load", "lo-ad", "lo_ad", "load.side", "load-side")
        addresses = [rig.connector(name).address for name in names]
        assert len(set(addresses)) == len(names), (
            f"expected an address each for {names}, found {addresses}"
        )

    def test_a_folder_of_its_own_keeps_programs_apart(self, rig: Rig) -> None:
        """Two `socket_dir`s are two worlds: tests and users rely on it."""
        self.need("computed")

        async def check() -> None:
            other = rig.beside()
            async with (
                posted(rig.listener()) as one,
                posted(other.listener()) as two,
            ):
                await call(rig.connector(), None)
                await one.next()
                assert not two.ends, (
                    "expected nobody in the other socket_dir, found the "
                    "client of this one"
                )

        self.run(check())

    def test_the_address_outlives_a_second_start(self, rig: Rig) -> None:
        """A server that stopped starts again, by the same listener."""

        async def check() -> None:
            post = Post(rig.listener())
            for _ in range(2):
                await post.open()
                _check_text(post.listener.address)
                await post.close()

        self.run(check())


_SIDE = f"{EVENT}.side"


def _check_text(address: object) -> None:
    assert isinstance(address, str), (
        f"expected text as an address, found {address!r}"
    )
    assert address, "expected an address, found no text"
    assert address.isprintable(), (
        f"expected an address that can be printed, found {address!r}"
    )
    assert len(address) <= LONGEST, (
        f"expected at most {LONGEST} characters, found {len(address)}"
    )
