"""Questions that nothing waits before: begun in one step, with the past of their thread, in MongoDB and in memory."""

import asyncio

from services.threads.model import Exchange, Lease, Question, State
from services.threads.ports import NewTurn
from tests.contract.threads.conftest import FULL, Stores
from tests.contract.threads.instances import ANN


def new(text: str, *, owner: str = "g1", video: str = "") -> NewTurn:
    return NewTurn(Question(text, text, video), owner, FULL, history_tokens=800)


async def test_a_question_joins_an_empty_queue_and_knows_the_past(stores: Stores, thread: str) -> None:
    for number in (1, 2):
        await stores.answered(thread, f"$q{number}", f"$a{number}")
    joined = await stores.turns.join(ANN, thread, new("third", video="https://v/1"))
    assert joined is not None
    assert (joined.turn.sequence, joined.turn.state, joined.turn.lease) == (3, State.RUNNING, Lease("g1", 1))
    assert joined.video_changed
    assert joined.past.exchanges == (Exchange("$q2", "$a2", ""), Exchange("$q1", "$a1", ""))
    assert joined.past.older is None
    found = await stores.turns.find(ANN, thread, joined.turn.id)
    assert found is not None
    assert (found.sequence, found.question, found.created) == (3, joined.turn.question, joined.turn.created)
    kept = await stores.threads.get(ANN, thread)
    assert kept is not None
    assert (kept.message_count, kept.video_url) == (5, "https://v/1")


async def test_a_question_does_not_join_one_that_waits(stores: Stores, thread: str) -> None:
    await stores.asked(thread, "first")
    assert await stores.turns.join(ANN, thread, new("second")) is None
    assert [turn.question.text for turn in await stores.turns.queue(ANN, thread) or ()] == ["first"]


async def test_a_question_that_was_asked_before_does_not_join(stores: Stores, thread: str) -> None:
    await stores.answered(thread, "one", "1")
    await stores.answered(thread, "two", "2")
    for text in ("one", "two"):
        assert await stores.turns.join(ANN, thread, new(text)) is None
    assert await stores.turns.queue(ANN, thread) == []


async def test_of_the_same_question_at_once_one_joins(stores: Stores, thread: str) -> None:
    joined = await asyncio.gather(*(stores.turns.join(ANN, thread, new("why?", owner=f"g{n}")) for n in range(5)))
    [won] = [one for one in joined if one is not None]
    [turn] = await stores.turns.queue(ANN, thread) or ()
    assert (turn.id, turn.lease) == (won.turn.id, won.turn.lease)


async def test_a_thread_that_is_gone_is_not_joined(stores: Stores, thread: str) -> None:
    await stores.answered(thread, "one", "1")
    assert await stores.threads.delete(ANN, thread)
    assert await stores.turns.join(ANN, thread, new("two")) is None


async def test_a_video_that_was_taken_back_is_not_the_one_before(stores: Stores, thread: str) -> None:
    await stores.answered(thread, "one", "1")
    taken = await stores.asked(thread, "two", video="https://v/2")
    assert taken.lease is not None
    await stores.turns.discard(ANN, thread, taken.id, taken.lease)
    joined = await stores.turns.join(ANN, thread, new("three"))
    assert joined is not None
    assert not joined.video_changed
    assert [exchange.question for exchange in joined.past.exchanges] == ["one"]
