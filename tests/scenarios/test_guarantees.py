"""The guarantees, each with the tests that fail without it.

Each was broken on purpose once, and the tests beside it failed.
"""

from __future__ import annotations

import ast
import os
from pathlib import Path

from worlds import World

TESTS = Path(__file__).parents[1]

GUARANTEES: dict[str, tuple[str, ...]] = {
    # One connection: first in, first out each way, unicasts and broadcasts
    # in one sequence. Broadcasts have one server order, equal for all.
    "order": (
        "test_one_connection_is_first_in_first_out_each_way",
        "test_a5_one_sequence_of_unicasts_sessions_and_broadcasts",
        "test_b8_eight_threads_and_a_hundred_clients_have_one_order",
        "test_b8_unicasts_of_threads_keep_their_place_among_broadcasts",
        "test_c4_mixed_doors_have_one_registry_and_one_order",
    ),
    # At most once, never twice, across reconnects too.
    "delivery": (
        "test_b10_cut_anywhere_each_message_comes_once_or_is_counted",
        "test_b10_history_fills_what_was_missed",
        "test_what_was_told_as_missing_is_not_handed_out_or_told_again",
    ),
    # Accepted into the bounded outbox.
    "send() returned": (
        "test_a_send_waits_while_the_server_reads_nothing",
        "test_b4_disconnect_sends_what_was_sent",
        "test_a9_disconnect_lets_a_full_client_go",
    ),
    # Counted, with a cause, and the client is told.
    "loss": (
        "test_received_and_missed_are_all_that_was_said",
        "test_a_gap_stands_where_the_messages_are_missing",
        "test_after_a_lag_disconnect_it_comes_back_and_knows_what_it_missed",
        "test_b10_what_was_missed_within_an_incarnation_is_counted",
        "test_b10_what_its_codec_could_not_carry_is_counted_once",
        "test_b10_what_was_said_before_it_first_joined_is_no_loss",
        "test_b10_another_incarnation_is_unknown_and_its_own_losses_count",
        "test_a_client_that_is_stopped_and_continued_knows_what_it_missed",
        "test_counters_of_a_client_and_in_total",
    ),
    # The clients joined, and allowed to receive, at the moment of the call;
    # a failing one never stops the rest.
    "broadcast set": (
        "test_a8_one_client_one_session_all_but_some",
        "test_who_may_not_receive_joins_and_hears_nothing",
        "test_c5_who_takes_nothing_is_let_go_and_delays_nobody",
        "test_c5_a_stopped_process_delays_none_of_a_hundred",
        "test_each_door_has_its_own_policy",
    ),
    # No gap, no duplicate.
    "history + live": (
        "test_c3_history_then_live_without_gap_or_double",
        "test_c3_a_snapshot_then_live_without_gap_or_double",
        "test_b7_the_first_client_gets_what_was_kept_in_order",
    ),
    # Exponential backoff with full jitter and a cap; the session joined
    # again; what was missed reported; a refusal that will not change ends it.
    "reconnect": (
        "test_b10_delays_are_drawn_from_all_of_a_doubling_reach",
        "test_b10_who_was_away_for_two_seconds_is_back_in_five_more",
        "test_b10_a_thousand_come_back_to_a_server_that_was_killed",
        "test_b10_it_is_in_its_session_again_before_it_hears_anything",
        "test_b10_as_many_tries_as_it_was_told_and_the_last_cause",
        "test_b10_another_version_ends_it_at_once",
        "test_b10_another_codec_ends_it_at_once",
        "test_b10_who_is_denied_is_not_heard_of_again",
        "test_a_cut_line_is_made_again_and_nothing_is_missed",
        "test_a_server_that_is_killed_is_told_and_found_again",
    ),
    # `receive` loses nothing; `send` is queued whole or not at all.
    "cancellation": (
        "test_a_receive_that_is_cut_short_loses_nothing",
        "test_one_who_is_cancelled_after_the_wake_passes_it_on",
        "test_a_send_that_is_cut_short_is_whole_or_not_at_all",
        "test_requests_that_are_cut_short_take_no_others_answer",
        "test_connects_that_are_cut_short_leave_nothing",
    ),
    # The blocking face is thread-safe; the asyncio face belongs to one loop,
    # `broadcast` and `send` of a server aside.
    "threads": (
        "test_b8_eight_threads_and_a_hundred_clients_have_one_order",
        "test_b4_several_receive_ask_and_send_at_once",
        "test_numbers_of_other_threads_count_once_they_are_said",
    ),
    # Connected before the first message, disconnected exactly once and last,
    # with a reason; one at a time for a client.
    "callbacks": (
        "test_callbacks_come_in_order_and_once",
        "test_on_disconnect_comes_last_though_a_handler_takes_its_time",
        "test_on_disconnect_is_heard_when_the_server_stops",
        "test_one_at_a_time_in_order_with_a_bound",
    ),
    # Goodbye with a reason, flush up to `drain_timeout`, then abort; nothing
    # is left but an empty lock file and the token.
    "shutdown": (
        "test_c6_stop_hands_out_what_is_owed",
        "test_c6_stop_waits_no_longer_than_drain_timeout",
        "test_sigterm_under_load_ends_in_time_and_leaves_nothing",
        "test_c6_two_hundred_starts_and_stops_leave_nothing",
        "test_c6_one_server_that_starts_and_stops_leaves_nothing",
        "test_c6_what_fails_leaves_nothing_either",
        "test_c6_a_client_that_was_drained_is_closed_once",
        "test_c6_who_knocks_as_the_server_stops_leaves_nothing",
    ),
    # Each has a default, a name, an error and a counter.
    "limits": (
        "test_limits_are_held",
        "test_b6_one_too_many_is_told_and_a_slot_is_usable_at_once",
        "test_what_may_not_be_dropped_and_does_not_fit_ends_the_client",
        "test_control_errors_and_replies_are_never_dropped",
        "test_answers_too_count_among_all_outboxes_together",
        "test_who_has_most_queued_is_dealt_with_first_by_its_policy",
        "test_a9_all_outboxes_together_are_bounded",
        "test_b11_a_full_buffer_stops_reading_and_loses_nothing",
    ),
    # The kernel's word at connect time on Unix sockets; never the peer's.
    "identity": (
        "test_who_a_client_is_the_kernel_says",
        "test_identity_is_the_kernels_word",
        "test_uid_gid_and_groups_of_another_user",
    ),
}


def functions(folder: Path) -> set[str]:
    """The names of all test functions under `folder`."""
    return {
        node.name
        for path in folder.rglob("test_*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }


def test_each_guarantee_has_tests_that_exist() -> None:
    there = functions(TESTS)
    missing = {
        topic: [name for name in names if name not in there]
        for topic, names in GUARANTEES.items()
    }
    assert {topic: names for topic, names in missing.items() if names} == {}
    assert all(GUARANTEES.values())


def test_a_test_that_is_not_there_is_noticed(tmp_path: Path) -> None:
    there = (
        "async def test_there(): ...\nclass A:\n    def test_in(self): ...\n"
    )
    (tmp_path / "test_some.py").write_text(there)
    assert functions(tmp_path) == {"test_there"}


WHO = """
import asyncio
from plugwire import Client
async def main():
    async with Client("load", settings=SETTINGS) as client:
        print(client.client_id, flush=True)
        await client.receive()
asyncio.run(main())
"""


async def test_who_a_client_is_the_kernel_says(unix_world: World) -> None:
    world = unix_world
    async with world.server() as server, world.child(WHO) as child:
        number = int(await child.line())
        peer = server.clients[number].peer
        assert peer.pid == child.process.pid
        assert (peer.uid, peer.gid) == (os.geteuid(), os.getegid())
        server.broadcast({})
        assert await child.ended() == 0
