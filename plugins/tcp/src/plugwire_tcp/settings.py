"""The settings of `[plugwire.tcp]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

if TYPE_CHECKING:
    from annotated_types import Ge, Le


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpSettings:
    """A loopback or network socket; plain text on the wire.

    `host` is an address or a name. A server listens on `port`, or where
    that is 0 on the first free port from `port_range_start` to
    `port_range_end`, both included. A client connects to `port`; where that
    is 0 it is told the port by the server of its own machine.

    Raises ValueError for an empty range and an empty host.
    """

    host: str = "127.0.0.1"
    port_range_start: Annotated[int, Ge(1), Le(65535)] = 9000
    port_range_end: Annotated[int, Ge(1), Le(65535)] = 9100
    port: Annotated[int, Ge(0), Le(65535)] = 0

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError(
                "host: expected an address or a name, found nothing; every"
                ' address of the machine is "0.0.0.0" or "::"'
            )
        if self.port_range_start > self.port_range_end:
            raise ValueError(
                "an empty port range: port_range_start"
                f" {self.port_range_start} is above port_range_end"
                f" {self.port_range_end}"
            )
