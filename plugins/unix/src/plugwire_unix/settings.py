"""The settings of `[plugwire.unix]`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MODE = re.compile(r"0?[0-7]{3}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixSettings:
    """A socket in the private folder.

    `socket_permissions` is the socket file's mode, octal digits in a string
    ("0600", "660"): TOML would read the number 0600 as an error and 600 as
    decimal. Connecting takes the right to write. `auto_remove_socket` says
    whether the file goes when the server stops; one that stays is found
    dead, and replaced, by the next start.

    Raises ValueError for a mode that is none.
    """

    socket_permissions: str = "0600"
    auto_remove_socket: bool = True

    def __post_init__(self) -> None:
        check_mode(self.socket_permissions)

    @property
    def mode(self) -> int:
        """`socket_permissions` as a number."""
        return int(self.socket_permissions, 8)


def check_mode(text: object) -> None:
    """Raise ValueError unless `text` is a mode in octal digits."""
    if not isinstance(text, str) or not _MODE.match(text):
        raise ValueError(
            "socket_permissions: expected three octal digits in a string,"
            f' such as "0600" or "0660", found {text!r}'
        )
