from __future__ import annotations

import pytest

from plugwire.validation import validate_section
from plugwire_tcp import TcpSettings


def test_b14_defaults() -> None:
    assert TcpSettings() == TcpSettings(
        host="127.0.0.1",
        port_range_start=9000,
        port_range_end=9100,
        port=0,
    )


def test_range_of_one_port_is_a_range() -> None:
    TcpSettings(port_range_start=9000, port_range_end=9000)


def test_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"empty port range.*9001.*9000"):
        TcpSettings(port_range_start=9001, port_range_end=9000)


def test_empty_host_is_refused_rather_than_everywhere() -> None:
    with pytest.raises(ValueError, match="host: expected an address"):
        TcpSettings(host="")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("port_range_start", 0),
        ("port_range_start", 65536),
        ("port_range_end", 0),
        ("port_range_end", 65536),
        ("port", -1),
        ("port", 65536),
        ("port", "x"),
        ("host", 1),
    ],
)
def test_x2_values_out_of_range_are_refused(key: str, value: object) -> None:
    raw = {"port_range_start": 1, "port_range_end": 65535, key: value}
    made, wrong = validate_section(TcpSettings, raw, "plugwire.tcp", {})
    assert made is None
    assert [problem.key for problem in wrong] == [f"plugwire.tcp.{key}"]
