"""What the machine says about itself: psutil, and the kernel's own word."""

import heapq
import time
from pathlib import Path

import psutil


class Machine:
    """Looks at the machine. What it cannot tell (a container without disks,
    a kernel without pressure-stall figures) is left out: 0 would be a lie."""

    def __init__(self, pressure: Path = Path("/proc/pressure")) -> None:
        self._pressure = pressure
        self._when, self._totals = time.monotonic(), self._count()
        psutil.cpu_percent()  # it, too, tells what was since the last call

    def look(self) -> tuple[dict[str, float], float]:
        """The figures, and the seconds since the last look, which rates are
        over. Takes less than a millisecond: cheap enough to do it always."""
        now, totals = time.monotonic(), self._count()
        elapsed, before = max(now - self._when, 1e-3), self._totals
        self._when, self._totals = now, totals
        rates = {
            name: round(max(0, total - before.get(name, total)) / elapsed, 1)
            for name, total in totals.items()
        }
        return {
            "cpu_percent": psutil.cpu_percent(),
            "load_1": round(psutil.getloadavg()[0], 2),
            "memory_percent": psutil.virtual_memory().percent,
            "swap_percent": psutil.swap_memory().percent,
        } | rates, elapsed

    def _count(self) -> dict[str, float]:
        """What only ever grows: bytes read and written; and time in which
        some task had to wait, in percent of a second."""
        totals: dict[str, float] = {}
        if disks := psutil.disk_io_counters():
            totals["read_rate"] = disks.read_bytes
            totals["write_rate"] = disks.write_bytes
        for kind in ("cpu", "memory", "io"):
            try:
                text = (self._pressure / kind).read_text("ascii")
            except OSError:  # no such file, or switched off at boot
                continue
            # some avg10=0.24 avg60=0.47 avg300=1.24 total=118245012
            some = text.partition("\n")[0].rpartition("total=")[2]
            totals[f"pressure_{kind}"] = int(some) / 1e6 * 100
        return totals


def heaviest() -> list[dict[str, object]]:
    """Who used most CPU since this was last asked. Dear: it asks them all."""
    walk = psutil.process_iter(["pid", "name", "cpu_percent"])
    busy = [p.info for p in walk if p.info["cpu_percent"]]
    return heapq.nlargest(3, busy, key=lambda info: info["cpu_percent"])
