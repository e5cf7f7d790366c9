"""What becomes of a turn whose process died."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from lectern.chat.v1 import chat_pb2

from kit.auth.caller import Caller
from kit.errors import Conflict, Reason
from kit.turnlog.memory import MemoryTurnLog
from kit.turnlog.ports import Entry
from services.threads.adapters.announcing import Announcements
from services.threads.adapters.memory.database import MemoryDatabase
from services.threads.adapters.memory.owners import MemoryOwners
from services.threads.adapters.memory.threads import MemoryThreads
from services.threads.adapters.memory.turns import MemoryTurns
from services.threads.adapters.tail import LoggedTail
from services.threads.convert import turn_name
from services.threads.model import Question, State, ThreadKey, Turn
from services.threads.ports import NewTurn
from services.threads.service.orphans import Orphans

ANN = Caller("default", "ann")


class Bench:
    """The domain over memory, with a turn log."""

    def __init__(self) -> None:
        database = MemoryDatabase()
        self.threads = MemoryThreads(database)
        self.turns = MemoryTurns(database, abandoned_after=timedelta(hours=1))
        self.owners = MemoryOwners(database)
        self.log = MemoryTurnLog()
        self.orphans = Orphans(
            turns=self.turns,
            owners=self.owners,
            tail=LoggedTail(self.log),
            observer=Announcements([]),
            owner_lease=60,
        )

    async def asked(self, owner: str) -> Turn:
        thread = await self.threads.open(ThreadKey("default", "ann", "waves"), "Why?")
        place = await self.turns.enqueue(ANN, thread, NewTurn(Question("r1", "Why?"), owner, 10))
        assert place is not None
        assert place.turn is not None
        return place.turn

    async def said(self, turn: Turn, words: Sequence[str]) -> None:
        events = [
            chat_pb2.TurnEvent(sequence=n, delta=chat_pb2.TurnEvent.Delta(text=word)) for n, word in enumerate(words, 1)
        ]
        entries = [Entry(event.sequence, event.SerializeToString()) for event in events]
        await self.log.append(turn_name(turn.thread, turn.id), 1, entries)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_what_was_said_is_put_on_record_and_told_to_those_who_follow(bench: Bench) -> None:
    turn = await bench.asked("dead")
    await bench.said(turn, ["It carries ", "energy"])
    assert [ended.id for ended in await bench.orphans.archive(ANN, [turn])] == [turn.id]
    kept = await bench.turns.find(ANN, turn.thread, turn.id)
    assert kept is not None
    assert (kept.state, kept.answer.text) == (State.PARTIAL, "It carries energy")
    last = (await bench.log.read(turn_name(turn.thread, turn.id)))[-1]
    event = chat_pb2.TurnEvent.FromString(last.payload)
    assert last.final
    assert (event.sequence, event.failed.reason, event.failed.partial) == (3, "STREAM_INTERRUPTED", "It carries energy")


async def test_a_turn_without_a_word_has_failed(bench: Bench) -> None:
    turn = await bench.asked("dead")
    assert [ended.id for ended in await bench.orphans.archive(ANN, [turn])] == [turn.id]
    kept = await bench.turns.find(ANN, turn.thread, turn.id)
    assert kept is not None
    assert kept.state is State.FAILED


async def test_a_turn_that_was_taken_over_meanwhile_is_left_alone(bench: Bench) -> None:
    turn = await bench.asked("dead")
    claimed = await bench.orphans.claim(ANN, turn.thread, turn.id, "g2", 100)
    assert claimed.lease is not None
    assert await bench.orphans.archive(ANN, [turn]) == []
    kept = await bench.turns.find(ANN, turn.thread, turn.id)
    assert kept is not None
    assert kept.lease == claimed.lease


async def test_a_living_owner_keeps_its_turn(bench: Bench) -> None:
    await bench.owners.renew("g1", 60)
    turn = await bench.asked("g1")
    with pytest.raises(Conflict) as refused:
        await bench.orphans.claim(ANN, turn.thread, turn.id, "g2", 100)
    assert refused.value.reason is Reason.TURN_IN_PROGRESS
