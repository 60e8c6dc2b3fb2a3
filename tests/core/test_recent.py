"""The last few of something."""

from __future__ import annotations

from threading import Thread

from plugwire.recent import Recent


def test_what_was_used_longest_ago_goes() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert recent.get("b") is None
    assert (recent.get("a"), recent.get("c")) == (1, 3)


def test_what_is_put_again_is_replaced_and_is_the_latest() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    recent.put("a", 3)
    recent.put("c", 4)
    assert (recent.get("a"), recent.get("b")) == (3, None)


def test_threads_see_whole_values_and_no_more_than_the_most() -> None:
    recent: Recent[int, tuple[int, int]] = Recent(4)
    wrong: list[object] = []

    def use(first: int) -> None:
        for number in range(first, first + 2000):
            key = number % 16
            recent.put(key, (key, -key))
            found = recent.get((number * 7) % 16)
            if found is not None and found[0] != -found[1]:
                wrong.append(found)

    threads = [Thread(target=use, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sum(recent.get(key) is not None for key in range(16)) == 4
