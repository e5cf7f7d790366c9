"""Conversations in memory, for tests of what is made of them."""

from dataclasses import replace
from datetime import timedelta

from kit.auth.caller import Caller
from services.threads.adapters.memory.database import MemoryDatabase
from services.threads.adapters.memory.threads import MemoryThreads
from services.threads.adapters.memory.turns import MemoryTurns
from services.threads.model import Answer, Question, State, ThreadKey, Turn
from services.threads.ports import NewTurn

ANN = Caller("default", "ann")


class Talk:
    """Ann's thread about waves; every question is answered as told."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.threads = MemoryThreads(self.database)
        self.turns = MemoryTurns(self.database, abandoned_after=timedelta(hours=1))
        self.thread = ""

    async def turn(self, question: Question, answer: Answer, state: State = State.COMPLETED) -> Turn:
        key = ThreadKey(ANN.tenant, ANN.user, "waves")
        self.thread = self.thread or await self.threads.open(key, question.text)
        place = await self.turns.enqueue(ANN, self.thread, NewTurn(question, "g1", 100))
        assert place is not None
        assert place.turn is not None
        assert place.turn.lease is not None
        return await self.turns.finish(
            ANN, replace(place.turn, state=state, answer=answer, lease=None), place.turn.lease
        )
