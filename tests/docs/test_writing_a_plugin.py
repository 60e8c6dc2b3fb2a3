"""docs/writing-a-plugin.md: its files, installed as pip would, work."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

PAGE = "docs/writing-a-plugin.md"
MODULES = ("plugwire_zjson.py", "plugwire_abstract.py")
PROGRAMS = ("try_it.py", "test_example.py")
SECONDS = 240.0  # for two suites, on a machine that is busy
README = """\
The codec `zjson`: JSON, compressed a frame at a time; its level is the one
setting. The transport `abstract`: Linux's Unix sockets that have no file.
"""


@pytest.fixture
def install(
    page, place: Path, environment: dict[str, str]
) -> Callable[[], Path]:
    """Builds the wheel of the page's project, and puts what is in it, and
    the page's programs, where Python looks."""

    def put() -> Path:
        source, site = place / "source", place / "site"
        files = {block.name: block.text for block in page(PAGE)}
        files["README.md"] = f"# plugwire-example\n\n{README}\n"
        files["LICENSE"] = "MIT\n"
        source.mkdir()
        for name in ("pyproject.toml", "README.md", "LICENSE", *MODULES):
            (source / name).write_text(files[name])
        done = subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
            cwd=source,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        [wheel] = source.glob("dist/*.whl")
        with ZipFile(wheel) as packed:
            packed.extractall(site)
        for name in PROGRAMS:
            (site / name).write_text(files[name])
        environment["PYTHONPATH"] = str(site)
        return site

    return put


linux = pytest.mark.skipif(
    sys.platform != "linux", reason="abstract sockets are Linux's"
)


@linux
def test_d3_the_pages_codec_and_transport_work_by_name(run, install) -> None:
    assert run(install() / "try_it.py") == (
        "hello hello hello  by zjson\nabstract\n"
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("case", "checks"),
    [
        ("TestPackaging", 20),
        ("TestZjson", 100),
        pytest.param("TestAbstract", 100, marks=linux),
    ],
)
def test_it_passes_the_conformance_kit(
    case: str, checks: int, install, environment: dict[str, str]
) -> None:
    site = install()
    (site / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider"),
            f"test_example.py::{case}",
        ],
        cwd=site,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) > checks, done.stdout


def test_the_conformance_tests_are_short(page) -> None:
    """What an author has to write: 15 lines a suite."""
    (text,) = [b.text for b in page(PAGE) if b.name == "test_example.py"]
    lines = [line for line in text.splitlines()[1:] if line.strip()]
    assert len(lines) <= 3 * 15


def test_its_settings_are_validated(run, install, place: Path) -> None:
    install()
    program = place / "wrong.py"
    program.write_text(
        "from plugwire import ConfigurationError, Server\n"
        "try:\n"
        "    Server('x', codec='zjson', zjson={'level': 12})\n"
        "except ConfigurationError as error:\n"
        "    print(error)\n"
    )
    assert run(program).startswith("plugwire.zjson.level (call): expected ")


def test_the_codec_unpacks_no_bomb(run, install, place: Path) -> None:
    install()
    program = place / "codec.py"
    program.write_text(
        "import zlib\n"
        "from plugwire import MessageError\n"
        "from plugwire.framing import frame\n"
        "from plugwire_zjson import Zjson, ZjsonSettings\n"
        "make = Zjson(ZjsonSettings()).decode(1000)\n"
        "bomb = zlib.compress(b'[' + b' ' * 10_000_000 + b']')\n"
        "cut = zlib.compress(b'[]')[:-4]\n"
        "trail = zlib.compress(b'[]') + b'x'\n"
        "for bad in (bomb, cut, trail, b'rubbish'):\n"
        "    try:\n"
        "        make().feed(frame(bad))\n"
        "    except MessageError as error:\n"
        "        print('not whole' in str(error))\n"
    )
    assert run(program) == "True\nTrue\nTrue\nFalse\n"
