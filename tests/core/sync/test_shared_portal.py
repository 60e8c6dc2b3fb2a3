"""One portal for all who need one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from plugwire.sync.shared_portal import SharedPortal


def alive() -> int:
    return sum(thread.name == "shared" for thread in threading.enumerate())


def test_it_lives_from_the_first_lease_to_the_last() -> None:
    shared = SharedPortal("shared")
    one, two = shared.borrow(), shared.borrow()
    assert one.portal is two.portal
    assert one.portal.call(len, ()) == 0
    assert alive() == 1
    one.end()
    one.end()
    assert two.portal.call(len, ()) == 0
    two.end()
    assert alive() == 0
    three = shared.borrow()
    assert three.portal.call(len, ()) == 0
    two.end()
    assert three.portal.call(len, ()) == 0
    three.end()
    assert alive() == 0


def test_one_that_has_ended_is_replaced() -> None:
    shared = SharedPortal("shared")
    dead = shared.borrow()
    dead.portal.stop()
    lease = shared.borrow()
    assert lease.portal is not dead.portal
    dead.end()
    assert lease.portal.call(len, ()) == 0
    lease.end()


def test_a_forked_child_has_its_own() -> None:
    program = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of fork with threads
from plugwire.sync.shared_portal import SharedPortal

shared = SharedPortal("shared")
lease = shared.borrow()
lease.portal.call(len, ())
child = os.fork()
if not child:
    lease.end()
    own = shared.borrow()
    lease.end()
    os._exit(own.portal.call(len, "abc"))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(lease.portal.call(len, "ab"))
lease.end()
"""
    said = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=50,
        env={**os.environ},
    )
    assert said.stdout.split() == ["3", "2"]
