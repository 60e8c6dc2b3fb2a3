"""The page of values, line by line."""

from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from plugwire.cli.top.board import MAX_ROWS, STALE, Board
from plugwire.cli.top.numbers_page import MAX_BAND, NARROW, Numbers


@pytest.fixture
def shown(clock):
    """A board and the page of it."""
    board = Board()
    shown = SimpleNamespace(board=board, is_live=True)
    shown.page = Numbers(lambda: board, clock.now, lambda: shown.is_live)

    def fold(values, left_out=0):
        board.fold(values, left_out, clock.now(), clock.wall())

    def lines(width=80, height=20):
        count = shown.page.fit(width, height)
        every = [shown.page.heading(), *map(shown.page.line, range(count))]
        texts = ["".join(part.text for part in line) for line in every]
        # A page that is too narrow is cut by its sheet.
        assert width < 30 or max(map(cell_len, texts)) <= width
        return [text.rstrip() for text in texts]

    shown.fold, shown.lines = fold, lines
    return shown


def test_an_empty_board_is_a_heading(shown):
    (heading,) = shown.lines()
    assert heading.split() == ["NAME", "NOW", "MIN", "MAX", "HISTORY"]


def test_a_number_has_its_figures_and_its_bars(shown, clock):
    for value in (2.0, 9.5, 4.0):
        shown.fold({"cpu.user": value})
        clock.turn(1)
    heading, line = shown.lines(height=1)
    assert heading.endswith("LAST 2.0 s")
    assert line.split() == ["cpu.user", "4.00", "2.00", "9.50", "▁█▃"]
    assert cell_len(line) == 80


def test_a_text_is_shown_with_its_age(shown, clock):
    shown.fold({"tier": "calm [b]down[/b]"})
    clock.turn(5)
    assert shown.lines(height=1)[1] == "tier  calm [b]down[/b]  for 5.0 s"


def test_a_number_that_becomes_a_text_keeps_its_history(shown):
    shown.fold({"a": 1.0})
    shown.fold({"a": 3.0})
    shown.fold({"a": "nan"})
    assert shown.lines(height=1)[1].split() == ["a", "nan", "1", "3", "▁█"]


def test_a_narrow_page_leaves_the_bounds_out(shown):
    shown.fold({"a": 1.0})
    assert "MIN" in shown.lines(width=NARROW)[0]
    heading, line = shown.lines(width=NARROW - 1, height=1)
    assert heading.split() == ["NAME", "NOW", "HISTORY"]
    assert line.split() == ["a", "1", "▁"]


@pytest.mark.parametrize("width", range(25))
def test_no_width_is_too_small(shown, width):
    shown.fold({"a" * 300: 1.0, "b.c": "text", "d": 1.5}, left_out=1)
    shown.fold({"a" * 300: 2.0, "b.c": "text", "d": 1.5}, left_out=1)
    assert shown.lines(width=width, height=0)


def test_rows_are_tall_where_there_is_room(shown):
    shown.fold({"a": 1.0, "b": 2.0})
    shown.fold({"a": 2.0, "b": 2.0, "t": "x"})
    _, *lines = shown.lines(height=3 * MAX_BAND)
    assert len(lines) == 3 * MAX_BAND
    # Three lines of bars, the figures beside the middle one, and a blank.
    assert [line.strip()[-1:] for line in lines[:4]] == ["█", "█", "█", ""]
    assert lines[2] == lines[2].lstrip().rjust(80)
    assert lines[1].split()[:4] == ["a", "2", "1", "2"]
    assert lines[9].startswith("t ")
    # Not two: nothing would be left between the bars.
    assert len(shown.lines(height=3 * 2)) == 1 + 3
    assert len(shown.lines(height=3 * 3)) == 1 + 9


def test_all_bars_share_one_time(shown):
    """A name that came later has its bars at the right end."""
    for n in range(200):
        shown.fold({"a": float(n)} | ({"b": 1.0} if n >= 180 else {}))
    heading, first, second = shown.lines(width=60, height=2)
    assert "MEAN OF" not in heading  # it would not fit
    bars = [line.split()[-1] for line in (first, second)]
    assert list(map(len, bars)) == [25, 3]  # eight samples a bar


def test_the_heading_tells_what_a_bar_is(shown):
    for n in range(200):
        shown.fold({"a": float(n)})
    assert shown.lines(width=100)[0].endswith(", A BAR IS THE MEAN OF 4")


def test_bars_reach_from_the_least_value_to_the_highest_bar(shown):
    """A spike of one sample flattens no others."""
    for n in range(200):
        shown.fold({"a": {3: 500.0, 100: 20.0}.get(n % 101, 10.0)})
    line = shown.lines(width=60, height=1)[1].split()
    assert line[1:4] == ["10", "10", "500"]
    assert set(line[4]) == {"▁", "█"}


def test_what_is_not_shown_is_told(shown):
    shown.fold({str(n): 1.0 for n in range(MAX_ROWS + 2)}, left_out=3)
    lines = shown.lines()
    assert len(lines) == 1 + MAX_ROWS + 1
    assert lines[-1] == "5 more values are not shown"


def is_dim(shown, number):
    shown.page.fit(80, 1)
    return all(
        part.style.dim for part in shown.page.line(number) if part.text.strip()
    )


def test_what_is_old_or_not_live_is_dim(shown):
    shown.fold({"a": 1.0, "b": 1.0})
    assert not is_dim(shown, 0)
    shown.is_live = False
    assert is_dim(shown, 0)
    assert is_dim(shown, 1)
    shown.is_live = True
    for _ in range(STALE):
        shown.fold({"b": 1.0})
    assert is_dim(shown, 0)
    assert not is_dim(shown, 1)


def test_groups_have_colours(shown):
    shown.fold({"cpu.a": 1.0, "cpu_b": 1.0, "io": 1.0})
    shown.page.fit(80, 1)
    inks = [shown.page.line(n)[-1].style.color for n in range(3)]
    assert inks[0] == inks[1] != inks[2]
