"""The servers that some peers bring: nats-server and redis-server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

NATS = """
listen: 127.0.0.1:{port}
max_connections: 20000
max_payload: 8MB
max_pending: 1GB
write_deadline: "60s"
"""
"""Nothing is dropped: the outgoing queue of a client is large."""
REDIS = (
    "--port 0 --unixsocket {folder}/broker --save  --appendonly no "
    "--maxclients 12000 --client-output-buffer-limit pubsub|0|0|0 "
    "--tcp-backlog 4096 --dir {folder}"
)
START = 10.0  # seconds


def command(program: str, folder: Path, port: int) -> list[str]:
    """How `program` is started."""
    path = shutil.which(program)
    assert path is not None, program
    if program == "nats-server":
        config = folder / "nats.conf"
        config.write_text(NATS.format(port=port), "utf-8")
        return [path, "--config", str(config)]
    words = REDIS.format(folder=folder).split(" ")
    return [path, *(word.replace("|", " ") for word in words)]


def start(program: str, folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start it; it accepts connections when this returns."""
    with (folder / "broker.log").open("wb") as log:
        process = subprocess.Popen(
            command(program, folder, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    end = time.monotonic() + START
    while not _accepts(program, folder, port):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            process.wait()
            text = (folder / "broker.log").read_text("utf-8", "replace")
            raise RuntimeError(f"{program} does not start: {text[-500:]}")
        time.sleep(0.01)
    return process


def _accepts(program: str, folder: Path, port: int) -> bool:
    if program == "redis-server":
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(f"{folder}/broker") == 0
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
