"""Make a plugin's project from a template: one that works, with its tests,
and whose parts are to be replaced by your own."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from plugwire.cli.options import Misused
from plugwire.cli.output import out, tell
from plugwire.distributions import normal
from plugwire.errors import PlugwireError
from plugwire.plugins import bad_name, installed, offered
from plugwire.versions import recommended

EXAMPLE = "plugwire new codec cbor && cd plugwire-cbor && nox"
KINDS = ("transport", "codec", "queue", "permission", "extension")
LONGEST = 28
"""Characters of a NAME: the template's lines have room for so many."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `new` takes."""
    parser.add_argument(
        "kind",
        metavar="|".join(KINDS),
        nargs="?",
        help="what the plugin is to be",
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="its name in configurations: a-z, 0-9, _",
    )
    parser.add_argument(
        "--into",
        metavar="FOLDER",
        type=Path,
        default=Path(),
        help="where the project's folder plugwire-NAME is made, or is (.)",
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="bring the template that is installed now into the project at "
        "--into, by `copier update`",
    )


def run(args: argparse.Namespace) -> int:
    """Make the project, or bring it up to date."""
    if args.update:
        if args.kind or args.name:
            raise Misused(
                "--update takes neither a kind nor a NAME: it updates the "
                "project at --into FOLDER"
            )
        _need_copier()
        _update(args.into)
        tell(f"{args.into} is up to date; look at git diff")
        return 0
    _check(args.kind, args.name)
    _need_copier()
    folder = args.into / _distribution(args.name)
    if folder.exists() or folder.is_symlink():
        raise PlugwireError(
            f"{folder} exists, and nothing in it is touched: choose another "
            "NAME, or another place with --into FOLDER"
        )
    _make(folder, args.kind, args.name)
    out.text(str(folder))
    tell(f'next: cd {folder}, pip install "nox[uv]", nox')
    return 0


def _check(kind: str | None, name: str | None) -> None:
    """Raise `Misused` for what can be no plugin."""
    if kind not in KINDS:
        other = "" if kind is None else f", not {kind!r:.60}"
        raise Misused(f"a plugin is one of {', '.join(KINDS)}{other}")
    if not name:
        raise Misused(f"which NAME? As in plugwire new {kind} NAME")
    if why := bad_name(name):
        raise Misused(why)
    if len(name) > LONGEST:
        raise Misused(f"{name!r:.80} is long: {LONGEST} characters at most")
    for found in installed():
        if (found.kind, found.name) == (kind, name) or (
            normal(found.distribution) == _distribution(name)
        ):
            raise Misused(
                f"the {found} is installed, and a user of both could not "
                f"tell them apart: choose another NAME than {name}"
            )
    if _distribution(name) in offered():
        raise Misused(
            f"{_distribution(name)} is plugwire's own, though it is not "
            f"installed here: choose another NAME than {name}"
        )


def _distribution(name: str) -> str:
    return normal(f"plugwire-{name}")


def _need_copier() -> None:
    if find_spec("copier") is None:
        raise PlugwireError(
            "new renders a template with copier, which is not installed: pip "
            'install "plugwire[new]"'
        )


def _make(folder: Path, kind: str, name: str) -> None:
    from copier import run_copy

    from plugwire.cli.template import source

    template = source()
    if template.tag is None:
        tell("without git there is no `copier update` for the project")
    answers = {"kind": kind, "name": name, "bounds": recommended()}
    with _in_words(folder):
        run_copy(
            template.path,
            folder,
            answers,
            vcs_ref=template.tag,
            defaults=True,
            quiet=True,
        )


def _update(folder: Path) -> None:
    from copier import run_update

    from plugwire.cli.template import source

    tag = source().tag
    if tag is None:
        raise PlugwireError("an update needs git, which is not installed")
    if not (folder / ".copier-answers.yml").is_file():
        raise PlugwireError(
            f"{folder} is no project that `plugwire new` made: it has no "
            ".copier-answers.yml; name its folder with --into FOLDER"
        )
    answers: dict[str, Any] = {"bounds": recommended()}
    with _in_words(folder):
        run_update(
            folder,
            answers,
            vcs_ref=tag,
            defaults=True,
            overwrite=True,
            quiet=True,
        )


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """What copier raises, as an error of ours."""
    from copier.errors import CopierError

    try:
        yield
    except (CopierError, OSError) as error:
        said = str(error) or type(error).__name__
        raise PlugwireError(f"{folder}: {said}") from error
