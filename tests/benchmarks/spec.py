"""What one process of a run is told to do; it travels as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.record import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One role in one run.

    `clients` are those of this process, `everybody` those of all, `inside`
    those of the session that is spoken to. `pattern` is how is published:
    `flood` as fast as it goes, `awaited` one at a time, `paced` at `rate` a
    second; `push` lets a peer use its own way for one receiver, `greet`
    hands each newcomer one message. `wave` bounds how many clients connect
    at once (0: no bound). `core` pins the process. `seconds` is when a
    receiver gives up. `options` are settings of plugwire.
    """

    role: str
    peer: str
    folder: str
    port: int = 0
    clients: int = 1
    everybody: int = 1
    inside: int = 0
    count: int = 0
    size: int = 0
    rate: float = 0.0
    pattern: str = "flood"
    wave: int = 0
    core: int | None = None
    seconds: float = 60.0
    fault: Fault = field(default_factory=Fault)
    options: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Spec:
        values = json.loads(text)
        values["fault"] = Fault(**values["fault"])
        return cls(**values)
