"""What a turn costs MongoDB, and what holds when a write breaks off, a guess is wrong, and a crash loses one."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from kit.errors import Conflict, Unavailable
from services.threads.adapters.mongo.commands import Commands
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.known import KnownThreads
from services.threads.adapters.mongo.rows import Rows
from services.threads.adapters.mongo.shared_writes import SharedWrites
from services.threads.model import Question
from services.threads.service.turns import Ask, Begun
from tests.contract.threads.instances import ANN, Instance, Seen, said


@pytest.mark.parametrize("named", [False, True])
async def test_a_turn_begins_with_one_command_and_ends_with_one_row(one: Instance, seen: Seen, *, named: bool) -> None:
    await one.answered("Warm up?", "Yes.")
    for number in range(3):
        seen.commands.clear()
        begun = await one.begin("And now?", f"r{number}" if named else "")
        assert len(seen.names) == 1
        assert said(begun) == ["Yes."] * (number + 1)
        await one.complete(begun, "Yes.")
        assert seen.names[1:] == ["insert"]


async def test_who_does_not_know_the_thread_reads_and_joins_it_in_one_command(
    one: Instance, two: Instance, seen: Seen
) -> None:
    await one.answered("First?", "1")
    await one.store.close()
    thread = (await two.begin("Second?")).turn.thread
    assert thread
    assert seen.names.count("aggregate") == 0
    assert seen.names[-1] == "findAndModify"


async def test_turns_that_end_together_share_a_command(one: Instance, seen: Seen) -> None:
    begun = await asyncio.gather(
        *(one.turns.begin(ANN, Ask(f"c{n}", Question("", "Why?"), "g1", 800)) for n in range(20))
    )
    seen.commands.clear()
    await asyncio.gather(*(one.complete(each, "Because.") for each in begun))
    inserts = [command for command in seen.commands if "insert" in command]
    assert sum(len(command["documents"]) for command in inserts) == 20
    assert len(inserts) < 20


async def test_turns_that_begin_together_share_a_command(one: Instance, seen: Seen) -> None:
    async def ask(number: int) -> Begun:
        return await one.turns.begin(ANN, Ask(f"c{number}", Question("", "Why?"), "g1", 800))

    for begun in await asyncio.gather(*map(ask, range(20))):
        await one.complete(begun, "Because.")
    seen.commands.clear()
    again = await asyncio.gather(*map(ask, range(20)))
    assert {said(each)[0] for each in again} == {"Because."}
    assert set(seen.names) == {"update"}
    assert len(seen.names) < 20


async def test_a_guess_that_is_wrong_spoils_no_other(one: Instance, two: Instance) -> None:
    async def ask(asked: Instance, number: int) -> Begun:
        return await asked.turns.begin(ANN, Ask(f"c{number}", Question("", "Why?"), "g1", 800))

    for begun in await asyncio.gather(*(ask(one, number) for number in range(10))):
        await one.complete(begun, "1")
    await one.store.close()
    elsewhere = await ask(two, 3)
    await two.complete(elsewhere, "2")
    again = await asyncio.gather(*(ask(one, number) for number in range(10)))
    assert [each.turn.sequence for each in again] == [3 if number == 3 else 2 for number in range(10)]
    assert [said(each) for each in again] == [["1", "2"] if number == 3 else ["1"] for number in range(10)]


async def test_a_wrong_guess_learns_how_the_thread_is_and_guesses_again(
    one: Instance, two: Instance, seen: Seen
) -> None:
    await one.answered("First?", "1")
    await one.store.close()
    await two.answered("Second?", "2")
    await two.store.close()
    seen.commands.clear()
    third = await one.begin("Third?")
    assert seen.names == ["update", "find", "update"]
    assert (said(third), third.turn.sequence) == (["1", "2"], 3)


async def test_the_same_request_at_once_on_two_instances_is_one_turn(one: Instance, two: Instance) -> None:
    await one.answered("Warm up?", "Yes.")
    begun = await asyncio.gather(*((one, two)[n % 2].begin("Why?", "r1") for n in range(10)))
    assert len({each.turn.id for each in begun}) == 1
    assert [each.attached for each in begun].count(False) == 1
    assert await one.counted() == 3


async def test_a_deleted_thread_is_begun_anew(one: Instance, two: Instance) -> None:
    first = await one.answered("First?", "1")
    assert await two.threads.delete(ANN, first.thread)
    again = await one.begin("Again?")
    assert again.turn.thread != first.thread
    assert (again.turn.sequence, said(again)) == (1, [])


async def test_a_turn_whose_begin_a_crash_took_back_ends_all_the_same(
    database: Database, one: Instance, two: Instance
) -> None:
    await one.answered("First?", "1")
    await one.store.close()
    before: Any = await database.threads.find_one()
    lost = await one.begin("Lost?", "r-lost")
    await database.threads.replace_one({"_id": before["_id"]}, before)
    kept = await two.begin("Kept?", "r-kept")
    assert kept.turn.sequence == lost.turn.sequence
    ended = [await two.complete(kept, "kept"), await one.complete(lost, "lost")]
    assert [turn.sequence for turn in ended] == [2, 3]
    assert await one.counted() == 6
    assert said(await two.begin("After?")) == ["1", "kept", "lost"]
    again = await two.begin("Lost?", "r-lost")
    assert (again.attached, again.turn.answer.text) == (True, "lost")


async def test_an_insert_does_not_pass_a_fence(one: Instance, two: Instance, database: Database) -> None:
    begun = await one.begin("Why?")
    await database.threads.update_one({"_id": begun.turn.thread}, {"$set": {"pending.0.token": 2}})
    fence = {"_id": begun.turn.id, "thread": begun.turn.thread, "sequence": 1, "fencing_token": 2}
    await database.turns.insert_one(fence)
    with pytest.raises(Conflict):
        await one.complete(begun, "stale")


async def test_one_row_that_is_refused_spoils_no_other(database: Database) -> None:
    rows = Rows(Commands(database.database))
    await database.turns.insert_one({"_id": "t3", "thread": "x", "sequence": 3})
    inserted = await asyncio.gather(
        *(rows.insert({"_id": f"t{n}", "thread": "x", "sequence": n}) for n in range(6)),
        rows.insert({"_id": "other", "thread": "x", "sequence": 5, "text_language": 7, "expires": ["x"] * 3}),
    )
    assert inserted == [True, True, True, False, True, True, False]
    assert await database.turns.count_documents({}) == 6


async def test_a_command_that_fails_fails_those_that_shared_it_and_no_later_ones() -> None:
    async def send(documents: Sequence[Any]) -> Sequence[str | PyMongoError]:
        sent.append(len(documents))
        if len(sent) == 1:
            raise PyMongoError("away")
        return [PyMongoError("refused") if document["n"] == 2 else f"w{document['n']}" for document in documents]

    sent: list[int] = []
    commits: SharedWrites[str] = SharedWrites(send)
    first = await asyncio.gather(commits.write({"n": 0}), commits.write({"n": 1}), return_exceptions=True)
    assert [type(result) for result in first] == [Unavailable, Unavailable]
    second = await asyncio.gather(*(commits.write({"n": n}) for n in range(1, 4)), return_exceptions=True)
    assert [second[0], type(second[1]), second[2]] == ["w1", Unavailable, "w3"]
    assert sent == [2, 3]


def test_guesses_are_given_up_where_they_are_mostly_wrong_and_tried_again_now_and_then() -> None:
    known = KnownThreads()
    while known.is_worth_a_guess():
        known.guessed(right=False)
    worth = [known.is_worth_a_guess() for _ in range(64)]
    assert 1 <= worth.count(True) < 8
    for _ in range(32):
        known.guessed(right=True)
    assert known.is_worth_a_guess()
