"""Which indexes serve the queries of threads, and that those of earlier versions go."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import AsyncMongoClient

from kit.migrations.runner import migrate
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.documents import now
from services.threads.adapters.mongo.search import FILLED_BY_SEARCH, MongoTurnSearch, fill_terms
from services.threads.adapters.mongo.threads import MongoThreads
from services.threads.migrate import plan
from services.threads.model import ThreadKey, sought
from services.threads.ports import ThreadChange, ThreadQuery
from services.threads.settings import ThreadsSettings
from tests.contract.threads.instances import ANN, Seen


async def test_each_list_reads_along_an_index(database: Database, seen: Seen) -> None:
    threads = MongoThreads(database)
    labelled = await threads.open(ThreadKey(ANN.tenant, ANN.user, "waves"), "Waves")
    for course in ("sound", "light"):
        await threads.open(ThreadKey(ANN.tenant, ANN.user, course), course)
    await threads.change(ANN, labelled, ThreadChange(metadata={"week": "3"}))

    query = ThreadQuery(limit=9, metadata=(("week", "3"),))
    assert [thread.id for thread in await threads.page(ANN, query)] == [labelled]
    assert await plan_of(database, seen) == ("threads_by_label", 1)
    await threads.page(ANN, ThreadQuery(limit=9))
    assert await plan_of(database, seen) == ("threads_by_update", 3)
    later = datetime.now(UTC) + timedelta(days=1)
    assert len(await threads.idle(later, 2)) == 2
    assert await plan_of(database, seen) == ("threads_by_birth", 2)


async def plan_of(database: Database, seen: Seen) -> tuple[str, int]:
    """The index by which MongoDB answers the last find, and how many documents it looked at; nothing is sorted."""
    command = {name: value for name, value in seen.commands[-1].items() if not name.startswith(("$", "lsid"))}
    told = await database.database.command("explain", command, verbosity="executionStats")
    text = str(told["queryPlanner"]["winningPlan"])
    assert "'SORT'" not in text
    [index] = [name for name in await database.threads.index_information() if f"'{name}'" in text]
    return index, told["executionStats"]["totalDocsExamined"]


async def test_indexes_that_others_have_replaced_go_with_the_migrations(mongodb_uri: str) -> None:
    settings = ThreadsSettings(mongodb_uri=mongodb_uri, threads_database=f"threads_{uuid.uuid4().hex[:8]}")
    async with AsyncMongoClient[dict[str, Any]](mongodb_uri) as client:
        threads = client[settings.threads_database]["threads"]
        await threads.create_index("updated", name="threads_by_age")
        assert await migrate(plan(settings, client))
        assert not {"threads_by_age", "threads_by_metadata"} & set(await threads.index_information())
        assert not await migrate(plan(settings, client))
        await client.drop_database(settings.threads_database)


async def test_turns_of_an_earlier_version_are_found_and_migrated(database: Database) -> None:
    for number, text in enumerate(("什么是共振", "Waves carry energy")):
        row = {"tenant": "default", "user": "ann", "thread": "t", "sequence": number, "question": text, "answer": ""}
        await database.turns.insert_one({"_id": str(number), **row, "ended": now()})
    await fill_terms(database.turns, {"_id": "0"})
    await fill_terms(database.turns, {})
    found = {row["_id"]: row["terms"] async for row in database.turns.find({})}
    assert "共振" in found["0"]
    assert found["1"] == ["wave", "carri", "energi"]


async def test_a_search_fills_no_more_than_a_few_turns_and_the_migration_the_rest(database: Database) -> None:
    rows = [
        {"_id": f"{number}", "tenant": ANN.tenant, "user": ANN.user, "thread": "t", "sequence": number}
        | {"question": "Waves carry energy", "answer": "", "ended": now()}
        for number in range(FILLED_BY_SEARCH + 5)
    ]
    await database.turns.insert_many(rows)
    await MongoTurnSearch(database).find(ANN, sought("nothing"), "", None, 5)
    assert await database.turns.count_documents({"terms": None}) == 5
    await fill_terms(database.turns, {})
    assert await database.turns.count_documents({"terms": None}) == 0
