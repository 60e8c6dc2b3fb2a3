"""The page of clients, line by line."""

from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from plugwire.cli.top.cells import BAD, WARNING
from plugwire.cli.top.clients_page import HEADS, Clients
from plugwire.cli.top.roll import Fellow, Roll, Totals


def fellow(number=1, **more):
    return Fellow(
        **{
            "id": number,
            "door": "main",
            "peer": f"unix uid 1000 pid {number}",
            "session": None,
            "connected_since": 1_700_000_000_000,
            "queued": 0,
            "sent": 0,
            "received": 0,
            "dropped": 0,
        }
        | more
    )


@pytest.fixture
def shown(clock):
    shown = SimpleNamespace(roll=Roll(), ours=None)
    shown.page = Clients(lambda: shown.roll, lambda: shown.ours, clock.wall)

    def lines(width=100):
        count = shown.page.fit(width, 20)
        every = [shown.page.heading(), *map(shown.page.line, range(count))]
        texts = ["".join(part.text for part in line) for line in every]
        return [text.rstrip() for text in texts]

    shown.lines = lines
    return shown


def test_the_first_question_is_under_way(shown):
    heading, line = shown.lines()
    assert heading.split() == list(HEADS)
    assert line == "asking the server ..."


def test_each_client_is_a_line(shown):
    shown.roll = Roll(
        fellows=(
            fellow(1, session="s1", queued=12_345, sent=1_234_567),
            fellow(2, dropped=3),
        ),
        total=2,
        totals=Totals(broadcasts=5000, sent=7, received=6, dropped=5,
                      lost=4, kept=3, refused=2),
        asked=True,
    )  # fmt: skip
    _, first, second, *rest = shown.lines()
    assert first.split()[:7] == [
        "1", "main", "unix", "uid", "1000", "pid", "1"
    ]  # fmt: skip
    assert first.split()[7] == "s1"
    assert first.split()[-4:] == ["12,345", "1.23M", "0", "0"]
    assert second.split()[-1] == "3"
    assert rest == [
        "",
        "2 connected; 2 refused",
        "5,000 broadcasts, 3 kept",
        "7 sent, 6 received, 5 dropped, 4 lost",
    ]


def styles(shown, number):
    return dict(zip(HEADS, shown.page.line(number)[::2], strict=True))


def test_what_waits_and_what_was_lost_is_marked_and_ours_is_bold(shown):
    shown.ours = 2
    shown.roll = Roll(fellows=(fellow(1, queued=1, dropped=1), fellow(2)))
    shown.page.fit(100, 20)
    first, ours = styles(shown, 0), styles(shown, 1)
    assert first["QUEUED"].style == WARNING
    assert first["DROPPED"].style == BAD
    assert not first["PEER"].style.bold
    assert ours["PEER"].style.bold
    assert ours["DROPPED"].style != BAD


def test_a_narrow_page_cuts_texts_and_no_figures(shown):
    long = fellow(1, session="a" * 60, peer="x" * 60, sent=99_999)
    shown.roll = Roll(fellows=(long,), asked=True)
    for width in (80, 90, 120):
        heading, line = shown.lines(width)
        assert cell_len(line) <= width
        assert line.endswith(" 99,999        0       0")
        assert heading.endswith("SENT RECEIVED DROPPED")
    # All of it, where there is room.
    assert "a" * 60 in shown.lines(200)[1]


def test_what_peers_say_is_made_harmless(shown):
    shown.roll = Roll(
        fellows=(fellow(1, peer="\x1b[2J", door="[b]", session="\x07"),)
    )
    line = shown.lines()[1]
    assert "\\x1b[2J" in line
    assert "[b]" in line
    assert line.isprintable()


def test_trouble_is_told_whole_beside_what_is_known(shown):
    shown.roll = Roll(
        fellows=(fellow(1),), asked=True, trouble="cannot connect " * 9
    )
    lines = shown.lines(80)
    assert lines[1].split()[0] == "1"
    assert " ".join(lines[2:]).split() == ["cannot", "connect"] * 9


def test_more_than_are_shown_is_said(shown):
    shown.roll = Roll(
        fellows=(fellow(1),), total=2000, totals=Totals(), asked=True
    )
    assert "2,000 connected, of which 1 are shown; 0 refused" in shown.lines()


@pytest.mark.parametrize("width", range(0, 30, 3))
def test_no_width_is_too_small(shown, width):
    shown.roll = Roll(fellows=(fellow(1),), trouble="x y", asked=True)
    assert len(shown.lines(width)) >= 2
