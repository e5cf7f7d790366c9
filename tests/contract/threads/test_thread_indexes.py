"""Which indexes serve the queries of threads, and that those of earlier versions go."""

import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import AsyncMongoClient, monitoring

from kit.migrations.runner import migrate
from kit.mongo import Client
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.threads import MongoThreads
from services.threads.migrate import plan
from services.threads.model import ThreadKey
from services.threads.ports import ThreadChange, ThreadQuery
from services.threads.settings import ThreadsSettings
from tests.contract.threads.conftest import ANN


class Finds(monitoring.CommandListener):
    """What was asked for last."""

    command: Mapping[str, Any]

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "find" and event.command["find"] == "threads":
            self.command = dict(event.command)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@pytest.fixture
def finds() -> Finds:
    return Finds()


@pytest.fixture
async def database(mongodb_uri: str, finds: Finds) -> AsyncIterator[Database]:
    client: Client = AsyncMongoClient(mongodb_uri, tz_aware=True, event_listeners=[finds])
    database = Database(client, f"threads_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    yield database
    await client.drop_database(database.database.name)
    await client.close()


async def test_each_list_reads_along_an_index(database: Database, finds: Finds) -> None:
    threads = MongoThreads(database)
    labelled = await threads.open(ThreadKey(ANN.tenant, ANN.user, "waves"), "Waves")
    for course in ("sound", "light"):
        await threads.open(ThreadKey(ANN.tenant, ANN.user, course), course)
    await threads.change(ANN, labelled, ThreadChange(metadata={"week": "3"}))

    query = ThreadQuery(limit=9, metadata=(("week", "3"),))
    assert [thread.id for thread in await threads.page(ANN, query)] == [labelled]
    assert await plan_of(database, finds) == ("threads_by_label", 1)
    await threads.page(ANN, ThreadQuery(limit=9))
    assert await plan_of(database, finds) == ("threads_by_update", 3)
    later = datetime.now(UTC) + timedelta(days=1)
    assert len(await threads.idle(later, 2)) == 2
    assert await plan_of(database, finds) == ("threads_by_birth", 2)


async def plan_of(database: Database, finds: Finds) -> tuple[str, int]:
    """The index by which MongoDB answers the last find, and how many documents it looked at; nothing is sorted."""
    command = {name: value for name, value in finds.command.items() if not name.startswith(("$", "lsid"))}
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
