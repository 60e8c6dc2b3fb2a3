"""What the tests of the doctor share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from plugwire.cli import main

Found = dict[str, list[dict[str, str]]]


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Callable[..., Found]:
    """Runs `plugwire doctor`: check -> findings, of those that have any."""

    def run(*args: str) -> Found:
        capsys.readouterr()
        status = main(["doctor", "--json", *args])
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        found = {
            check["id"]: check["findings"]
            for check in told["checks"]
            if check["findings"]
        }
        assert told["well"] is not bool(found)
        assert status == (1 if found else 0)
        for findings in found.values():
            for finding in findings:
                assert all(finding.values()), finding
        return found

    return run
