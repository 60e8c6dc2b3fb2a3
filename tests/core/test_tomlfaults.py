"""Why a text is no TOML, and in which line."""

from __future__ import annotations

import tomllib

import pytest

from plugwire.tomlfaults import MAX_NAMES, long_key, told

LONG = ".".join(["a"] * (MAX_NAMES + 1))


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a = 1\n[b\nc = 1", 2, "Expected ']' at the end of a table"),
        ("a = 1\n\nb = 'x\n\n", 3, "(at the end)"),
        ("a = 1\n\na = 2", 3, "overwrite a value (at the end)"),
        ("a = 1\nb = = 2", 2, "Invalid value (column 5)"),
        ("a = " + "[" * 9999, None, "too many"),
    ],
)
def test_the_parsers_words_and_line(
    text: str, line: int | None, why: str
) -> None:
    with pytest.raises((tomllib.TOMLDecodeError, RecursionError)) as caught:
        tomllib.loads(text)
    found = told(caught.value, text.encode())
    assert found[0] == line
    assert why in found[1]


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("a = 1\ncodec = json # x", 'put it in quotes, "json"'),
        ("codec = [json, unix]", 'put it in quotes, "json"'),
        ("\ufeffcodec = a_b@plugwire-c", 'put it in quotes, "a_b@plugwire-c"'),
        (f"a = {'b' * 61}", f'put it in quotes, "{"b" * 60}"'),
        ("a = = b", ""),
        ("a = ?", ""),
        ("a =", ""),
        ("a = 'b", ""),
    ],
)
def test_a_bare_word_is_to_be_put_in_quotes(text: str, mend: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text.removeprefix("\ufeff"))
    assert told(caught.value, text.encode())[2] == mend


def test_a_byte_that_is_no_text_has_its_line() -> None:
    with pytest.raises(UnicodeDecodeError) as caught:
        b"a = 1\nb = '\xff'".decode()
    assert told(caught.value, b"") == (
        2,
        "a byte that is none (invalid start byte)",
        "",
    )


@pytest.mark.parametrize(
    "text",
    [
        f"\n{LONG} = 1",
        f"\n[ {LONG} ]",
        f"\nx = {{ {LONG} = 1 }}",
        "\n" + LONG.replace(".", " . ") + " = 1",
        "\n" + LONG.replace("a", '"a b"') + " = 1",
        "\n" + LONG.replace("a", "'.'") + " = 1",
    ],
)
def test_a_key_of_many_names_is_found_before_it_is_parsed(text: str) -> None:
    assert long_key(text) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        LONG.removeprefix("a.") + " = 1",
        "a = '" + "x.\n" * 99 + "'",
        "a = 1\n" * 999,
        "." * 9999,
        "a = '" + "." * 999 + "'",
    ],
)
def test_other_texts_have_none(text: str) -> None:
    assert long_key(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "a" * 999_999,
        "a." * 60 + "a" * 999_999,
        "'" * 999_999,
        '" ' * 499_999,
        "a " * 499_999,
        "a. " * 60 + " " * 999_999,
        "a . " * 50 + "- " * 400_000,
    ],
    ids=range(7),
)
def test_no_text_keeps_the_search_from_its_end(text: str) -> None:
    assert long_key(text) is None
