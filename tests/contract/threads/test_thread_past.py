"""The recent past in a thread's document: whole whoever writes, also the version before, and bounded."""

import uuid
from typing import Any

from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.keeping import KEPT_IDS
from services.threads.model import Turn, turn_id
from tests.contract.threads.instances import ANN, Instance, Seen, said


async def older_enqueue(database: Database, begun: Turn, request_id: str) -> None:
    """Begins a turn as the version before did, which knows nothing of the past in the document."""
    ended = [row["_id"] async for row in database.turns.find({"ended": {"$exists": True}}, {"_id": 1})]
    entry = {
        "turn": turn_id(begun.thread, request_id),
        "request_id": request_id,
        "question": "older?",
        "video_url": "",
        "position": None,
        "owner": "g1",
        "token": 1,
        "call": uuid.uuid4().hex,
    }
    known = {"sequence": "$next_sequence", "created": "$$NOW", "video_changed": False, "video_before": "$video_url"}
    without = {"$filter": {"input": "$pending", "cond": {"$not": {"$in": ["$$this.turn", ended]}}}}
    joined = {
        "pending": {"$concatArrays": ["$pending", [{"$mergeObjects": [{"$literal": entry}, known]}]]},
        "next_sequence": {"$add": ["$next_sequence", 1]},
        "turn_count": {"$add": ["$turn_count", 1]},
        "updated": "$$NOW",
    }
    await database.threads.update_one({"_id": begun.thread}, [{"$set": {"pending": without}}, {"$set": joined}])


async def older_turn(database: Database, begun: Turn, request_id: str, answer: str) -> None:
    """A whole turn by the version before."""
    await older_enqueue(database, begun, request_id)
    document: Any = await database.threads.find_one({"_id": begun.thread})
    entry = document["pending"][-1]
    row = {name: entry[name] for name in ("sequence", "request_id", "question", "video_url", "position", "created")}
    # The version before knew neither why an answer ended nor what it goes on with.
    blank = dict.fromkeys(("provider", "model", "policy", "failure_reason"), "")
    counts: dict[str, Any] = {"prompt_tokens": 0, "completion_tokens": 0, "degraded": False, "cached": False}
    owner = {"tenant": ANN.tenant, "user": ANN.user, "thread": begun.thread, "course": "waves"}
    kept = {"state": "COMPLETED", "answer": answer, "citations": [], "ended": entry["created"], "fencing_token": 1}
    await database.turns.insert_one({"_id": entry["turn"], **row, **blank, **counts, **owner, **kept})


async def test_what_ended_without_leaving_the_queue_is_folded_in_by_the_next(
    database: Database, one: Instance, two: Instance, seen: Seen
) -> None:
    """A process that dies between a turn's row and its fold."""
    await one.answered("First?", "1")
    second = await two.begin("Second?")
    assert (said(second), second.turn.sequence, second.ahead) == (["1"], 2, ())
    await two.complete(second, "2")
    assert await two.counted() == 4
    seen.commands.clear()
    third = await two.begin("Third?")
    assert said(third) == ["1", "2"]
    assert len([name for name in seen.names if name != "find"]) == 1, "the past is whole again"


async def test_two_instances_in_turn_lose_nothing_of_the_past(one: Instance, two: Instance) -> None:
    answers: list[str] = []
    for number in range(8):
        begun = await (one, two)[number % 2].begin("Why?", f"r{number}")
        assert said(begun) == answers
        assert begun.turn.sequence == number + 1
        done = await (one, two)[number // 2 % 2].complete(begun, str(number))
        answers.append(done.answer.text)
    assert await one.counted() == 16


async def test_the_version_before_may_serve_the_same_thread(database: Database, one: Instance, seen: Seen) -> None:
    first = await one.answered("First?", "1", "r1")
    await older_turn(database, first, "r2", "2")
    await older_turn(database, first, "r3", "3")
    fourth = await one.begin("Fourth?", "r4")
    assert (said(fourth), fourth.turn.sequence) == (["1", "2", "3"], 4)
    await one.complete(fourth, "4")
    assert await one.counted() == 8
    for number in (1, 2, 3, 4):
        again = await one.begin("Again?", f"r{number}")
        assert (again.attached, again.turn.answer.text) == (True, str(number))
    seen.commands.clear()
    fifth = await one.begin("Fifth?")
    assert said(fifth) == ["1", "2", "3", "4"]
    assert "aggregate" not in seen.names, "the past was mended"


async def test_threads_of_the_version_before_get_a_past_when_they_are_written_to(
    database: Database, one: Instance, two: Instance, seen: Seen
) -> None:
    first = await one.answered("First?", "1", "r1")
    for number in range(2, 8):
        await older_turn(database, first, f"r{number}", str(number))
    await database.threads.update_many({}, {"$unset": {"past": 1, "past_ids": 1, "past_count": 1}})
    await one.complete(await two.begin("And?", "r8"), "8")
    assert said(await one.begin("Now?", "r9")) == [str(number) for number in range(1, 9)]
    again = await one.begin("First?", "r1")
    assert (again.attached, again.turn.answer.text) == (True, "1")
    assert await one.counted() == 17


async def test_the_version_before_may_read_and_discard_what_this_one_queued(database: Database, one: Instance) -> None:
    begun = await one.begin("Mine?", "r1")
    document: Any = await database.threads.find_one({"_id": begun.turn.thread})
    [entry] = document["pending"]
    assert set(entry) == {
        *("turn", "request_id", "question", "video_url", "position", "owner", "token", "call"),
        *("sequence", "created", "video_changed", "video_before"),
    }


async def test_a_repeated_request_is_found_however_long_ago(one: Instance, two: Instance, seen: Seen) -> None:
    for number in range(KEPT_IDS + 5):
        await one.answered(f"q{number}", f"a{number}", f"r{number}")
    for client in (one, two):
        for number in (0, 4, 5, KEPT_IDS, KEPT_IDS + 4):
            again = await client.begin(f"q{number}", f"r{number}")
            assert (again.attached, again.turn.answer.text) == (True, f"a{number}")
    await one.answered("new", "new", "r-new")
    seen.commands.clear()
    assert not (await one.begin("newer", "r-newer")).attached
    assert "aggregate" not in seen.names, "a look for the row is enough"


async def test_what_is_too_long_for_the_document_is_read_from_its_row(one: Instance, database: Database) -> None:
    long = "word " * 4000
    await one.answered("Short?", "short")
    await one.answered("Long?", long)
    assert said(await one.begin("With room?", tokens=100_000)) == ["short", long]
    document: Any = await database.threads.find_one()
    assert all(long not in entry.get("answer", "") for entry in document["past"])


async def test_an_exchange_that_does_not_fit_ends_the_past_without_a_read(one: Instance, seen: Seen) -> None:
    await one.answered("Long?", "word " * 4000)
    await one.answered("Short?", "short")
    seen.commands.clear()
    assert said(await one.begin("Without room?")) == ["short"]
    assert "find" not in seen.names


async def test_the_past_in_the_document_is_bounded(one: Instance, database: Database) -> None:
    for number in range(30):
        await one.answered("Why?", f"{number} " + "word " * 300)
    document: Any = await database.threads.find_one()
    assert len(document["past"]) <= 10
    assert said(await one.begin("And?"))[-1].startswith("29 ")


async def test_a_turn_of_the_version_before_has_no_finish_reason(database: Database, one: Instance) -> None:
    begun = await one.answered("First?", "1")
    await older_turn(database, begun, "r2", "2")
    found = await one.store.find(ANN, begun.thread, turn_id(begun.thread, "r2"))
    assert found is not None
    assert (found.answer.text, found.answer.finish_reason, found.question.continues) == ("2", "", "")
