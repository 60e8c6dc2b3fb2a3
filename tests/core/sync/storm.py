"""A program that Ctrl-C hits thousands of times, wherever it just is.

Arguments: the settings as JSON, how many interruptions, the random seed.
The main thread receives, asks and sends, and is interrupted at random
moments; two other threads receive and ask meanwhile, undisturbed. At its end
it prints what came of it, as JSON; a dead-lock ends in a traceback of all
threads and exit status 1.
"""

import contextlib
import faulthandler
import importlib.util
import itertools
import json
import logging
import random
import signal
import sys
import threading
from pathlib import Path

from plugwire import (
    ConnectionClosed,
    TimedOut,
)
from plugwire.sync import Client

spec = importlib.util.spec_from_file_location(
    "peers", Path(__file__).with_name("peers.py")
)
peers = importlib.util.module_from_spec(spec)
sys.modules["peers"] = peers
spec.loader.exec_module(peers)

TOLD, COUNT, SEED = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
HARD = float(sys.argv[4]) if len(sys.argv) > 4 else 50.0
faulthandler.dump_traceback_later(HARD, exit=True)
draw = random.Random(SEED)


class Complaints(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.found = []

    def emit(self, record):
        self.found.append(record.getMessage())


complaints = Complaints()
logging.getLogger("plugwire").addHandler(complaints)


class CtrlC(BaseException):
    """Raised where KeyboardInterrupt would be."""


def interrupt(number, frame):
    raise CtrlC


signal.signal(signal.SIGALRM, interrupt)

host = peers.Host("storm", TOLD).start()
client = Client("storm", settings=TOLD)
client.connect()
reasons, gaps, taken = [], [], []
client.on_disconnect(lambda _, reason: reasons.append(reason))
client.on_gap(lambda _, missed: gaps.append(missed))
stop = threading.Event()
wrong = []


def publish():
    for number in itertools.count():
        if stop.is_set():
            return
        host.server.broadcast({"n": number})
        while client.buffered > 1000 and not stop.is_set():
            stop.wait(0.001)
        if number % 20 == 0:
            stop.wait(0.001)


def others(name):
    """Asks and receives in another thread; whatever it meets is in words."""
    for number in itertools.count():
        if stop.is_set():
            return
        try:
            answer = client.request({name: number}, timeout=5)
            if answer.data != {name: number}:
                wrong.append([name, number, answer.data])
            taken.append(client.receive(timeout=0.001).data["n"])
        except (ConnectionClosed, TimedOut):
            pass
        except BaseException as error:
            wrong.append([name, number, repr(error)])
            raise


threads = [
    threading.Thread(target=publish),
    threading.Thread(target=others, args=("a",)),
    threading.Thread(target=others, args=("b",)),
]
for thread in threads:
    thread.start()

sent = []
hits = fine = 0
asked = itertools.count()
while hits < COUNT:
    what = draw.choice(
        ("receive", "iterate", "request", "send", "connected", "flush")
    )
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, draw.uniform(1e-6, 1e-3))
            if what == "receive":
                client.receive(timeout=5)
            elif what == "iterate":
                for _ in itertools.islice(client, 20):
                    pass
            elif what == "request":
                number = next(asked)
                answer = client.request({"main": number}, timeout=5)
                if answer.data != {"main": number}:
                    wrong.append(["main", number, answer.data])
            elif what == "send":
                number = next(asked)
                client.send({"sent": number, "pad": "x" * 100})
                sent.append(number)
            elif what == "connected":
                _ = client.connected
            else:
                client.flush()
            fine += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except CtrlC:
        hits += 1
    except (ConnectionClosed, TimedOut) as error:
        if isinstance(error, TimedOut):
            wrong.append([what, repr(error)])

signal.setitimer(signal.ITIMER_REAL, 0)
stop.set()
for thread in threads:
    thread.join()
with contextlib.suppress(TimedOut):
    while True:  # whatever is buffered is whole
        client.receive(timeout=0.2)
with contextlib.suppress(ConnectionClosed):
    client.request({"last": 1}, timeout=5)  # it may have to come back
works = client.request({"last": 2}, timeout=5).data == {"last": 2}
member = client._backend._member
link = member.link
held = {
    "chair": member.chair.sitter,
    "lock": member.chair.lock.locked(),
    "order": link.order.locked(),
    "telling": member.teller._telling.locked(),
    "users": len(link.users),
    "waiting": len(member.chair.receivers) + len(member.chair.others),
    "asked": len(member.asked),
}
client.disconnect()
heard = [data["sent"] for data in host.said if "sent" in data]
host.close()
json.dump(
    {
        "works": works,
        "held": {name: value for name, value in held.items() if value},
        "wrong": wrong,
        "errors": complaints.found,
        "server": sorted(set(host.left)),
        "reasons": {r: reasons.count(r) for r in set(reasons)},
        "gaps": len(gaps),
        "fine": fine,
        "sent": len(sent),
        "heard_in_order": heard == sorted(set(heard)),
    },
    sys.stdout,
)
