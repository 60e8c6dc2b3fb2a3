"""What a server counts."""

from __future__ import annotations

from msgspec import Struct


class Stats(Struct):
    """What a server has counted since its start.

    `broadcasts` were said; `sent` messages are with clients or on their way
    to them, `received` came from them; `dropped` were let go by a lag policy
    or a queue, `lost` went with a connection or could not be encoded for a
    door; `overfull` and `stalled` clients were ended for their lag;
    `refused` were turned away; `connections` have joined.
    """

    broadcasts: int = 0
    sent: int = 0
    received: int = 0
    dropped: int = 0
    lost: int = 0
    overfull: int = 0
    stalled: int = 0
    refused: int = 0
    connections: int = 0
