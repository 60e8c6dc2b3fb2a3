"""One run of the command: which one it is, and how it ends."""

from __future__ import annotations

import argparse
import logging
import traceback
from collections.abc import Sequence
from importlib import import_module
from types import MappingProxyType

from plugwire import __version__
from plugwire.cli.options import Misused, Parser, add_shared
from plugwire.cli.output import (
    ReaderGone,
    Unwritable,
    no_reader,
    out,
    tell,
)
from plugwire.errors import (
    ConfigurationError,
    PluginError,
    PlugwireError,
    ValidationFailed,
    told,
)

COMMANDS = MappingProxyType(
    {
        "serve": "broadcast each line of standard input",
        "listen": "print an event's messages, one JSON object a line",
        "send": "send one message to a server, or ask it",
        "list": "the events that are served here, and their doors",
        "ping": "is the server of an event alive",
        "clients": "who is connected to a server",
        "top": "an event's numbers as they move, and who listens",
        "plugins": "what is installed; imports none of it",
        "explain": "the pipelines, hook by hook, and what chose them",
        "doctor": "what is wrong here, and how to mend it",
        "config": "show, check or describe the settings",
        "new": "make the project of a plugin of your own",
    }
)
"""Command -> what it does. Each is a module of this package, which has
`EXAMPLE`, `arguments(parser)` and `run(args) -> int`."""

FAILED, MISUSED, INTERRUPTED = 1, 2, 130


def run(argv: Sequence[str]) -> int:
    """The exit status of the command that `argv` asks for."""
    debug = "--debug" in argv
    try:
        status = _command(list(argv))
        out.flush()
        return status
    except ReaderGone:
        # Whoever read has what it wanted: `plugwire listen … | head -1`.
        no_reader()
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except (ConfigurationError, PluginError, ValidationFailed) as error:
        _report(error, debug)
        return MISUSED
    except Misused as error:
        tell(f"plugwire: {error}")
        return MISUSED
    except PlugwireError as error:
        if isinstance(error, Unwritable):
            no_reader()
        _report(error, debug)
    except Exception as error:
        _report(error, debug, f"{type(error).__name__}: ")
    return FAILED


def _report(error: Exception, debug: bool, kind: str = "") -> None:
    """One line for each thing that is wrong."""
    if debug:
        tell("".join(traceback.format_exception(error)).rstrip(), lines=True)
    for line in list(told(getattr(error, "problems", ()))) or [str(error)]:
        tell(f"plugwire: {kind}{' '.join(line.split())}")


def _command(argv: list[str]) -> int:
    name = argv[0] if argv else ""
    if name not in COMMANDS:
        return _no_command(argv)
    module = import_module(f"plugwire.cli.{name}")
    parser = Parser(
        prog=f"plugwire {name}",
        description=module.__doc__,
        epilog=f"example: {module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.arguments(parser)
    add_shared(parser)
    try:
        args = parser.parse_intermixed_args(argv[1:])
    except SystemExit:  # --help was printed
        return 0
    _log(args.verbose, args.debug)
    status: int = module.run(args)
    return status


def _no_command(argv: list[str]) -> int:
    """Help, the version, or what is wrong with the first word."""
    listed = "\n".join(f"  {name:<9}{text}" for name, text in COMMANDS.items())
    parser = Parser(
        prog="plugwire",
        usage="plugwire COMMAND ...",
        description="Events between processes; every layer is a plugin.",
        epilog=f"commands:\n{listed}\n\n`plugwire COMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="version", version=f"plugwire {__version__}"
    )
    try:
        _, rest = parser.parse_known_args(argv)
    except SystemExit:
        return 0
    word = rest[0] if rest else ""
    if not word:
        raise Misused(f"which command? It may be {', '.join(COMMANDS)}")
    if word.startswith("-"):
        raise Misused(f"{word} comes after the command, if it is an option")
    from plugwire.validation import nearest

    near = nearest(word, COMMANDS)
    mend = f"did you mean {near}?" if near else f"try {', '.join(COMMANDS)}"
    raise Misused(f"there is no command {word!r}; {mend}")


def _log(verbose: int, debug: bool) -> None:
    """What the library logs, on standard error: warnings, with `-v` who
    comes and goes, with `-vv` all."""
    level = logging.WARNING - 10 * min(verbose, 2)
    logger = logging.getLogger("plugwire")
    logger.setLevel(logging.DEBUG if debug else level)
    for handler in logger.handlers:
        if isinstance(handler, _Teller):
            return
    logger.addHandler(_Teller())


class _Teller(logging.Handler):
    """Log records as lines for people."""

    def emit(self, record: logging.LogRecord) -> None:
        line = f"plugwire: {' '.join(record.getMessage().split())}"
        if record.exc_info and record.levelno > logging.INFO:
            error = record.exc_info[1]
            line += f" ({type(error).__name__})"
        tell(line)
