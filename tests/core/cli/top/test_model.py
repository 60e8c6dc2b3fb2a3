"""What is known of an event, and when it changes."""

from plugwire import MessageType
from plugwire.cli.top.model import CLOCK_SLACK, MAX_FOLDS, MAX_NOTES
from plugwire.cli.top.roll import Roll


def notes(model):
    return [(note.text, note.is_bad) for note in model.notes]


def test_the_connection_comes_goes_and_comes_back(model, clock):
    assert model.standing.kind == "connecting"
    model.connected("main", "msgpack", 7)
    assert (model.standing.kind, model.client_id) == ("connected", 7)
    clock.turn(3)
    model.away("the server closed\x1b the connection")
    assert model.standing.kind == "away"
    assert model.standing.why == "the server closed\\x1b the connection"
    assert model.standing.since == clock.now()
    assert model.client_id is None
    model.connected("main", "json", 8)
    assert model.codec == "json"
    model.ended("denied")
    assert (model.standing.kind, model.standing.why) == ("ended", "denied")
    assert notes(model) == [
        ("connected to door main (msgpack)", False),
        ("connection lost: the server closed\\x1b the connection", True),
        ("connected again to door main (json)", False),
        ("ended: denied", True),
    ]


def test_gaps_are_counted_and_the_unknown_ones_apart(model):
    for missed in (1, 12, None):
        model.gap(missed)
    assert (model.missed, model.unknown) == (13, 1)
    assert notes(model) == [
        ("missed 1 message", True),
        ("missed 12 messages", True),
        ("missed an unknown number: the server was restarted", True),
    ]


def test_messages_are_counted_and_their_values_kept(model, say, clock):
    say({"a": 1, "b": {"c": True}}, ago=4)
    clock.turn(0.5)
    say({"a": 2}, ago=9)
    assert model.messages == 2
    assert model.lag == 9
    assert model.last_message == clock.now()
    assert [(row.name, row.value) for row in model.board.rows] == [
        ("a", 2.0),
        ("b.c", "true"),
    ]
    assert model.meter.read(clock.now()).worst == 9


def test_what_was_kept_is_no_rate_and_no_lag(model, say, clock):
    say({"a": 1}, ago=50_000, kept=True)
    assert (model.messages, model.kept, model.lag) == (1, 1, None)
    assert model.meter.read(clock.now()).rate == 0
    assert model.board.rows[0].value == 1.0


def test_errors_are_told_and_are_no_values(model, say):
    say({"error": "no\x07"}, message_type=MessageType.ERROR)
    assert (model.messages, model.errors) == (1, 1)
    assert model.board.rows == []
    ((text, is_bad),) = notes(model)
    assert text.startswith("error message: error=")
    assert is_bad
    assert text.isprintable()


def test_clocks_that_differ_are_noticed(model, say):
    say({}, ago=-CLOCK_SLACK)
    assert not model.clocks_differ
    say({}, ago=-CLOCK_SLACK - 1)
    assert model.clocks_differ


def test_a_fast_event_is_counted_whole_and_drawn_in_part(model, say, clock):
    for n in range(10 * MAX_FOLDS):
        say({"n": n})
    assert model.messages == 10 * MAX_FOLDS
    assert model.board.count == MAX_FOLDS
    assert model.is_thinned
    clock.turn(2)
    say({"n": -1})
    assert model.board.rows[0].value == -1.0
    assert not model.is_thinned


def test_a_slower_one_is_drawn_whole(model, say, clock):
    for n in range(5 * MAX_FOLDS):
        say({"n": n})
        clock.turn(1 / (MAX_FOLDS * 0.9))
    assert model.board.count == 5 * MAX_FOLDS
    assert not model.is_thinned


def test_each_change_is_a_change(model, say):
    steps = [
        lambda: say({}),
        lambda: model.gap(1),
        lambda: model.note("x"),
        lambda: model.connected("main", "json", 1),
        lambda: model.away("x"),
        lambda: model.ended("x"),
        lambda: model.polled(Roll(total=3)),
    ]
    for step in steps:
        before = model.changes
        step()
        assert model.changes > before
    assert model.roll.total == 3


def test_notes_are_bounded(model):
    for n in range(MAX_NOTES + 5):
        model.note(str(n))
    assert len(model.notes) == MAX_NOTES
    assert model.notes[-1].text == str(MAX_NOTES + 4)


def test_sizes_are_measured(model, clock):
    model.size(500)
    assert model.meter.read(clock.now()).bytes == 500
