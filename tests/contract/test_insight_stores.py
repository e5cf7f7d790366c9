"""What a store of tallies must do, and that recording over it counts each turn once."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from pymongo import AsyncMongoClient

from kit.auth.caller import Caller
from kit.mongo import Client
from services.threads.adapters.memory.database import MemoryDatabase
from services.threads.adapters.memory.insights import MemoryInsights
from services.threads.adapters.memory.threads import MemoryThreads
from services.threads.adapters.memory.turns import MemoryTurns
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.insights import MongoInsights
from services.threads.adapters.mongo.threads import MongoThreads
from services.threads.adapters.mongo.turns import MongoTurns
from services.threads.model import (
    Answer,
    CourseKey,
    DayTally,
    Mark,
    Question,
    State,
    Tally,
    ThreadKey,
)
from services.threads.ports import IdleThreads, InsightStore, NewTurn, ThreadStore, TurnStore
from services.threads.service.insights.recording import Recording

ANN, BOB, ELSEWHERE = Caller("default", "ann"), Caller("default", "bob"), Caller("other", "ann")
WAVES = CourseKey("default", "waves")
VIDEO = "https://v/1"
LATER = timedelta(minutes=1)


@dataclass(frozen=True)
class Stores:
    threads: ThreadStore
    turns: TurnStore
    insights: InsightStore
    idle: IdleThreads

    async def ask(self, caller: Caller, text: str, position: float | None = None, course: str = "waves") -> str:
        """The thread in which the question was answered."""
        thread = await self.threads.open(ThreadKey(caller.tenant, caller.user, course), text)
        place = await self.turns.join(caller, thread, NewTurn(Question(text, text, VIDEO, position), "g1", 99))
        assert place is not None
        assert place.turn.lease is not None
        ended = replace(place.turn, state=State.COMPLETED, answer=Answer("So."), lease=None)
        await self.turns.finish(caller, ended, place.turn.lease)
        return thread

    async def total(self) -> list[DayTally]:
        return list(await self.insights.tallies(WAVES, date(2020, 1, 1), date(2100, 1, 1)))


@pytest.fixture(params=["memory", "mongo"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        memory = MemoryDatabase()
        threads = MemoryThreads(memory)
        turns = MemoryTurns(memory, abandoned_after=timedelta(hours=1))
        yield Stores(threads, turns, MemoryInsights(memory), threads)
        return
    client: Client = AsyncMongoClient(request.getfixturevalue("mongodb_uri"), tz_aware=True)
    database = Database(client, f"threads_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    kept = MongoThreads(database)
    turns_in_mongo = MongoTurns(database, abandoned_after=timedelta(hours=1))
    yield Stores(kept, turns_in_mongo, MongoInsights(database), kept)
    await turns_in_mongo.close()
    await client.drop_database(database.threads.database.name)
    await client.close()


@pytest.fixture
def recording(stores: Stores) -> Recording:
    return Recording(stores.insights, now=lambda: datetime.now(UTC) + LATER)


async def test_turns_are_counted_once_and_go_on_from_the_mark(stores: Stores, recording: Recording) -> None:
    await stores.ask(ANN, "What is frequency?", 12.0)
    await stores.ask(BOB, "Frequency of sound?", 19.9)
    await stores.ask(ELSEWHERE, "Not counted here")
    await stores.ask(ANN, "Not counted here either", course="sound")
    assert await recording.record(WAVES) == 2
    assert await recording.record(WAVES) == 0
    await stores.ask(ANN, "And amplitude?")
    assert await recording.record(WAVES) == 1
    [one] = await stores.total()
    assert (one.video_url, one.tally.questions, one.tally.answered) == (VIDEO, 3, 3)
    assert one.tally.students == {"ann", "bob"}
    assert dict(one.tally.bins) == {1: 2}
    assert dict(one.tally.topics.values()) == {"frequency": 2, "sound": 1, "amplitude": 1}


async def test_what_is_not_settled_waits(stores: Stores) -> None:
    await stores.ask(ANN, "What is frequency?")
    assert await Recording(stores.insights).record(WAVES) == 0


async def test_the_turns_of_a_deleted_thread_are_counted_out(stores: Stores, recording: Recording) -> None:
    thread = await stores.ask(ANN, "What is frequency?")
    await stores.ask(BOB, "Frequency?")
    await recording.record(WAVES)
    await stores.threads.delete(ANN, thread)
    [(course, day)] = await stores.insights.stale(9)
    assert (course, (await stores.total())[0].stale) == (WAVES, True)
    await stores.ask(BOB, "And sound?")
    assert await recording.record(WAVES) == 1, "counting on does not hide what is stale"
    [one] = await stores.total()
    assert (one.day, one.tally.questions, one.tally.students) == (day, 2, frozenset({"bob"}))
    await stores.threads.delete(BOB, (await stores.threads.open(ThreadKey("default", "bob", "waves"), "")))
    assert await recording.refresh() == 1
    assert not await stores.total()
    assert not await stores.insights.stale(9)


async def test_a_roll_up_finds_every_course_of_late(stores: Stores, recording: Recording) -> None:
    async def progress(percent: int, message: str) -> None:
        assert 0 <= percent <= 100

    await stores.ask(ANN, "What is frequency?")
    await stores.ask(ANN, "What is sound?", course="sound")
    assert await recording.roll_up(progress) == 2
    assert await recording.roll_up(progress) == 2
    [one] = await stores.total()
    assert one.tally.questions == 1


async def test_tallies_are_replaced_under_the_mark_that_was_read(stores: Stores) -> None:
    today = datetime.now(UTC).date()
    mark = await stores.insights.mark(WAVES)
    assert mark == Mark()
    after = Mark(datetime(2026, 1, 1, tzinfo=UTC), "t1", 1)
    tally = DayTally(today, VIDEO, Tally(1, 1, frozenset({"ann"}), {3: 1}, {"wave": ("waves", 1)}))
    assert await stores.insights.replace(WAVES, [today], [tally], mark, after)
    assert not await stores.insights.replace(WAVES, [today], [], mark, after)
    assert (await stores.insights.mark(WAVES), await stores.total()) == (after, [tally])


async def test_idle_threads_are_those_that_nothing_happened_in(stores: Stores) -> None:
    thread = await stores.ask(ANN, "What is frequency?")
    now = datetime.now(UTC)
    assert not await stores.idle.idle(now - LATER, 9)
    assert [one.id for one in await stores.idle.idle(now + LATER, 9)] == [thread]
