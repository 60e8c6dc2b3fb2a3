"""Children that are asked one thing, and do another."""

from __future__ import annotations

import os
import threading

from plugwire.cli.doctor import probe as probing
from plugwire.cli.doctor.child import Asked
from plugwire.cli.doctor.probe import probe

CODECS = "plugwire.codecs"


def test_an_import_tells_its_time_and_what_is_proposed():
    answer = probe(Asked(act="import", kind="transport", word="unix"))
    assert answer.well
    assert 0 < answer.told.seconds < probing.DEADLINE
    assert answer.told.proposes == ("peer",)


def test_a_plugin_that_hangs_is_ended_with_its_children(install, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    install(
        "acme-codec",
        {CODECS: {"acme": "acme_hangs:Acme"}},
        modules={
            "acme_hangs": "import os, time\n"
            f"held = open({str(pipe)!r}, 'wb')\n"
            "os.fork()\n"
            "held.write(b'here'); held.flush()\n"
            "time.sleep(600)\n"
        },
    )
    read = []
    reader = threading.Thread(
        target=lambda: read.append(pipe.read_bytes()), daemon=True
    )
    reader.start()
    answer = probe(Asked(act="import", word="acme"), deadline=5)
    assert not answer.well
    assert answer.ended == "it did not end within 5 s"
    # The pipe's end comes when neither of the two is left.
    reader.join(20)
    assert read == [b"herehere"]


def test_a_plugin_that_ends_well_and_leaves_a_child_is_not_waited_for(install):
    source = (
        "import os, time\n"
        "class Acme: pass\n"
        "if os.fork() == 0:\n    time.sleep(600)\n    os._exit(0)\n"
    )
    install(
        "acme-codec",
        {CODECS: {"acme": "acme_forks:Acme"}},
        modules={"acme_forks": source},
    )
    assert probe(Asked(act="import", word="acme")).well


def test_what_a_plugin_prints_is_no_answer(install):
    source = "print('{}'); print(' {\"seconds\": 1}')\nclass Acme: pass\n"
    install(
        "acme-codec",
        {CODECS: {"acme": "acme_prints:Acme"}},
        modules={"acme_prints": source},
    )
    answer = probe(Asked(act="import", word="acme"))
    assert answer.well
    assert answer.printed.startswith("{}")
    assert answer.told.seconds < 1
