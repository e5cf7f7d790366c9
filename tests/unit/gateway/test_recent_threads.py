"""Threads count as in use for a while after their last question."""

import pytest

from services.gateway.turns import recent
from services.gateway.turns.recent import WINDOW_SECONDS, RecentThreads


def test_a_thread_is_in_use_for_fifteen_minutes_after_its_last_question() -> None:
    now = 1000.0
    threads = RecentThreads(lambda: now)
    threads.use("threads/1")
    threads.use("threads/2")
    threads.use("threads/1")
    assert threads.active == 2, "a thread counts once"
    now += WINDOW_SECONDS - 1
    threads.use("threads/2")
    assert threads.active == 2
    now += 1
    assert threads.active == 1
    now += WINDOW_SECONDS
    assert threads.active == 0


def test_no_more_are_kept_than_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "MOST_THREADS", 3)
    threads = RecentThreads()
    for number in range(5):
        threads.use(f"threads/{number}")
    assert threads.active == 3


def test_asking_how_many_there_are_changes_nothing() -> None:
    """The thread that serves metrics asks, while the loop uses threads."""
    now = 1000.0
    threads = RecentThreads(lambda: now)
    threads.use("threads/1")
    kept = dict(threads._used)
    now += WINDOW_SECONDS
    assert threads.active == 0
    assert threads._used == kept
    threads.use("threads/2")
    assert list(threads._used) == ["threads/2"], "what is out of use is forgotten by the next use"
