"""What a turn costs MongoDB, and what holds when a write breaks off, when versions mix, and when a crash loses one."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pymongo import AsyncMongoClient, monitoring
from pymongo.errors import PyMongoError

from kit.errors import Conflict, Unavailable
from kit.mongo import Client
from kit.turnlog.memory import MemoryTurnLog
from services.threads.adapters.announcing import Announcements
from services.threads.adapters.memory.hot import MemoryHotThreads
from services.threads.adapters.mongo.commands import Commands
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.keeping import KEPT_IDS
from services.threads.adapters.mongo.known import KnownThreads
from services.threads.adapters.mongo.owners import MongoOwners
from services.threads.adapters.mongo.rows import Rows
from services.threads.adapters.mongo.shared_writes import SharedWrites
from services.threads.adapters.mongo.threads import MongoThreads
from services.threads.adapters.mongo.turns import MongoTurns
from services.threads.adapters.tail import LoggedTail
from services.threads.model import Answer, Question, State, ThreadKey, Turn, turn_id
from services.threads.service.orphans import Orphans
from services.threads.service.turns import Ask, Begun, Turns
from tests.contract.threads.conftest import ABANDONED, ANN

DATA = frozenset({"find", "aggregate", "insert", "update", "delete", "findAndModify"})


class Seen(monitoring.CommandListener):
    """The commands on data that were sent."""

    def __init__(self) -> None:
        self.commands: list[Any] = []

    @property
    def names(self) -> list[str]:
        return [next(iter(command)) for command in self.commands]

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in DATA:
            self.commands.append(event.command)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


@dataclass(frozen=True)
class Instance:
    """One process of the service: the use cases over its own stores."""

    turns: Turns
    store: MongoTurns
    threads: MongoThreads

    async def begin(self, text: str, request_id: str = "", tokens: int = 800) -> Begun:
        return await self.turns.begin(ANN, Ask("waves", Question(request_id, text), "g1", tokens))

    async def complete(self, begun: Begun, answer: str) -> Turn:
        assert begun.turn.lease is not None
        done = replace(begun.turn, state=State.COMPLETED, answer=Answer(answer), lease=None)
        return await self.turns.complete(ANN, done, begun.turn.lease)

    async def answered(self, text: str, answer: str, request_id: str = "") -> Turn:
        return await self.complete(await self.begin(text, request_id), answer)

    async def counted(self) -> int:
        thread = await self.threads.open(ThreadKey(ANN.tenant, ANN.user, "waves"), "")
        found = await self.threads.get(ANN, thread)
        assert found is not None
        return found.message_count


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
async def database(mongodb_uri: str, seen: Seen) -> AsyncIterator[Database]:
    client: Client = AsyncMongoClient(mongodb_uri, tz_aware=True, event_listeners=[seen])
    database = Database(client, f"threads_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    await MongoOwners(database).renew("g1", 600)
    yield database
    await client.drop_database(database.database.name)
    await client.close()


def instance(database: Database) -> Instance:
    threads, store, owners = (
        MongoThreads(database),
        MongoTurns(database, abandoned_after=ABANDONED),
        MongoOwners(database),
    )
    observer = Announcements([])
    orphans = Orphans(turns=store, owners=owners, tail=LoggedTail(MemoryTurnLog()), observer=observer, owner_lease=60)
    turns = Turns(
        threads=threads,
        turns=store,
        owners=owners,
        hot=MemoryHotThreads(life=60),
        orphans=orphans,
        observer=observer,
        concurrency="queue",
        queue_limit=256,
        owner_lease=60,
    )
    return Instance(turns, store, threads)


@pytest.fixture
async def one(database: Database) -> AsyncIterator[Instance]:
    made = instance(database)
    yield made
    await made.store.close()


@pytest.fixture
async def two(database: Database) -> AsyncIterator[Instance]:
    made = instance(database)
    yield made
    await made.store.close()


def said(begun: Begun) -> list[str]:
    return [exchange.answer for exchange in begun.history]


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
    blank = dict.fromkeys(("provider", "model", "policy", "failure_reason"), "")
    counts: dict[str, Any] = {"prompt_tokens": 0, "completion_tokens": 0, "degraded": False, "cached": False}
    owner = {"tenant": ANN.tenant, "user": ANN.user, "thread": begun.thread, "course": "waves"}
    kept = {"state": "COMPLETED", "answer": answer, "citations": [], "ended": entry["created"], "fencing_token": 1}
    await database.turns.insert_one({"_id": entry["turn"], **row, **blank, **counts, **owner, **kept})


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
