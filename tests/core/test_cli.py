"""The command's entry: thin, and loading no more than is needed."""

import subprocess
import sys

from plugwire.cli import main

LOADED = """
import sys
from plugwire.cli import main
main(sys.argv[1:])
print(*sorted(sys.modules), file=sys.stderr)
"""


def loaded(*args):
    """The modules that a run imported."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *args],
        capture_output=True,
        text=True,
        check=False,
    )
    return set(done.stderr.splitlines()[-1].split())


def test_the_arguments_are_the_processs_own(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["plugwire", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("plugwire ")


def test_an_interrupt_is_130(monkeypatch):
    def run(argv):
        raise KeyboardInterrupt

    monkeypatch.setattr("plugwire.cli.run.run", run)
    assert main([]) == 130


def test_sending_imports_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    modules = loaded("send", "nobody", "a=1", "--transport", "nothing")
    assert "plugwire.sync.client" in modules
    needless = {
        "asyncio",
        "dynaconf",
        "psutil",
        "pydantic",
        "plugwire.aio.server",
        "plugwire.cli.listen",
        "plugwire.cli.serve",
    }
    assert not modules & needless


def test_the_version_imports_no_face():
    modules = loaded("--version")
    assert not modules & {"asyncio", "plugwire.aio.client", "pluggy"}
