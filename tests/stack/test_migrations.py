"""Databases brought to a version by processes that start at once, die in the middle, or come twice."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from kit.errors import Conflict
from kit.migrations.model import Database, Migration, Plan
from kit.migrations.runner import COLLECTION, migrate

ROOT = Path(__file__).parents[2]
OWNERS = {
    "services.threads.migrate": "threads",
    "services.context.migrate": "context",
    "services.inference.migrate": "lectern_inference",
    "kit.jobs.migrate": "jobs",
}


@pytest.fixture
async def database(mongodb_uri: str) -> AsyncIterator[Database]:
    async with AsyncMongoClient[dict[str, Any]](mongodb_uri) as client:
        name = f"migrated_{uuid.uuid4().hex[:8]}"
        yield client[name]
        await client.drop_database(name)


async def count(database: Database) -> None:
    await database["runs"].insert_one({})
    await asyncio.sleep(0)


def plan_of(database: Database, *migrations: Migration) -> Plan:
    async def indexes() -> None:
        await database["runs"].create_index("at")

    return Plan(database, indexes, migrations)


async def test_many_may_start_them_and_one_runs(database: Database) -> None:
    plan = plan_of(database, Migration("0001", count), Migration("0002", count))
    ran = await asyncio.gather(*(migrate(plan) for _ in range(8)))
    assert sorted(map(list, ran)) == [[]] * 7 + [["0001", "0002"]]
    assert await database["runs"].count_documents({}) == 2
    assert "at_1" in await database["runs"].index_information()


async def test_what_is_new_runs_and_what_has_run_does_not(database: Database) -> None:
    assert await migrate(plan_of(database, Migration("0001", count))) == ["0001"]
    assert await migrate(plan_of(database, Migration("0001", count), Migration("0002", count))) == ["0002"]


async def test_who_dies_is_succeeded_and_its_change_begun_again(database: Database) -> None:
    begun = asyncio.Event()

    async def hang(_: Database) -> None:
        begun.set()
        await asyncio.Event().wait()

    dying = asyncio.create_task(migrate(plan_of(database, Migration("0001", hang)), lease_seconds=0.5))
    await begun.wait()
    waiting = asyncio.create_task(migrate(plan_of(database, Migration("0001", count)), lease_seconds=0.5))
    # As if the first had been suspended: its lease runs out, though it has not gone.
    await database[COLLECTION].update_one({"_id": "lease"}, [{"$set": {"until": "$$NOW", "owner": "asleep"}}])
    assert await waiting == ["0001"]
    with pytest.raises(Conflict):
        await dying
    assert await database["runs"].count_documents({}) == 1


async def test_a_change_that_fails_is_not_taken_for_done(database: Database) -> None:
    async def fail(_: Database) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await migrate(plan_of(database, Migration("0001", fail)))
    assert await migrate(plan_of(database, Migration("0001", count))) == ["0001"]


@pytest.mark.parametrize("module", OWNERS)
async def test_each_owner_of_a_database_brings_its_own_to_this_version(mongodb_uri: str, module: str) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}", "MONGODB_URI": mongodb_uri}
    environment["LECTERN_LOCAL"] = "true"
    async with AsyncMongoClient[dict[str, Any]](mongodb_uri) as client:
        await client.drop_database(OWNERS[module])
        for _ in range(2):
            command = [sys.executable, "-m", module]
            await asyncio.to_thread(subprocess.run, command, env=environment, check=True, timeout=60)
        database = client[OWNERS[module]]
        indexes = [await database[name].index_information() for name in await database.list_collection_names()]
    assert sum(map(len, indexes)) > len(indexes), "there are indexes beside those of ids"
