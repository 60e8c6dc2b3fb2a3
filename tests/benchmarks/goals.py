"""The goals, as data, and how far each is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benchmarks.measure import Summary, ratio
from benchmarks.results import Results

ZMQ = ("zmq-ipc", "zmq-tcp")
ZMQ_AIO = ("zmq-ipc-aio", "zmq-tcp-aio")
ZENOH = ("zenoh-unix", "zenoh-tcp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """`figure` of `ours` in `workload`, as a ratio to the better of `theirs`
    there (or in `their_workload`, or to `their_figure`); with no `theirs`
    it is absolute. `least` and `most` are bounds, `stretch` a further one.
    """

    row: str
    workload: str
    figure: str
    ours: str
    theirs: tuple[str, ...] = ()
    their_workload: str = ""
    their_figure: str = ""
    least: float | None = None
    most: float | None = None
    stretch: float | None = None

    @property
    def bound(self) -> float:
        bound = self.least if self.least is not None else self.most
        assert bound is not None
        return bound

    @property
    def words(self) -> str:
        """What is demanded."""
        sign = "at least" if self.least is not None else "at most"
        text = f"{sign} {self.bound:g}"
        if self.theirs:
            text += f" x {_common(self.theirs)}"
            if self.their_workload:
                text += f" in {self.their_workload}"
            if self.their_figure:
                text += f" {self.their_figure}"
        if self.stretch is not None:
            text += f" ({self.stretch:g})"
        return text


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a goal stands; `against` is who was the better of theirs."""

    goal: Goal
    found: Summary | None
    against: str
    why: str = ""

    @property
    def reached(self) -> bool | None:
        """None: not measured."""
        return None if self.found is None else self._meets(self.goal.bound)

    def _meets(self, bound: float | None) -> bool:
        if self.found is None or bound is None:
            return False
        if self.goal.least is not None:
            return self.found.middle >= bound
        return self.found.middle <= bound

    @property
    def words(self) -> str:
        if self.found is None:
            return f"not measured: {self.why}"
        if self._meets(self.goal.stretch):
            return "met, and the further one"
        if self.reached:
            return "met"
        bound = self.goal.bound
        short = abs(self.found.middle - bound) / bound
        return f"short by {short:.0%}"


def _common(names: tuple[str, ...]) -> str:
    if names == ZMQ:
        return "pyzmq"
    if names == ZMQ_AIO:
        return "pyzmq in asyncio"
    return "zenoh" if names == ZENOH else " or ".join(names)


def judge(goal: Goal, results: Results) -> Verdict:
    """Where `goal` stands by `results`."""
    ours = results.values(goal.workload, goal.ours, goal.figure)
    if not ours:
        return Verdict(goal, None, "", _why(results, goal.workload, goal.ours))
    if not goal.theirs:
        return Verdict(goal, Summary.of(list(ours.values())), "")
    workload = goal.their_workload or goal.workload
    figure = goal.their_figure or goal.figure
    best, name = None, ""
    better = max if goal.least is not None else min
    for their in goal.theirs:
        summary = results.summary(workload, their, figure)
        if summary is None:
            continue
        if best is None or better(summary.middle, best) != best:
            best, name = summary.middle, their
    if best is None:
        return Verdict(goal, None, "", _why(results, workload, *goal.theirs))
    return Verdict(
        goal,
        ratio(ours, results.values(workload, name, figure)),
        name,
        "no round with both",
    )


def _why(results: Results, workload: str, *peers: str) -> str:
    for peer in peers:
        if why := results.left_out.get(peer):
            return f"{peer} is left out: {why}"
        for row in results.of(workload, peer):
            if not row.is_whole:
                return f"{peer}: {row.failure or 'messages were lost'}"
    return f"{workload} did not run with {' or '.join(peers)}"


def _pair(
    row: str,
    workload: str,
    figure: str,
    theirs: tuple[str, ...],
    *,
    msgpack: float,
    msgspec: float,
    limit: float,
    larger: bool = True,
    stretch: tuple[float | None, float | None] = (None, None),
    ours: str = "plugwire",
    limits: str = "limit",
    msgspec_theirs: tuple[str, ...] = (),
) -> list[Goal]:
    """Both codecs against a peer, and each against its limit."""
    made = []
    for codec, bound, further in (
        ("msgpack", msgpack, stretch[0]),
        ("msgspec", msgspec, stretch[1]),
    ):
        name = ours if codec == "msgpack" else f"{ours}-msgspec"
        rivals = msgspec_theirs if codec == "msgspec" else ()
        for words, others, value, far in (
            ("", rivals or theirs, bound, further),
            (", the limit", (f"{limits}-{codec}",), limit, None),
        ):
            made.append(
                Goal(
                    row=f"{row}, {codec}{words}",
                    workload=workload,
                    figure=figure,
                    ours=name,
                    theirs=others,
                    least=value if larger else None,
                    most=None if larger else value,
                    stretch=far,
                )
            )
    return made


def _fanout() -> list[Goal]:
    made = _pair(
        "fan-out 1 to 1", "fanout-1", "deliveries", ZMQ,
        msgpack=1.4, msgspec=2.8, limit=0.85, stretch=(None, 3.2),
    )  # fmt: skip
    for clients in (10, 100, 1000):
        made += _pair(
            f"fan-out 1 to {clients:,}", f"fanout-{clients}", "deliveries",
            ZMQ, msgpack=1.15, msgspec=2.2, limit=0.85, stretch=(1.35, 2.5),
        )  # fmt: skip
    made += _pair(
        "server CPU a message, 1 to 100", "fanout-100", "server_cpu", ZMQ,
        msgpack=0.6, msgspec=0.4, limit=1.4, larger=False,
    )  # fmt: skip
    for clients in (1, 10, 100):
        made += _pair(
            f"each publish awaited, 1 to {clients}", f"awaited-{clients}",
            "deliveries", ("streams",),
            msgpack=1.0, msgspec=1.3, limit=0.85,
        )  # fmt: skip
    return made


def _one_to_one() -> list[Goal]:
    made = _pair(
        "stream 1 to 1", "stream", "deliveries", ZMQ,
        msgpack=1.3, msgspec=2.6, limit=0.85, stretch=(None, 3.0),
    )  # fmt: skip
    for size, bound in (("64KiB", 2.5), ("1MiB", 3.0)):
        made += _pair(
            f"payloads of {size}", f"bulk-{size}", "bytes", ZMQ,
            msgpack=bound, msgspec=0.65, limit=0.85, stretch=(None, 0.8),
            msgspec_theirs=ZENOH,
        )  # fmt: skip
    made += _pair(
        "round trip, blocking", "roundtrip-sync", "p50", ZMQ,
        msgpack=0.7, msgspec=0.7, limit=1.3, larger=False,
        stretch=(0.55, 0.55), ours="plugwire-sync", limits="limit-sock",
    )  # fmt: skip
    made += _pair(
        "round trip, asyncio", "roundtrip-aio", "p50", ZMQ_AIO,
        msgpack=0.5, msgspec=0.5, limit=1.3, larger=False, stretch=(0.4, 0.4),
    )  # fmt: skip
    return made


def _paced() -> list[Goal]:
    made: list[Goal] = []
    for figure in ("p50", "p99"):
        made += _pair(
            f"paced 1 kHz to 50, {figure}", "paced-1000", figure, ZMQ,
            msgpack=0.8, msgspec=0.7, limit=1.25, larger=False,
        )  # fmt: skip
    for ours, bound in (
        ("plugwire", 1.0),
        ("plugwire-uv", 0.75),
        ("plugwire-msgspec", 0.7),
    ):
        made.append(
            Goal(
                row="paced 1 kHz to 50, server CPU",
                workload="paced-1000",
                figure="server_cpu",
                ours=ours,
                theirs=ZMQ,
                most=bound,
            )
        )
    return made


def _many() -> list[Goal]:
    made = []
    for ours, most in (
        ("plugwire", 6.0),
        ("plugwire-uv", 3.0),
        ("plugwire-msgspec", 6.0),
        ("plugwire-msgspec-uv", 3.0),
    ):
        made.append(
            Goal(row="memory of an idle client at 10,000, KiB",
                 workload="idle-10000", figure="memory", ours=ours, most=most)
        )  # fmt: skip
    for ours in ("plugwire", "plugwire-msgspec"):
        made.append(
            Goal(row="accept to joined, 2,000 at once", workload="idle-2000",
                 figure="connects", ours=ours, theirs=ZMQ, least=0.7,
                 stretch=1.0)
        )  # fmt: skip
    return made


def _fresh() -> list[Goal]:
    made = []
    for suffix in ("", "-msgspec"):
        for ours, most in (("plugwire-sync", 0.95), ("plugwire", 1.15)):
            made.append(
                Goal(row="spawn to first message", workload="startup",
                     figure="first", ours=ours + suffix, theirs=("nats",),
                     most=most)
            )  # fmt: skip
    made.append(
        Goal(row="`import plugwire` over the bare interpreter, ms",
             workload="cold", figure="import", ours="plugwire", most=15.0)
    )  # fmt: skip
    made.append(
        Goal(row="`plugwire send` cold", workload="cold", figure="send",
             ours="plugwire", theirs=("plugwire",), their_figure="client",
             most=1.3)
    )  # fmt: skip
    made.append(
        Goal(row="discovery over one bare entry_points() call",
             workload="discovery", figure="ratio", ours="plugwire", most=1.3)
    )  # fmt: skip
    return made


def _price() -> list[Goal]:
    made = []
    for workload in ("price", "instructions"):
        made.append(
            Goal(row="the price of plug-ins", workload=workload,
                 figure="composed", ours="plugwire", theirs=("plugwire",),
                 their_figure="by-hand", most=1.05)
        )  # fmt: skip
        for off in ("queue", "permissions", "sessions", "extensions"):
            made.append(
                Goal(row=f"a message without {off}", workload=workload,
                     figure=off, ours="plugwire", theirs=("plugwire",),
                     their_figure="composed", most=1.02)
            )  # fmt: skip
    return made


def _growth() -> list[Goal]:
    made = []
    for row, workload, figure, other, ours in (
        ("server CPU a delivery, 1,000 clients", "fanout-1000",
         "delivery_cpu", "fanout-10", "plugwire"),
        ("server CPU a delivery, 10,000 clients", "growth-10000",
         "delivery_cpu", "fanout-10", "plugwire"),
        ("server CPU a message, four times as many", "growth-10-long",
         "server_cpu", "fanout-10", "plugwire"),
        ("a session of 10 among 1,000", "sessions-1000", "server_cpu",
         "sessions-10", "plugwire-sessions"),
    ):  # fmt: skip
        made.append(
            Goal(row=row, workload=workload, figure=figure, ours=ours,
                 theirs=(ours,), their_workload=other, most=1.1)
        )  # fmt: skip
    for figure in ("server_cpu", "memory"):
        made.append(
            Goal(row=f"behind stalled clients, four times as many: {figure}",
                 workload="stalled-long", figure=figure,
                 ours="plugwire-stalled", theirs=("plugwire-stalled",),
                 their_workload="stalled", most=1.1)
        )  # fmt: skip
    return made


CHAPTERS: Mapping[str, tuple[Goal, ...]] = MappingProxyType(
    {
        "Fan-out": tuple(_fanout()),
        "One to one": tuple(_one_to_one()),
        "Paced": tuple(_paced()),
        "Many clients": tuple(_many()),
        "A fresh process": tuple(_fresh()),
        "The price of plug-ins": tuple(_price()),
        "How it grows": tuple(_growth()),
    }
)
GOALS: tuple[Goal, ...] = tuple(
    goal for goals in CHAPTERS.values() for goal in goals
)
