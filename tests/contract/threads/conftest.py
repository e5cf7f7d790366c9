"""What a store of threads and turns must do, whichever holds them."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from pymongo import AsyncMongoClient
from pymongo.monitoring import CommandListener

from kit.auth.caller import Caller
from kit.mongo import Client
from services.threads.adapters.memory.database import MemoryDatabase
from services.threads.adapters.memory.owners import MemoryOwners
from services.threads.adapters.memory.search import MemoryTurnSearch
from services.threads.adapters.memory.threads import MemoryThreads
from services.threads.adapters.memory.turns import MemoryTurns
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.owners import MongoOwners
from services.threads.adapters.mongo.search import MongoTurnSearch
from services.threads.adapters.mongo.threads import MongoThreads
from services.threads.adapters.mongo.turns import MongoTurns
from services.threads.model import Answer, Question, State, ThreadKey, Turn
from services.threads.ports import NewTurn, Owners, ThreadStore, TurnSearch, TurnStore
from tests.contract.threads.instances import ABANDONED, ANN, Instance, Seen, instance

BOB = Caller("default", "bob")
ELSEWHERE = Caller("other", "ann")
FULL = 100


@dataclass(frozen=True)
class Stores:
    threads: ThreadStore
    turns: TurnStore
    owners: Owners
    search: TurnSearch

    async def asked(self, thread: str, text: str, *, owner: str = "g1", caller: Caller = ANN, video: str = "") -> Turn:
        place = await self.turns.enqueue(caller, thread, NewTurn(Question(text, text, video), owner, FULL))
        assert place is not None
        assert place.turn is not None
        return place.turn

    async def answered(self, thread: str, question: str, answer: str, caller: Caller = ANN) -> Turn:
        turn = await self.asked(thread, question, caller=caller)
        assert turn.lease is not None
        return await self.turns.finish(caller, ended(turn, answer), turn.lease)


@pytest.fixture(params=["memory", "mongo"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        memory = MemoryDatabase()
        turns = MemoryTurns(memory, abandoned_after=ABANDONED)
        yield Stores(MemoryThreads(memory), turns, MemoryOwners(memory), MemoryTurnSearch(memory))
        return
    async with made_database(request.getfixturevalue("mongodb_uri")) as database:
        turns_in_mongo = MongoTurns(database, abandoned_after=ABANDONED)
        yield Stores(MongoThreads(database), turns_in_mongo, MongoOwners(database), MongoTurnSearch(database))
        await turns_in_mongo.close()


@asynccontextmanager
async def made_database(uri: str, *listeners: CommandListener) -> AsyncIterator[Database]:
    """A database of its own, for as long as the block lasts."""
    client: Client = AsyncMongoClient(uri, tz_aware=True, event_listeners=listeners)
    database = Database(client, f"threads_{uuid.uuid4().hex[:8]}")
    await database.prepare()
    yield database
    await client.drop_database(database.database.name)
    await client.close()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
async def database(mongodb_uri: str, seen: Seen) -> AsyncIterator[Database]:
    async with made_database(mongodb_uri, seen) as database:
        await MongoOwners(database).renew("g1", 600)
        yield database


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


@pytest.fixture
async def thread(stores: Stores) -> str:
    return await stores.threads.open(ThreadKey("default", "ann", "waves"), "What is a wave?")


def ended(turn: Turn, answer: str = "It carries energy.", state: State = State.COMPLETED) -> Turn:
    return replace(turn, state=state, answer=Answer(text=answer, provider="fake"), lease=None)
