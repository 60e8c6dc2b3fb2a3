"""The schema in the hands of an editor: what a language server offers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugwire.cli import main

SECONDS = 20.0
TOMBI = Path(sysconfig.get_path("scripts")) / (
    "tombi.exe" if sys.platform == "win32" else "tombi"
)


class Editor:
    """As much of an editor as asks a language server what may come next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._asked = 0
        self._popen = subprocess.Popen(
            [TOMBI, "lsp", "--offline"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "XDG_CACHE_HOME": str(folder)},
        )

    def greet(self) -> None:
        snippets = {"completionItem": {"snippetSupport": True}}
        uri = self._folder.as_uri()
        self.ask(
            "initialize",
            processId=None,
            rootUri=uri,
            workspaceFolders=[{"uri": uri, "name": "x"}],
            capabilities={"textDocument": {"completion": snippets}},
        )
        self.say("initialized")

    def say(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while (message := self._read()).get("id") != self._asked or (
            "method" in message
        ):
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})
        return message["result"]

    def offered(self, text: str) -> set[str]:
        """What is offered at the mark | of `text`."""
        before, _, after = text.partition("|")
        uri = (self._folder / "plugwire.toml").as_uri()
        document = {"uri": uri, "languageId": "toml", "version": 1}
        self.say(
            "textDocument/didOpen",
            textDocument={**document, "text": before + after},
        )
        column = len(before.rpartition("\n")[2])
        items: Any = None
        # Servers answer while they are still opening: then there is nothing.
        deadline = time.monotonic() + SECONDS
        while not items and time.monotonic() < deadline:
            items = self.ask(
                "textDocument/completion",
                textDocument={"uri": uri},
                position={"line": before.count("\n"), "character": column},
            )
        return {item["label"].strip('"') for item in items or ()}

    def close(self) -> None:
        self._popen.kill()
        self._popen.communicate()

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._popen.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data))
        self._popen.stdin.write(data)
        self._popen.stdin.flush()

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._popen.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server has ended"
        found: dict[str, Any] = json.loads(self._popen.stdout.read(length))
        return found


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    opened = Editor(tmp_path)
    try:
        opened.greet()
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("[plugwire]\n|\n", {"codec", "lag", "tcp"}, {"port"}),
        (
            "[plugwire.tcp]\np|\n",
            {"port", "port_range_start", "port_range_end"},
            {"codec", "plain"},
        ),
        (
            "[plugwire.listen.a]\n|\n",
            {"transport", "plain", "unix"},
            {"timezone"},
        ),
        (
            "[plugwire.listen.a.unix]\n|\n",
            {"socket_permissions", "auto_remove_socket"},
            {"port"},
        ),
        (
            '[plugwire]\nlag = "|"\n',
            {"drop_oldest", "keep_latest"},
            {"unix"},
        ),
        ('[plugwire]\ncodec = "|"\n', {"json", "msgpack"}, {"tcp", "fifo"}),
    ],
)
def test_an_editor_completes_keys_sections_and_values(
    text: str,
    wanted: set[str],
    unwanted: set[str],
    editor: Editor,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["config", "schema", "--installed"]) == 0
    schema = tmp_path / "schema.json"
    schema.write_text(capsys.readouterr().out)
    offered = editor.offered(f"#:schema {schema.as_uri()}\n{text}")
    assert wanted <= offered
    assert not unwanted & offered
