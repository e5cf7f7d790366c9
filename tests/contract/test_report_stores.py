"""What a store of reports must do, whichever holds them."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from pymongo import AsyncMongoClient

from kit.auth.caller import Caller, Role
from kit.mongo import Client
from services.threads.adapters.memory.database import MemoryDatabase
from services.threads.adapters.memory.reports import MemoryReports
from services.threads.adapters.memory.threads import MemoryThreads
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.reports import MongoReports
from services.threads.adapters.mongo.threads import MongoThreads
from services.threads.model import Citation, Findings, Point, Report, ThreadKey
from services.threads.ports import ReportQuery, ReportStore, ThreadChange, ThreadStore

KEY = ThreadKey("default", "ann", "waves")
ANN, BOB = Caller("default", "ann"), Caller("default", "bob")
TESS = Caller("default", "tess", frozenset({Role.TEACHER}))
ELSEWHERE = Caller("other", "ann", frozenset({Role.TEACHER}))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
POINT = Point("It carries energy.", (Citation("energy", "https://v/1", 4.0, 8.0, verified=True, index=1, title="W"),))


@dataclass(frozen=True)
class Stores:
    threads: ThreadStore
    reports: ReportStore


@pytest.fixture(params=["memory", "mongo"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        memory = MemoryDatabase()
        yield Stores(MemoryThreads(memory), MemoryReports(memory))
        return
    client: Client = AsyncMongoClient(request.getfixturevalue("mongodb_uri"), tz_aware=True)
    database = Database(client, f"threads_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    yield Stores(MongoThreads(database), MongoReports(database))
    await client.drop_database(database.threads.database.name)
    await client.close()


@pytest.fixture
async def thread(stores: Stores) -> str:
    return await stores.threads.open(KEY, "What is a wave?")


def report(thread: str, number: int = 0) -> Report:
    findings = Findings("Waves", "About waves.", asked=(POINT,), next_steps=(POINT, POINT))
    created = NOON + timedelta(minutes=number)
    return Report(f"r{number}", thread, KEY, "tess", findings, "# Waves", 3, created, provider="fake", model="m")


async def test_a_report_is_kept_once_and_whole(stores: Stores, thread: str) -> None:
    made = report(thread)
    assert await stores.reports.keep(made) == made
    again = replace(made, markdown="# Another", degraded=True)
    assert await stores.reports.keep(again) == made
    assert await stores.reports.find(ANN, "r0") == made


async def test_a_report_is_read_by_the_threads_owner_and_by_teachers(stores: Stores, thread: str) -> None:
    await stores.reports.keep(report(thread))
    for caller, sees in ((ANN, True), (TESS, True), (BOB, False), (ELSEWHERE, False)):
        found = await stores.reports.find(caller, "r0")
        listed = await stores.reports.page(caller, ReportQuery(10))
        assert (found is not None, len(listed)) == (sees, int(sees))


async def test_reports_are_paged_newest_first(stores: Stores, thread: str) -> None:
    other = await stores.threads.open(replace(KEY, course="sound"), "What is sound?")
    for number in range(4):
        await stores.reports.keep(report(thread, number))
    await stores.reports.keep(report(other, 4))
    assert [one.id for one in await stores.reports.page(ANN, ReportQuery(2))] == ["r4", "r3"]
    after = (NOON + timedelta(minutes=3), "r3")
    assert [one.id for one in await stores.reports.page(TESS, ReportQuery(2, after=after))] == ["r2", "r1"]
    assert [one.id for one in await stores.reports.page(ANN, ReportQuery(9, other))] == ["r4"]


async def test_reports_go_with_their_thread_and_none_comes_after(stores: Stores, thread: str) -> None:
    await stores.reports.keep(report(thread))
    await stores.threads.delete(ANN, thread)
    assert await stores.reports.find(ANN, "r0") is None
    assert await stores.reports.keep(report(thread, 1)) is None
    assert not await stores.reports.page(TESS, ReportQuery(9))


async def test_the_edition_of_a_thread_is_seen_by_its_owner_and_by_teachers(stores: Stores, thread: str) -> None:
    first = await stores.threads.edition(ANN, thread)
    assert first is not None
    assert first.key == KEY
    assert await stores.threads.edition(TESS, thread) == first
    assert await stores.threads.edition(BOB, thread) is None
    assert await stores.threads.edition(ELSEWHERE, thread) is None
    await stores.threads.change(ANN, thread, ThreadChange(title="Waves"))
    changed = await stores.threads.edition(ANN, thread)
    assert changed is not None
    assert changed.name != first.name


async def test_editions_asked_for_in_one_moment_are_seen_by_those_who_may_alone(stores: Stores, thread: str) -> None:
    other = await stores.threads.open(ThreadKey("default", "bob", "c1"), "Bob's")
    asked = [(who, name) for who in (ANN, BOB, TESS, ELSEWHERE) for name in (thread, other, "nowhere")]
    found = await asyncio.gather(*(stores.threads.edition(who, name) for who, name in asked))
    seen = {(who, name) for (who, name), edition in zip(asked, found, strict=True) if edition is not None}
    assert seen == {(ANN, thread), (BOB, other), (TESS, thread), (TESS, other)}


async def test_who_is_erased_is_no_longer_named_as_the_one_who_asked(stores: Stores, thread: str) -> None:
    await stores.reports.keep(report(thread))
    await stores.reports.disown(Caller("other", "tess"))
    assert (await stores.reports.page(ANN, ReportQuery(9)))[0].requester == "tess"
    await stores.reports.disown(TESS)
    assert (await stores.reports.page(ANN, ReportQuery(9)))[0].requester == ""
