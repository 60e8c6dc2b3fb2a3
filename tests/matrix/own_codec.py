"""What a person writes to make CBOR of the codec that `plugwire new codec
cbor` made, which talks MessagePack: edits of its files, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

Edit = tuple[str, str]
"""What stands there once, and what is written in its place."""

CODEC: tuple[Edit, ...] = (
    ("MessagePack in frames", "CBOR in frames (RFC 8949), without tags"),
    ("import partial\n", "import partial\nfrom io import BytesIO\n"),
    ("\nimport msgspec\n", "from typing import Any\n\nimport cbor2\n"),
    (
        '    return b"\\xdd" + count.to_bytes(4, "big")\n',
        '''\
    return b"\\x9a" + count.to_bytes(4, "big")


class NoTags(dict[int, Any]):
    """A tag makes something else of a value: nothing a message may hold."""

    def __missing__(self, tag: int) -> Any:
        raise ValueError(f"tag {tag}, which no message has")


def loads(payload: bytes) -> object:
    """One value, which is all of the payload."""
    stream = BytesIO(payload)
    value = cbor2.CBORDecoder(stream, semantic_decoders=NoTags()).decode()
    if stream.read(1):
        raise ValueError("bytes behind the value")
    return value
''',
    ),
    ("        dumps = msgspec.msgpack.encode\n", ""),
    ("(FORMAT, dumps, head", "(FORMAT, cbor2.dumps, head"),
    ("        loads = msgspec.msgpack.decode\n", ""),
)
EDITS: dict[str, tuple[Edit, ...]] = {
    "src/plugwire_cbor/__init__.py": CODEC,
    "tests/test_conformance.py": (
        ("from msgspec import msgpack\n", "import cbor2\n"),
        ("msgpack.encode", "cbor2.dumps"),
    ),
    "pyproject.toml": (
        ("The codec cbor for plugwire", "CBOR as a codec of plugwire"),
        ('"msgspec>=0.21"', '"cbor2>=6.2"'),
    ),
    "README.md": (
        (
            "As the template made it, it carries messages as MessagePack: all "
            "values that\nplugwire has, and no others. Put your format's "
            "library in its place.\n",
            "Messages as CBOR (RFC 8949): all values that plugwire has. Tags "
            "are refused.\n",
        ),
    ),
}


def edited(text: str, edits: Iterable[Edit]) -> str:
    """`text` after the edits, each of which finds its place exactly once."""
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"{text.count(old)} times in the file: {old!r}")
        text = text.replace(old, new)
    return text


def write(project: Path) -> None:
    """Make all the edits."""
    for name, edits in EDITS.items():
        path = project / name
        path.write_text(edited(path.read_text("utf-8"), edits), "utf-8")
