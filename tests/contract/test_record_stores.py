"""What a store of records promises, whichever holds them."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pymongo import AsyncMongoClient

from kit.auth.caller import Caller
from kit.mongo import Client
from services.threads.adapters.memory.records import MemoryRecords
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.records import MongoRecords
from services.threads.model.records import Record
from services.threads.ports.records import RecordStore

ANN = Caller("default", "ann")
BOB = Caller("default", "bob")
ELSEWHERE = Caller("other", "ann")


@pytest.fixture(params=["memory", "mongo"])
async def store(request: pytest.FixtureRequest, mongodb_uri: str) -> AsyncIterator[RecordStore]:
    if request.param == "memory":
        yield MemoryRecords()
        return
    client: Client = AsyncMongoClient(mongodb_uri, tz_aware=True)
    database = Database(client, f"threads_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    yield MongoRecords(database, keep=timedelta(days=1))
    await client.drop_database(database.records.database.name)
    await client.close()


async def test_a_record_is_kept_and_read(store: RecordStore) -> None:
    kept = await store.keep(ANN, Record("conv_00000001", "{}", ("1", "2")))
    assert kept is not None
    assert kept.created is not None
    assert await store.find(ANN, "conv_00000001") == kept
    assert (kept.body, kept.entries) == ("{}", ("1", "2"))


async def test_keeping_again_replaces_the_body_alone(store: RecordStore) -> None:
    first = await store.keep(ANN, Record("conv_00000001", "{}", ("1",)))
    second = await store.keep(ANN, Record("conv_00000001", "[]"))
    assert first is not None
    assert second is not None
    assert (second.body, second.entries, second.created) == ("[]", ("1",), first.created)


async def test_entries_are_added_in_order_and_bounded(store: RecordStore) -> None:
    await store.keep(ANN, Record("conv_00000001", "{}", ("1",)))
    added = await store.append(ANN, "conv_00000001", ["2", "3"], 3)
    assert added is not None
    assert added.entries == ("1", "2", "3")
    assert await store.append(ANN, "conv_00000001", ["4"], 3) is None
    assert await store.append(ANN, "conv_00000002", ["1"], 3) is None


async def test_nobody_else_sees_or_changes_it(store: RecordStore) -> None:
    await store.keep(ANN, Record("conv_00000001", "{}"))
    for other in (BOB, ELSEWHERE):
        assert await store.find(other, "conv_00000001") is None
        assert await store.keep(other, Record("conv_00000001", "[]")) is None
        assert await store.append(other, "conv_00000001", ["1"], 3) is None
        assert not await store.discard(other, "conv_00000001")
    found = await store.find(ANN, "conv_00000001")
    assert found is not None
    assert found.body == "{}"


async def test_they_are_paged_by_id_and_erased_together(store: RecordStore) -> None:
    for number in range(3):
        await store.keep(ANN, Record(f"conv_0000000{number}", "{}"))
    await store.keep(BOB, Record("conv_00000009", "{}"))
    first = await store.page(ANN, "", 2)
    rest = await store.page(ANN, first[-1].id, 2)
    assert [record.id for record in (*first, *rest)] == ["conv_00000000", "conv_00000001", "conv_00000002"]
    await store.erase(ANN)
    assert list(await store.page(ANN, "", 9)) == []
    assert len(await store.page(BOB, "", 9)) == 1


async def test_what_is_discarded_is_gone(store: RecordStore) -> None:
    await store.keep(ANN, Record("conv_00000001", "{}"))
    assert await store.discard(ANN, "conv_00000001")
    assert not await store.discard(ANN, "conv_00000001")
    assert await store.find(ANN, "conv_00000001") is None
