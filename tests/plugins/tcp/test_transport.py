from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from plugwire_tcp import Tcp, TcpSettings


def test_d2_entry_point_is_the_plugin() -> None:
    (found,) = entry_points(group="plugwire.transports", name="tcp")
    assert found.load() is Tcp
    assert Tcp.default_permissions == ("token",)


@pytest.mark.parametrize(
    ("host", "explicit"),
    [
        ("127.0.0.1", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.0.2.1", True),
        ("example.org", True),
        ("0", True),
    ],
)
def test_n1_hosts_that_others_reach_need_permissions_in_words(
    host: str, explicit: bool
) -> None:
    plugin = Tcp(TcpSettings(host=host))
    assert plugin.needs_explicit_permissions() is explicit


def test_defaults_need_none() -> None:
    assert not Tcp().needs_explicit_permissions()
