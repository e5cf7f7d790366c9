"""Threads and their ended turns, in MongoDB and in memory."""

import asyncio
from dataclasses import replace

import pytest

from kit.errors import NotFound, Reason
from services.threads.model import (
    Answer,
    Citation,
    Order,
    Question,
    SentenceSupport,
    State,
    Support,
    ThreadKey,
    sought,
)
from services.threads.ports import NewTurn, ThreadChange, ThreadQuery
from tests.contract.threads.conftest import BOB, ELSEWHERE, FULL, Stores, ended
from tests.contract.threads.instances import ANN


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
        assert await stores.turns.enqueue(stranger, thread, NewTurn(Question("r", "q"), "g1", FULL)) is None
        assert await stores.turns.join(stranger, thread, NewTurn(Question("r", "q"), "g1", FULL)) is None


async def test_a_turn_keeps_why_its_answer_ended_and_what_it_goes_on_with(stores: Stores, thread: str) -> None:
    question = Question("r", "Go on.", continues="threads/t/turns/1", options='{"max_tokens":9}')
    place = await stores.turns.enqueue(ANN, thread, NewTurn(question, "g1", FULL))
    assert place is not None
    assert place.turn is not None
    assert place.turn.lease is not None
    waiting = await stores.turns.find(ANN, thread, place.turn.id)
    assert waiting is not None
    assert waiting.question == question
    said = replace(place.turn, state=State.COMPLETED, answer=Answer("cut in mid", finish_reason="length"))
    await stores.turns.finish(ANN, said, place.turn.lease)
    found = await stores.turns.find(ANN, thread, place.turn.id)
    assert found is not None
    assert (found.answer.finish_reason, found.question.continues) == ("length", "threads/t/turns/1")


async def test_a_turn_keeps_how_its_sentences_stand_in_the_course(stores: Stores, thread: str) -> None:
    turn = await stores.asked(thread, "one")
    assert turn.lease is not None
    place = Citation("words", "https://v/1", 1.0, 2.5, index=1, support=Support.PARTLY)
    answer = Answer(
        "So it is [1]. The moon is cheese.",
        (place, Citation("near", support=Support.RELATED)),
        sentences=(
            SentenceSupport("So it is [1].", 0, Support.PARTLY, place),
            SentenceSupport("The moon is cheese.", 14, Support.NOT_FOUND),
        ),
    )
    await stores.turns.finish(ANN, replace(turn, state=State.COMPLETED, answer=answer), turn.lease)
    found = await stores.turns.find(ANN, thread, turn.id)
    assert found is not None
    assert found.answer == answer


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
    assert await stores.search.find(ANN, sought("energy"), "", None, 10) == []
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
    hits = await stores.search.find(ANN, sought("resonances frequency"), "", None, 10)
    assert [hit.turn.id for hit in hits] == [best.id, some.id]
    [first] = await stores.search.find(ANN, sought("resonances frequency"), "", None, 1)
    rest = await stores.search.find(ANN, sought("resonances frequency"), "", (first.score, first.turn.id), 10)
    assert [hit.turn.id for hit in rest] == [some.id]
    assert [hit.turn.id for hit in await stores.search.find(ANN, sought("frequency"), "sound", None, 10)] == [some.id]
