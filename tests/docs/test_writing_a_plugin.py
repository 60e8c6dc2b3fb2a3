"""docs/writing-a-plugin.md: its files, installed as pip would, work."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = "docs/writing-a-plugin.md"
MODULES = (
    "plugwire_zjson.py",
    "plugwire_abstract.py",
    "plugwire_quiet.py",
    "plugwire_office.py",
)


@pytest.fixture
def install(
    page, place: Path, environment: dict[str, str]
) -> Callable[[], Path]:
    """Puts the page's modules where Python looks, with the metadata that
    installing its pyproject.toml makes."""

    def put() -> Path:
        files = {block.name: block.text for block in page(PAGE)}
        project = tomllib.loads(files["pyproject.toml"])["project"]
        site = place / "site"
        info = site / "plugwire_example-0.1.0.dist-info"
        info.mkdir(parents=True)
        requires = "".join(
            f"Requires-Dist: {text}\n" for text in project["dependencies"]
        )
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\n"
            f"Version: {project['version']}\n{requires}"
        )
        entry_points = ""
        for group, entries in project["entry-points"].items():
            entry_points += f"[{group}]\n"
            for name, value in entries.items():
                entry_points += f"{name} = {value}\n"
        (info / "entry_points.txt").write_text(entry_points)
        for name in (*MODULES, "try_it.py"):
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


@linux
def test_a_second_server_is_told(run, install, place: Path) -> None:
    install()
    program = place / "second.py"
    program.write_text(
        f"import asyncio\nplace = {str(place)!r}\n"
        "from plugwire import AlreadyRunning, Server\n"
        "async def main():\n"
        "    def server(folder):\n"
        "        return Server('two', transport='abstract',\n"
        "                      socket_dir=f'{place}/{folder}')\n"
        "    async with server('one'):\n"
        "        try:\n"
        "            await server('other').start()\n"
        "        except AlreadyRunning as error:\n"
        "            print(error)\n"
        "asyncio.run(main())\n"
    )
    assert run(program).endswith("/two is taken\n")


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


def test_the_codec_refuses_what_it_must(run, install, place: Path) -> None:
    install()
    program = place / "codec.py"
    program.write_text(
        "import zlib\n"
        "from plugwire import Message, MessageError, MessageType\n"
        "from plugwire.framing import frame\n"
        "from plugwire_zjson import ZjsonDecoder, ZjsonEncoder\n"
        "encoder, limit = ZjsonEncoder(6, 1000), 1000\n"
        "def message(data):\n"
        "    return Message(event_name='x', timestamp_ms=0,\n"
        "        timestamp_iso='', message_type=MessageType.DATA, data=data)\n"
        "good = message({'a': [1, 2.5, None, 'é'], 'b': {'c': True}})\n"
        "body = encoder.encode(good)\n"
        "assert ZjsonDecoder(limit).feed(encoder.frame([body] * 3)) == "
        "[good] * 3\n"
        "bomb = frame(zlib.compress(b' ' * 10_000_000))\n"
        "half = frame(zlib.compress(b'[' + body + b']')[:-4])\n"
        "for bad in (bomb, half, frame(b'rubbish')):\n"
        "    try:\n"
        "        ZjsonDecoder(limit).feed(bad)\n"
        "    except MessageError as error:\n"
        "        print('refused')\n"
        "for data in ({'a': float('nan')}, {'a': object()}, {'a': 'b' * 999}):"
        "\n"
        "    try:\n"
        "        encoder.encode(message(data))\n"
        "    except MessageError as error:\n"
        "        print('refused')\n"
    )
    assert run(program) == "refused\n" * 6


def test_the_permission_denies_and_allows(run, install, place: Path) -> None:
    install()
    program = place / "quiet.py"
    program.write_text(
        "import asyncio, os\n"
        "from plugwire import Client, Denied, Server\n"
        "from plugwire_quiet import Quiet, QuietSettings\n"
        "quiet = Quiet(QuietSettings(uids=(os.geteuid(),)))\n"
        "async def main():\n"
        "    async with (\n"
        "        Server('q', permissions=['peer', quiet]) as server,\n"
        "        Client('q') as client,\n"
        "    ):\n"
        "        server.broadcast({'n': 1})\n"
        "        print((await client.receive(timeout=5)).data)\n"
        "        print('can send:', client.can_send)\n"
        "asyncio.run(main())\n"
    )
    assert run(program) == "{'n': 1}\ncan send: False\n"


def test_the_gate_lets_in_and_turns_away(run, install, place: Path) -> None:
    install()
    program = place / "office.py"
    program.write_text(
        "import asyncio\n"
        "from plugwire import Client, Denied, Server\n"
        "from plugwire_office import Office, OfficeGate\n"
        "hour = 10\n"
        "OfficeGate.hour = staticmethod(lambda: hour)\n"
        "async def main():\n"
        "    global hour\n"
        "    both = {'permissions': [Office()], 'socket_dir': PLACE}\n"
        "    async with Server('o', settings=both):\n"
        "        async with Client('o', settings=both) as client:\n"
        "            print(client.event_name)\n"
        "        hour = 3\n"
        "        try:\n"
        "            await Client('o', settings=both).connect()\n"
        "        except Denied as error:\n"
        "            print(error)\n"
        f"PLACE = {str(place / 'run')!r}\n"
        "asyncio.run(main())\n"
    )
    assert run(program) == "o\nthe office opens at 8\n"


def test_the_queues_seven_methods_are_named(page) -> None:
    from plugwire.interfaces import Queue

    text = (Path(__file__).parents[2] / PAGE).read_text("utf-8")
    names = [n for n, f in vars(Queue).items() if callable(f)]
    methods = [n for n in names if n == "__len__" or n[0] != "_"]
    assert len(methods) == 7
    assert [n for n in methods if f"| `{n}(" not in text] == []
