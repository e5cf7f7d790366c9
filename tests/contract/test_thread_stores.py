"""What a store of threads and turns must do, whichever holds them."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from pymongo import AsyncMongoClient

from kit.auth.caller import Caller
from kit.errors import Conflict, NotFound, Reason
from kit.mongo import Client
from services.threads.adapters.memory.database import MemoryDatabase
from services.threads.adapters.memory.owners import MemoryOwners
from services.threads.adapters.memory.search import MemoryTurnSearch
from services.threads.adapters.memory.threads import MemoryThreads
from services.threads.adapters.memory.turns import MemoryTurns
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.owners import MongoOwners
from services.threads.adapters.mongo.search import MongoTurnSearch
from services.threads.adapters.mongo.threads import MongoThreads
from services.threads.adapters.mongo.turns import MongoTurns
from services.threads.model import Answer, Citation, Lease, Order, Question, State, ThreadKey, Turn, turn_id
from services.threads.ports import Owners, ThreadChange, ThreadQuery, ThreadStore, TurnSearch, TurnStore

ANN = Caller("default", "ann")
BOB = Caller("default", "bob")
ELSEWHERE = Caller("other", "ann")
ABANDONED = timedelta(hours=1)
FULL = 100


@dataclass(frozen=True)
class Stores:
    threads: ThreadStore
    turns: TurnStore
    owners: Owners
    search: TurnSearch

    async def asked(self, thread: str, text: str, *, owner: str = "g1", caller: Caller = ANN, video: str = "") -> Turn:
        place = await self.turns.enqueue(caller, thread, Question(text, text, video), owner, (), FULL)
        assert place is not None
        assert place.turn is not None
        return place.turn

    async def answered(self, thread: str, question: str, answer: str, caller: Caller = ANN) -> Turn:
        turn = await self.asked(thread, question, caller=caller)
        assert turn.lease is not None
        return await self.turns.finish(caller, ended(turn, answer), turn.lease)


@pytest.fixture(params=["memory", "mongo"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        memory = MemoryDatabase()
        turns = MemoryTurns(memory, abandoned_after=ABANDONED)
        yield Stores(MemoryThreads(memory), turns, MemoryOwners(memory), MemoryTurnSearch(memory))
        return
    client: Client = AsyncMongoClient(request.getfixturevalue("mongodb_uri"), tz_aware=True)
    database = Database(client, f"threads_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    turns_in_mongo = MongoTurns(database, abandoned_after=ABANDONED)
    yield Stores(MongoThreads(database), turns_in_mongo, MongoOwners(database), MongoTurnSearch(database))
    await client.drop_database(database.threads.database.name)
    await client.close()


@pytest.fixture
async def thread(stores: Stores) -> str:
    return await stores.threads.open(ThreadKey("default", "ann", "waves"), "What is a wave?")


def ended(turn: Turn, answer: str = "It carries energy.", state: State = State.COMPLETED) -> Turn:
    return replace(turn, state=state, answer=Answer(text=answer, provider="fake"), lease=None)


async def test_a_user_has_one_thread_per_course(stores: Stores) -> None:
    key = ThreadKey("default", "ann", "waves")
    opened = await asyncio.gather(*(stores.threads.open(key, "Hello") for _ in range(20)))
    other = await stores.threads.open(replace(key, course="sound"), "Hello")
    assert len(set(opened)) == 1
    assert other not in opened


async def test_a_title_is_replaced_once_and_never_where_the_user_chose_it(stores: Stores, thread: str) -> None:
    before = await stores.threads.get(ANN, thread)
    assert before is not None
    assert await stores.threads.retitle(BOB, thread, "Not mine") is None
    titled = await stores.threads.retitle(ANN, thread, "Waves")
    assert titled is not None
    assert (titled.title, titled.updated) == ("Waves", before.updated)
    assert await stores.threads.retitle(ANN, thread, "Again") is None
    other = await stores.threads.open(ThreadKey("default", "ann", "sound"), "What is sound?")
    await stores.threads.change(ANN, other, ThreadChange(metadata={"week": "3"}))
    await stores.threads.change(ANN, other, ThreadChange(title="Mine"))
    assert await stores.threads.retitle(ANN, other, "Sound") is None
    kept = await stores.threads.get(ANN, other)
    assert kept is not None
    assert kept.title == "Mine"


async def test_a_thread_is_its_owners_alone(stores: Stores, thread: str) -> None:
    turn = await stores.asked(thread, "$why?")
    assert (await stores.threads.get(ANN, thread)) is not None
    for stranger in (BOB, ELSEWHERE):
        assert await stores.threads.get(stranger, thread) is None
        assert await stores.threads.get_many(stranger, [thread]) == {}
        assert await stores.threads.page(stranger, ThreadQuery(10)) == []
        assert await stores.threads.change(stranger, thread, ThreadChange(title="mine")) is None
        assert await stores.threads.delete(stranger, thread) is None
        assert await stores.turns.find(stranger, thread, turn.id) is None
        assert await stores.turns.queue(stranger, thread) is None
        assert await stores.turns.enqueue(stranger, thread, Question("r", "q"), "g1", (), FULL) is None


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
    again = await stores.turns.enqueue(ANN, thread, Question("why?", "why?"), "g2", (), FULL)
    assert again is not None
    assert again.attached
    assert again.turn is not None
    assert (again.turn.id, again.turn.lease) == (turn.id, Lease("g1", 1))
    thread_now = await stores.threads.get(ANN, thread)
    assert thread_now is not None
    assert thread_now.message_count == 1


async def test_turns_wait_for_those_ahead(stores: Stores, thread: str) -> None:
    first = await stores.asked(thread, "first")
    second = await stores.turns.enqueue(ANN, thread, Question("second", "second"), "g1", (), FULL)
    assert second is not None
    assert second.turn is not None
    assert (second.ahead, second.turn.state, second.turn.sequence) == ((first.id,), State.QUEUED, 2)
    third = await stores.turns.enqueue(ANN, thread, Question("third", "third"), "g1", [first.id], FULL)
    assert third is not None
    assert third.ahead == (second.turn.id,)


async def test_a_full_queue_takes_only_what_it_holds_already(stores: Stores, thread: str) -> None:
    first = await stores.asked(thread, "first")
    refused = await stores.turns.enqueue(ANN, thread, Question("second", "second"), "g1", (), 1)
    assert refused is not None
    assert (refused.turn, refused.ahead) == (None, (first.id,))
    attached = await stores.turns.enqueue(ANN, thread, Question("first", "first"), "g1", (), 1)
    assert attached is not None
    assert attached.attached
    after = await stores.turns.enqueue(ANN, thread, Question("second", "second"), "g1", [first.id], 1)
    assert after is not None
    assert after.turn is not None
    assert after.turn.sequence == 2


async def test_a_change_of_video_is_noticed(stores: Stores, thread: str) -> None:
    async def changed(request: str, video: str) -> bool:
        place = await stores.turns.enqueue(ANN, thread, Question(request, "why?", video), "g1", (), FULL)
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


async def test_a_thread_goes_with_its_only_turn(stores: Stores, thread: str) -> None:
    turn = await stores.asked(thread, "one")
    assert turn.lease is not None
    removed = await stores.turns.discard(ANN, thread, turn.id, turn.lease)
    assert removed is not None
    assert removed.id == thread
    assert await stores.threads.get(ANN, thread) is None


async def test_deleting_a_thread_takes_all_of_it_and_bars_what_still_runs(stores: Stores, thread: str) -> None:
    done = await stores.answered(thread, "wave", "energy")
    running = await stores.asked(thread, "two")
    assert running.lease is not None
    assert await stores.threads.delete(ANN, thread) == ThreadKey("default", "ann", "waves")
    with pytest.raises(NotFound) as refused:
        await stores.turns.finish(ANN, ended(running), running.lease)
    assert refused.value.reason is Reason.THREAD_NOT_FOUND
    assert await stores.threads.get(ANN, thread) is None
    assert await stores.turns.find(ANN, thread, done.id) is None
    assert await stores.search.find(ANN, "energy", "", None, 10) == []
    assert await stores.threads.delete(ANN, thread) is None


async def test_threads_are_listed_newest_first_by_either_time(stores: Stores) -> None:
    names = [await stores.threads.open(ThreadKey("default", "ann", f"c{n}"), f"T{n}") for n in range(4)]
    for name in (names[2], names[0]):
        await stores.asked(name, "why?")
    by_creation = [thread.id for thread in await stores.threads.page(ANN, ThreadQuery(10, Order.CREATED))]
    assert by_creation == sorted(by_creation, key=by_creation.index)
    assert set(by_creation) == set(names)
    first = await stores.threads.page(ANN, ThreadQuery(2))
    assert [thread.id for thread in first] == [names[0], names[2]]
    rest = await stores.threads.page(ANN, ThreadQuery(10, after=(first[-1].updated, first[-1].id)))
    assert {thread.id for thread in rest} == {names[1], names[3]}
    [only] = await stores.threads.page(ANN, ThreadQuery(10, course="c3"))
    assert (only.id, only.title) == (names[3], "T3")


async def test_threads_are_renamed_labelled_and_found_by_labels(stores: Stores, thread: str) -> None:
    labels = {"$color": "$red", "exam": "yes"}
    changed = await stores.threads.change(ANN, thread, ThreadChange(title="$title", metadata=labels))
    assert changed is not None
    assert (changed.title, changed.metadata) == ("$title", labels)
    merged = await stores.threads.change(ANN, thread, ThreadChange(labels={"exam": None, "$week": "3"}))
    assert merged is not None
    assert (merged.title, merged.metadata) == ("$title", {"$color": "$red", "$week": "3"})
    wanted = (("$color", "$red"), ("$week", "3"))
    assert [found.id for found in await stores.threads.page(ANN, ThreadQuery(10, metadata=wanted))] == [thread]
    assert await stores.threads.page(ANN, ThreadQuery(10, metadata=(("$color", "blue"),))) == []


async def test_ended_turns_are_read_from_either_end(stores: Stores, thread: str) -> None:
    for number in range(1, 5):
        await stores.answered(thread, f"q{number}", f"a{number}")
    forward = await stores.turns.ended(ANN, thread, 2, 2, descending=False)
    assert [turn.answer.text for turn in forward] == ["a2", "a3"]
    backward = await stores.turns.ended(ANN, thread, 3, 10, descending=True)
    assert [turn.answer.text for turn in backward] == ["a3", "a2", "a1"]
    assert await stores.turns.ended(BOB, thread, 1, 10, descending=False) == []


async def test_words_are_found_in_ones_own_turns_best_first(stores: Stores, thread: str) -> None:
    sound = await stores.threads.open(ThreadKey("default", "ann", "sound"), "Sound")
    theirs = await stores.threads.open(ThreadKey("default", "bob", "waves"), "Waves")
    best = await stores.answered(thread, "What is resonance?", "A resonance frequency builds up.")
    some = await stores.answered(sound, "And pitch?", "Pitch follows frequency.")
    await stores.answered(theirs, "resonance frequency", "not yours", caller=BOB)
    hits = await stores.search.find(ANN, "resonances frequency", "", None, 10)
    assert [hit.turn.id for hit in hits] == [best.id, some.id]
    [first] = await stores.search.find(ANN, "resonances frequency", "", None, 1)
    rest = await stores.search.find(ANN, "resonances frequency", "", (first.score, first.turn.id), 10)
    assert [hit.turn.id for hit in rest] == [some.id]
    assert [hit.turn.id for hit in await stores.search.find(ANN, "frequency", "sound", None, 10)] == [some.id]
