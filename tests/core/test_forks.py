"""Servers and clients in a forked child."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import asyncio, os, sys
from plugwire import Client, ConnectionClosed, Server

def in_child(work):
    pid = os.fork()
    if not pid:
        try:
            work()
        except ConnectionClosed as error:
            print("child:", error, flush=True)
            os._exit(0)
        os._exit(3)
    assert os.waitpid(pid, 0)[1] == 0

def in_a_loop(work):
    asyncio.new_event_loop().run_until_complete(work)

async def main(folder):
    async with Server("load", socket_dir=folder, transport=sys.argv[2]) as s:
        async with Client("load", settings={"socket_dir": folder}) as c:
            in_child(lambda: s.broadcast({"from": "child"}))
            in_child(lambda: s.send(1, {"from": "child"}))
            in_child(lambda: in_a_loop(s.start()))
            in_child(lambda: in_a_loop(s.serve_forever()))
            left = os.fork()
            if not left:
                in_a_loop(s.stop())
                os._exit(s.running)
            assert os.waitpid(left, 0)[1] == 0
            in_child(lambda: asyncio.new_event_loop().run_until_complete(
                c.send({"from": "child"})))
            left = os.fork()
            if not left:
                os._exit(0)
            os.waitpid(left, 0)
            for sender in ("parent", "again", "last"):
                s.broadcast({"from": sender})
            message = await c.receive(timeout=5)
            print("parent:", message.data["from"], s.stats.received)
            reading = aiter(c)
            print("parent:", (await anext(reading)).data["from"], c.buffered)
            in_child(lambda: in_a_loop(c.receive()))
            in_child(lambda: in_a_loop(anext(c.__aiter__())))
            print("parent:", (await anext(reading)).data["from"], c.buffered)
            names = sorted(os.listdir(folder))
            print("files:", *names)
    print("left:", *sorted(os.listdir(folder)))

asyncio.run(main(sys.argv[1]))
"""


def run(folder: Path, transport: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), transport],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
    ).stdout


def test_a_forked_child_is_told_and_the_parent_unharmed(
    tmp_path: Path,
) -> None:
    said = run(tmp_path, "unix").splitlines()
    assert [line.split(":")[0] for line in said].count("child") == 7
    assert all("forked child" in s for s in said if s.startswith("child"))
    parent = [line for line in said if line.startswith("parent")]
    assert parent == ["parent: parent 0", "parent: again 1", "parent: last 0"]
    assert "files: load.doors load.lock load.sock" in said
    assert "left: load.lock" in said


def test_a_forked_child_does_not_hold_a_port(tmp_path: Path) -> None:
    """What listens is closed in the child, so that the port is free once
    the parent has stopped, whatever the child does."""
    program = """
import asyncio, os, signal, socket, sys
from plugwire import Server

async def main(folder):
    server = Server("load", socket_dir=folder, transport="tcp")
    await server.start()
    port = int(server.addresses["main"].rsplit(":", 1)[1])
    here, there = os.pipe()
    child = os.fork()
    if not child:
        os.write(there, b".")  # what is done after a fork is done
        signal.pause()
    os.read(here, 1)
    await server.stop()
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        print("free")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

asyncio.run(main(sys.argv[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
        env={**os.environ},
    )
    assert done.stdout == "free\n"
