"""All checks, in the order in which they are made: what is wrong early
often is the cause of what is wrong late."""

from __future__ import annotations

from plugwire.cli.doctor import (
    configured,
    folders,
    machine,
    naming,
    working,
)
from plugwire.cli.doctor.check import Check

CHECKS: tuple[Check, ...] = (
    *configured.CHECKS,
    *machine.CHECKS,
    *naming.CHECKS,
    *working.CHECKS,
    *folders.CHECKS,
)
