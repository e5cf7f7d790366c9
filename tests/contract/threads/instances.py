"""Processes of the threads service over one database, and what they send it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pymongo import monitoring

from kit.auth.caller import Caller
from kit.turnlog.memory import MemoryTurnLog
from services.threads.adapters.announcing import Announcements
from services.threads.adapters.memory.hot import MemoryHotThreads
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.owners import MongoOwners
from services.threads.adapters.mongo.threads import MongoThreads
from services.threads.adapters.mongo.turns import MongoTurns
from services.threads.adapters.tail import LoggedTail
from services.threads.model import Answer, Question, State, ThreadKey, Turn
from services.threads.service.orphans import Orphans
from services.threads.service.turns import Ask, Begun, Turns

ANN = Caller("default", "ann")
ABANDONED = timedelta(hours=1)
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


def said(begun: Begun) -> list[str]:
    return [exchange.answer for exchange in begun.history]
