"""What is seen of an import, in this process."""

from __future__ import annotations

import io
import json
import os
import socket
import sys
import threading
from pathlib import Path

import pytest

from plugwire.testing.packaging import probe


def test_audit_events_are_sorted_by_topic(tmp_path: Path) -> None:
    with probe.Watch() as watch:
        socket.socket().close()
        (tmp_path / "new").write_text("x")
        (tmp_path / "new").read_text()
        Path(os.devnull).write_text("x")
        (tmp_path / "new").unlink()
    (tmp_path / "later").write_text("x")
    assert len(watch.seen["sockets"]) == 1
    assert watch.seen["files"] == [
        f"open {tmp_path / 'new'}",
        f"os.remove {tmp_path / 'new'}",
    ]
    assert watch.seen["processes"] == []


def test_the_state_of_the_process_is_compared(monkeypatch) -> None:
    before = probe.state()
    assert probe.state() == before
    monkeypatch.setenv("PLUGWIRE_PROBED", "1")
    after = probe.state()
    changed = [name for name in before if before[name] != after[name]]
    assert changed == ["the environment"]


def test_threads_are_told_by_name() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="probed")
    thread.start()
    assert "'probed'" in probe.threads()
    end.set()
    thread.join()
    assert "'probed'" not in probe.threads()


def test_a_thread_that_ends_is_not_left(monkeypatch) -> None:
    monkeypatch.setattr(probe, "SETTLE", 20.0)
    before, end = probe.threads(), threading.Event()
    thread = threading.Thread(target=end.wait, name="probed")
    thread.start()
    threading.Timer(0.01, end.set).start()
    assert probe.left_threads(before) == []
    thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells")
def test_sockets_are_the_kernels() -> None:
    before = probe.open_sockets()
    with socket.socket():
        assert probe.open_sockets() == before + 1
    assert probe.open_sockets() == before


def test_a_target_is_fetched_by_its_value() -> None:
    assert probe.fetch("json.decoder : JSONDecoder.decode") == {
        "error": "",
        "type": "function",
    }
    assert probe.fetch("json:JSONDecoder")["type"] == "class"
    assert "ModuleNotFoundError" in probe.fetch("plugwire_no:X")["error"]


def test_the_report_is_a_file(tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "report.json"
    monkeypatch.setattr(sys, "argv", ["probe.py", str(file)])
    monkeypatch.setattr(sys, "stdin", io.StringIO('["json:JSONDecoder"]'))
    probe.main()
    report = json.loads(file.read_text("utf-8"))
    assert report["targets"] == {
        "json:JSONDecoder": {"error": "", "type": "class"}
    }
    assert report["changed"] == report["threads"] == report["files"] == []
