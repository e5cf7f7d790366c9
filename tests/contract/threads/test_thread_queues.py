"""The turns of a thread that have not ended, in MongoDB and in memory: their queue, owners and ends."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from kit.errors import Conflict, Reason
from services.threads.model import Answer, Citation, Lease, Question, State, turn_id
from services.threads.ports import NewTurn, Survey
from tests.contract.threads.conftest import FULL, Stores, ended
from tests.contract.threads.instances import ANN


async def test_a_question_stands_in_the_queue_until_it_is_answered(stores: Stores, thread: str) -> None:
    await stores.owners.renew("g1", 60)
    turn = await stores.asked(thread, "$why?", video="https://v/1")
    assert await stores.turns.find(ANN, thread, turn.id) == replace(turn, owner_alive=True)
    assert (turn.sequence, turn.state, turn.lease) == (1, State.RUNNING, Lease("g1", 1))
    citation = Citation("energy", "https://v/1", 1.5, 2.25, verified=True, index=1, title="Waves")
    answer = Answer("It carries energy [1].", (citation,), 10, 5, "fake", "model-1", "answer", cached=True)
    assert turn.lease is not None
    finished = await stores.turns.finish(ANN, replace(turn, state=State.COMPLETED, answer=answer), turn.lease)
    found = await stores.turns.find(ANN, thread, turn.id)
    assert found is not None
    assert found.ended is not None
    assert found.answer == finished.answer == answer
    assert found.state is State.COMPLETED
    assert found.question == turn.question
    assert found.created == turn.created
    assert await stores.turns.queue(ANN, thread) == []


async def test_a_repeated_request_attaches_to_its_turn(stores: Stores, thread: str) -> None:
    turn = await stores.asked(thread, "why?", owner="g1")
    again = await stores.turns.enqueue(ANN, thread, NewTurn(Question("why?", "why?"), "g2", FULL))
    assert again is not None
    assert again.attached
    assert again.turn is not None
    assert (again.turn.id, again.turn.lease) == (turn.id, Lease("g1", 1))
    thread_now = await stores.threads.get(ANN, thread)
    assert thread_now is not None
    assert thread_now.message_count == 1


async def test_turns_wait_for_those_ahead(stores: Stores, thread: str) -> None:
    first = await stores.asked(thread, "first")
    second = await stores.turns.enqueue(ANN, thread, NewTurn(Question("second", "second"), "g1", FULL))
    assert second is not None
    assert second.turn is not None
    assert (second.ahead, second.turn.state, second.turn.sequence) == ((first.id,), State.QUEUED, 2)
    third = await stores.turns.enqueue(
        ANN, thread, NewTurn(Question("third", "third"), "g1", FULL), Survey(ended=frozenset([first.id]))
    )
    assert third is not None
    assert third.ahead == (second.turn.id,)


async def test_a_full_queue_takes_only_what_it_holds_already(stores: Stores, thread: str) -> None:
    first = await stores.asked(thread, "first")
    refused = await stores.turns.enqueue(ANN, thread, NewTurn(Question("second", "second"), "g1", 1))
    assert refused is not None
    assert (refused.turn, refused.ahead) == (None, (first.id,))
    attached = await stores.turns.enqueue(ANN, thread, NewTurn(Question("first", "first"), "g1", 1))
    assert attached is not None
    assert attached.attached
    after = await stores.turns.enqueue(
        ANN, thread, NewTurn(Question("second", "second"), "g1", 1), Survey(ended=frozenset([first.id]))
    )
    assert after is not None
    assert after.turn is not None
    assert after.turn.sequence == 2


async def test_a_change_of_video_is_noticed(stores: Stores, thread: str) -> None:
    async def changed(request: str, video: str) -> bool:
        place = await stores.turns.enqueue(ANN, thread, NewTurn(Question(request, "why?", video), "g1", FULL))
        assert place is not None
        return place.video_changed

    assert not await changed("1", "https://v/1")
    assert not await changed("2", "https://v/1")
    assert await changed("3", "https://v/2")
    assert await changed("3", "https://v/2"), "a repeated request is told the same"


async def test_a_survey_sees_the_past_and_what_became_of_the_queue(stores: Stores, thread: str) -> None:
    await stores.owners.renew("alive", 60)
    done = await stores.answered(thread, "one", "first answer")
    lost = await stores.asked(thread, "two", owner="dead")
    kept = await stores.asked(thread, "three", owner="alive")
    survey = await stores.turns.survey(ANN, thread, turn_id(thread, "four"), 10)
    assert [(turn.id, turn.answer.text) for turn in survey.recent] == [(done.id, "first answer")]
    assert survey.ended == {done.id}
    assert [turn.id for turn in survey.orphans] == [lost.id]
    assert survey.turn is None
    again = await stores.turns.survey(ANN, thread, done.id, 10)
    assert again.turn is not None
    assert again.turn.answer == done.answer
    assert (await stores.turns.survey(ANN, thread, lost.id, 10)).orphans == []
    assert kept.id not in survey.ended


async def test_an_owner_lives_until_it_is_released_or_expires(stores: Stores, thread: str) -> None:
    turn = await stores.asked(thread, "why?", owner="g1")

    async def lives() -> bool:
        found = await stores.turns.find(ANN, thread, turn.id)
        assert found is not None
        return found.owner_alive

    assert not await lives()
    await stores.owners.renew("g1", 60)
    assert await lives()
    await stores.owners.renew("g1", 0)
    assert not await lives()
    await stores.owners.renew("g1", 60)
    await stores.owners.release("g1")
    assert not await lives()


async def test_an_old_turn_counts_as_abandoned_whoever_owns_it(stores: Stores, thread: str) -> None:
    await stores.owners.renew("g1", 60)
    turn = await stores.asked(thread, "why?", owner="g1")
    turns = stores.turns
    turns._abandoned_after = timedelta(0)  # type: ignore[attr-defined]
    assert [orphan.id for orphan in (await turns.survey(ANN, thread, "other", 10)).orphans] == [turn.id]


async def test_only_one_of_many_takes_a_turn_over(stores: Stores, thread: str) -> None:
    turn = await stores.asked(thread, "why?", owner="dead")
    leases = await asyncio.gather(*(stores.turns.reassign(ANN, turn, f"g{n}") for n in range(5)))
    [won] = [lease for lease in leases if lease is not None]
    assert won.token == 2
    found = await stores.turns.find(ANN, thread, turn.id)
    assert found is not None
    assert (found.lease, found.state) == (won, State.RUNNING)


async def test_who_lost_the_lease_cannot_end_the_turn(stores: Stores, thread: str) -> None:
    turn = await stores.asked(thread, "why?", owner="old")
    assert turn.lease is not None
    lease = await stores.turns.reassign(ANN, turn, "new")
    assert lease is not None
    with pytest.raises(Conflict) as refused:
        await stores.turns.finish(ANN, ended(turn, "stale"), turn.lease)
    assert refused.value.reason is Reason.LEASE_LOST
    await stores.turns.finish(ANN, ended(turn, "fresh"), lease)
    with pytest.raises(Conflict):
        await stores.turns.finish(ANN, ended(turn, "stale"), turn.lease)
    found = await stores.turns.find(ANN, thread, turn.id)
    assert found is not None
    assert found.answer.text == "fresh"


async def test_what_has_ended_cannot_be_taken_over_or_ended_otherwise(stores: Stores, thread: str) -> None:
    turn = await stores.asked(thread, "why?", owner="g1")
    assert turn.lease is not None
    first = await stores.turns.finish(ANN, ended(turn, "first"), turn.lease)
    assert (await stores.turns.finish(ANN, ended(turn, "second"), turn.lease)).answer == first.answer
    assert await stores.turns.reassign(ANN, turn, "g2") is None
    found = await stores.turns.find(ANN, thread, turn.id)
    assert found is not None
    assert found.answer.text == "first"


async def test_a_discarded_turn_leaves_no_trace(stores: Stores, thread: str) -> None:
    await stores.answered(thread, "one", "answer")
    turn = await stores.asked(thread, "two", video="https://v/2")
    assert turn.lease is not None
    with pytest.raises(Conflict):
        await stores.turns.discard(ANN, thread, turn.id, Lease("other", 1))
    assert await stores.turns.discard(ANN, thread, turn.id, turn.lease) is None
    assert await stores.turns.discard(ANN, thread, turn.id, turn.lease) is None, "repeatable"
    assert await stores.turns.find(ANN, thread, turn.id) is None
    left = await stores.threads.get(ANN, thread)
    assert left is not None
    assert (left.message_count, left.video_url) == (2, "")
