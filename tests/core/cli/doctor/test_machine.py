"""Faults of the machine and of what is installed on it."""

from __future__ import annotations

import resource
import sys

import pytest

from plugwire import __version__, plugins

CODECS = {"plugwire.codecs": {"acme": "acme_plain:Acme"}}
SOURCE = """
from plugwire import hookimpl

class Coder:
    format, lines = "acme", True
    def encode(self, message): return b""
    def frame(self, bodies): return b""

class Acme:
    @hookimpl
    def encode(self): return Coder()
    @hookimpl
    def decode(self): return Coder
"""


@pytest.fixture
def first(install, monkeypatch):
    """Installs a distribution in front of all others."""

    def put(name, **more):
        folder = install(name, {}, **more)
        sys.path.remove(str(folder))
        sys.path.insert(0, str(folder))
        plugins.rescan()

    return put


def put_acme(install, **more):
    return install(
        "acme-codec", CODECS, modules={"acme_plain": SOURCE}, **more
    )


def test_a_sound_plugin_is_no_finding(doctor, install):
    put_acme(install, requires=["plugwire>=0.1,<1", "msgspec>=0.2"])
    assert doctor("--codec", "acme") == {}


def test_a_plugin_for_another_python(doctor, install):
    folder = put_acme(install)
    (metadata,) = folder.glob("*.dist-info/METADATA")
    text = metadata.read_text().replace(
        "Version: 1.0", "Version: 1.0\nRequires-Python: >=9.1"
    )
    metadata.write_text(text)
    found = doctor("--codec", "acme")
    assert found.keys() == {"python-version"}
    (finding,) = found["python-version"]
    assert finding["subject"] == "acme-codec 1.0"
    assert "it is for Python >=9.1" in finding["found"]
    assert doctor() == {}


def test_a_python_that_cannot_be_read(doctor, install):
    folder = put_acme(install)
    (metadata,) = folder.glob("*.dist-info/METADATA")
    metadata.write_text(
        "Name: acme-codec\nVersion: 1.0\nRequires-Python: three\n"
    )
    assert doctor("--codec", "acme").keys() == {"python-version"}


def test_an_installation_that_is_another_version(doctor, first):
    first("plugwire", version="0.0.9")
    found = doctor()
    assert found.keys() == {"core-version", "distribution-twice"}
    (finding,) = found["core-version"]
    assert f"what runs is {__version__}" in finding["found"]
    assert "says 0.0.9" in finding["found"]


@pytest.mark.parametrize(
    ("requires", "words"),
    [
        ("msgspec>=99", "msgspec>=99, and 0."),
        ("no-such-thing-of-acme", "no-such-thing-of-acme, which is not"),
    ],
)
def test_a_dependency_that_is_wanting(doctor, install, requires, words):
    more = "no-such-thing; extra == 'more'"
    put_acme(install, requires=[requires, more, "plugwire"])
    found = doctor("--codec", "acme")
    assert found.keys() == {"dependencies"}
    (finding,) = found["dependencies"]
    assert words in finding["found"]
    assert finding["mend"] == f'pip install "{requires}"'


def test_a_distribution_that_is_there_twice(doctor, install):
    put_acme(install, version="2.0")
    put_acme(install, version="1.0")
    found = doctor()
    assert found.keys() == {"distribution-twice"}
    (finding,) = found["distribution-twice"]
    assert finding["subject"] == "acme-codec"
    assert finding["found"].index("2.0 in") < finding["found"].index("1.0 in")


def test_a_folder_that_is_twice_on_the_path_is_one(doctor, install):
    folder = put_acme(install)
    sys.path.append(f"{folder}/../{folder.name}")
    plugins.rescan()
    assert doctor() == {}


def test_a_plugin_of_ours_for_another_core(doctor, first):
    first("plugwire-json", version="9.9")
    found = doctor()
    (finding,) = found["first-party-versions"]
    assert finding["subject"] == "plugwire-json 9.9"
    assert "pip install --upgrade plugwire plugwire-json" in finding["mend"]


def test_too_few_files_for_all_connections(doctor):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        assert doctor("--set", "max_connections=100") == {}
        found = doctor("--set", "max_connections=1000")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found.keys() == {"open-files"}
    assert "ulimit -n 1080" in found["open-files"][0]["mend"]


def test_an_event_loop_that_is_missing(doctor, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    found = doctor("--set", "event_loop=uvloop")
    assert found.keys() == {"event-loop"}
    assert "pip install" in found["event-loop"][0]["mend"]


def test_a_time_zone_that_is_none(doctor):
    found = doctor("--set", "timezone=Europe/Pariss")
    assert found.keys() == {"time-zone"}
    assert '"Europe/Paris"' in found["time-zone"][0]["mend"]
