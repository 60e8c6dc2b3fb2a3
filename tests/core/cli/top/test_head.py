"""The lines above and below a page, as text."""

import pytest

from plugwire import MessageType
from plugwire.cli.top.head import standing, traffic
from plugwire.cli.top.model import MAX_FOLDS


def test_standing_says_how_it_stands(model, clock):
    clock.turn(1.5)
    assert standing(model).plain == "load  ● connecting, 1.5 s"
    model.connected("remote", "json", 1)
    assert standing(model).plain == "load  ● connected to remote (json)"
    model.away("it broke")
    clock.turn(12)
    assert standing(model).plain == (
        "load  ● away 12 s, reconnecting: it broke"
    )
    model.ended("not [red]you[/]")
    assert standing(model).plain == "load  ● ended: not [red]you[/]"


def test_traffic_before_anything_came(model):
    assert traffic(model).plain == (
        "0.0 msg/s  0.0 B/s  lag -  missed 0  0 received"
    )


def test_traffic_says_rate_size_lag_and_what_was_kept(model, say, clock):
    say({}, ago=9000, kept=True)
    for ago in (3, 8, 2):
        say({}, ago=ago)
        model.size(600)
    clock.turn(0.2)
    assert traffic(model).plain == (
        "3.00 msg/s  1.80 kB/s  lag 2 ms (worst 8 ms)  missed 0  "
        "4 received  1 kept"
    )


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ([3, 4], "missed 7"),
        ([None], "missed unknown"),
        ([5, None], "missed 5 + unknown"),
    ],
)
def test_traffic_tells_gaps(model, gaps, words):
    for gap in gaps:
        model.gap(gap)
    assert f"  {words}  " in traffic(model).plain


def test_traffic_tells_that_clocks_differ(model, say):
    say({}, ago=-3200)
    assert "clocks differ by 3.2 s" in traffic(model).plain
    say({}, ago=-1)
    assert "lag 0 ms (worst 0 ms)" in traffic(model).plain


def test_traffic_tells_silence_errors_and_thinning(model, say, clock):
    for _ in range(MAX_FOLDS + 1):
        say({})
    assert "only some are drawn" in traffic(model).plain
    say({}, message_type=MessageType.ERROR)
    clock.turn(7)
    words = traffic(model).plain
    assert "  quiet for 7.0 s  1 errors  " in words
    assert "drawn" not in words
