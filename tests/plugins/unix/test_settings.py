from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from plugwire_unix import UnixSettings


@pytest.mark.parametrize(
    ("text", "mode"),
    [("0600", 0o600), ("660", 0o660), ("0666", 0o666), ("000", 0)],
)
def test_mode_is_octal_digits(text: str, mode: int) -> None:
    assert UnixSettings(socket_permissions=text).mode == mode


@pytest.mark.parametrize(
    "text",
    ["", "0o600", "abc", "0800", "60", "1777", "0600\n", " 600", "-600"],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="three octal digits"):
        UnixSettings(socket_permissions=text)


@pytest.mark.parametrize("value", [600, 0o600, 6.0, None, True])
def test_numbers_are_refused_by_type(value: Any) -> None:
    with pytest.raises(ValueError, match="three octal digits"):
        UnixSettings(socket_permissions=value)
    with pytest.raises(ValidationError, match="valid string"):
        TypeAdapter(UnixSettings).validate_python(
            {"socket_permissions": value}
        )


def test_pydantic_says_what_is_wrong() -> None:
    with pytest.raises(ValidationError, match="three octal digits"):
        TypeAdapter(UnixSettings).validate_python(
            {"socket_permissions": "999"}
        )
