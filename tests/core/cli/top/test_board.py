"""Rows and their history."""

from plugwire.cli.top.board import MAX_ROWS, STALE, WINDOW, Board


def fold(board, values, *, left_out=0, at=0.0):
    board.fold(values, left_out, at, at)


def named(board):
    return {row.name: row for row in board.rows}


def test_rows_keep_the_order_in_which_names_came():
    board = Board()
    fold(board, {"b": 1.0, "a": "x"})
    fold(board, {"c": 1.0, "a": "y", "b": 2.0})
    assert [row.name for row in board.rows] == ["b", "a", "c"]
    assert [row.value for row in board.rows] == [2.0, "y", 1.0]
    assert list(named(board)["b"].history) == [1.0, 2.0]
    assert not named(board)["a"].history


def test_history_is_a_window():
    board = Board()
    for n in range(WINDOW + 7):
        fold(board, {"a": float(n)})
    (row,) = board.rows
    assert row.samples == WINDOW + 7
    assert (row.history[0], row.history[-1]) == (7.0, WINDOW + 6)
    assert len(row.history) == WINDOW


def test_a_fraction_is_remembered():
    board = Board()
    fold(board, {"a": 1.0, "b": 1.0})
    fold(board, {"a": 1.5, "b": 2.0})
    fold(board, {"a": 2.0, "b": 3.0})
    rows = named(board)
    assert (rows["a"].is_whole, rows["b"].is_whole) == (False, True)


def test_a_text_knows_since_when_it_is_the_same():
    board = Board()
    for at, text in ((1.0, "a"), (2.0, "a"), (3.0, "b"), (4.0, "b")):
        fold(board, {"t": text}, at=at)
    assert board.rows[0].changed == 3.0


def test_what_has_no_row_is_counted_until_an_old_name_makes_room():
    board = Board()
    full = {str(n): 1.0 for n in range(MAX_ROWS)}
    fold(board, full)
    fold(board, full | {"new": 1.0}, left_out=4)
    assert board.left_out == 5
    assert len(board.rows) == MAX_ROWS
    del full["3"]
    for _ in range(STALE):
        fold(board, full)
    fold(board, full | {"new": 1.0, "newer": 1.0})
    assert board.left_out == 1
    assert "new" in named(board)
    assert "3" not in named(board)


def test_a_name_that_stays_away_is_stale():
    board = Board()
    fold(board, {"a": 1.0, "b": 1.0})
    for _ in range(STALE - 1):
        fold(board, {"b": 1.0})
    assert not board.is_stale(named(board)["a"])
    fold(board, {"b": 1.0})
    assert board.is_stale(named(board)["a"])
    assert not board.is_stale(named(board)["b"])


def test_span_is_between_the_makings_of_messages():
    board = Board()
    assert board.span(5) == 0.0
    for at in (1.0, 2.0, 4.0):
        fold(board, {}, at=at)
    assert [board.span(n) for n in (0, 1, 2, 3, 9)] == [0, 0, 2, 3, 3]


def test_a_clock_that_is_set_back_spans_nothing():
    board = Board()
    for at in (9.0, 1.0):
        fold(board, {}, at=at)
    assert board.span(2) == 0.0


def test_a_copy_stands_still():
    board = Board()
    fold(board, {"a": 1.5, "t": "x"}, left_out=2, at=1.0)
    copy = board.copy()
    fold(board, {"a": 2.0, "t": "y", "new": 1.0}, at=5.0)
    assert [(row.name, row.value) for row in copy.rows] == [
        ("a", 1.5),
        ("t", "x"),
    ]
    assert list(copy.rows[0].history) == [1.5]
    assert (copy.count, copy.left_out, copy.span(9)) == (1, 2, 0.0)
    assert copy.rows[0].is_whole is False
    assert (copy.rows[0].samples, copy.rows[0].seen) == (1, 1)
