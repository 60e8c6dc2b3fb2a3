"""Text in columns of cells."""

from rich.cells import cell_len

from plugwire.cli.top.cells import left, right


def test_text_is_filled_up_and_cut():
    assert left("ab", 4).text == "ab  "
    assert right("ab", 4).text == "  ab"
    assert left("abcdef", 4).text == "abc…"
    assert right("abcdef", 4).text == "abc…"
    assert left("abcdef", 0).text == right("abcdef", 0).text == ""


def test_wide_characters_are_counted_as_cells():
    for place in (left, right):
        for width in range(8):
            assert cell_len(place("漢字漢字", width).text) == width


def test_nothing_is_markup():
    assert left("[bold]x[/]", 12).text == "[bold]x[/]  "
