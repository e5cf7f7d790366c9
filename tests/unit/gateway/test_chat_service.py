"""The use cases of chat over in-memory ports: one process, two processes, and one that dies."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, NotFound, Reason, Unavailable
from kit.turnlog.memory import MemoryTurnLog
from services.gateway.adapters.journal import LoggedJournal
from services.gateway.adapters.memory import MemoryGeneration, MemoryKnowledge, MemoryOrders, MemoryThreads
from services.gateway.model import (
    Completed,
    Context,
    Delta,
    Event,
    Failed,
    Grounding,
    Passage,
    Question,
    Started,
    State,
)
from services.gateway.service import ChatService, outcome
from services.gateway.turns.desk import Desk
from services.gateway.turns.run import Ports

STUDENT = Caller("default", "ana")
WORDS = ["A", "wave", "carries", "energy", "and", "not", "matter", "[1]."]
PASSAGE = Passage("p1", "A wave carries energy from place to place but not matter.", "Waves", "https://v/1", 12.0, 18.0)
COURSE = Grounding("courses/waves", "Waves", "What a wave is", "answer", (PASSAGE,), "v1")
ASK = Question("courses/waves", "https://v/1", "What does a wave carry?", "r1")


@dataclass
class Node:
    """One gateway process."""

    chat: ChatService
    desk: Desk
    generation: MemoryGeneration


@dataclass
class World:
    """What the processes share."""

    threads: MemoryThreads
    log: MemoryTurnLog
    orders: MemoryOrders
    nodes: list[Node]

    def node(self, heartbeat: float = 30) -> Node:
        generation, journal = MemoryGeneration(WORDS), LoggedJournal(self.log)
        ports = Ports(self.threads, generation, journal)
        desk = Desk(ports, self.orders, turn_seconds=30, abandon_seconds=30)
        desk.open()
        knowledge = MemoryKnowledge([COURSE])
        chat = ChatService(
            self.threads, knowledge, journal, self.orders, desk, max_message_bytes=1024, heartbeat_seconds=heartbeat
        )
        self.nodes.append(Node(chat, desk, generation))
        return self.nodes[-1]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World(MemoryThreads(), MemoryTurnLog(), MemoryOrders(), [])
    yield made
    for node in made.nodes:
        await node.desk.close(0)


async def collect(events: AsyncGenerator[Event, None]) -> list[Event]:
    async with aclosing(events):
        return [event async for event in events]


def text(events: list[Event]) -> str:
    return "".join(event.happening.text for event in events if isinstance(event.happening, Delta))


async def first_delta(events: AsyncGenerator[Event, None]) -> Event:
    async for event in events:
        if isinstance(event.happening, Delta):
            return event
    raise AssertionError("no delta came")


async def test_a_turn_is_started_grounded_said_and_completed(world: World) -> None:
    events = await collect(world.node().chat.ask(STUDENT, ASK))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[0].happening, Started)
    assert isinstance(events[1].happening, Context)
    assert isinstance(events[-1].happening, Completed)
    turn = events[-1].happening.turn
    assert text(events) == turn.answer == " ".join(WORDS)
    assert [(c.index, c.start) for c in turn.citations] == [(1, 12.0)]


async def test_what_was_sent_can_be_read_again_with_the_same_numbers(world: World) -> None:
    node = world.node()
    events = await collect(node.chat.ask(STUDENT, ASK))
    turn = events[0].happening
    assert isinstance(turn, Started)
    assert await collect(node.chat.resume(STUDENT, turn.turn)) == events
    assert await collect(node.chat.resume(STUDENT, turn.turn, after=3)) == events[3:]
    assert await collect(node.chat.resume(STUDENT, turn.turn, after=events[-1].sequence)) == []


async def test_a_repeated_request_reads_the_same_turn_while_it_streams(world: World) -> None:
    node = world.node()
    node.generation.gate = asyncio.Event()
    first = asyncio.create_task(collect(node.chat.ask(STUDENT, ASK)))
    async with aclosing(node.chat.ask(STUDENT, ASK)) as again:
        await first_delta(again)
        node.generation.gate.set()
        rest = [event async for event in again]
    assert text(await first) == " ".join(WORDS)
    assert isinstance(rest[-1].happening, Completed)
    assert len(node.generation.prompts) == 1


async def test_a_turn_runs_on_when_its_reader_leaves(world: World) -> None:
    node = world.node()
    node.generation.gate = asyncio.Event()
    async with aclosing(node.chat.ask(STUDENT, ASK)) as events:
        started = await anext(events)
    node.generation.gate.set()
    assert isinstance(started.happening, Started)
    events_again = await collect(node.chat.resume(STUDENT, started.happening.turn))
    assert text(events_again) == " ".join(WORDS)


async def test_another_instance_reads_along(world: World) -> None:
    here, there = world.node(), world.node()
    here.generation.gate = asyncio.Event()
    async with aclosing(here.chat.ask(STUDENT, ASK)) as events:
        started = (await anext(events)).happening
        assert isinstance(started, Started)
        reading = asyncio.create_task(collect(there.chat.resume(STUDENT, started.turn)))
        here.generation.gate.set()
        own = [event async for event in events]
    assert text(await reading) == text(own) == " ".join(WORDS)
    assert there.generation.prompts == []


async def test_another_instance_continues_the_answer_of_a_dead_one(world: World) -> None:
    dying, other = world.node(), world.node()
    dying.generation.gate, dying.generation.gate_after = asyncio.Event(), 3
    async with aclosing(dying.chat.ask(STUDENT, ASK)) as events:
        started = (await anext(events)).happening
        assert isinstance(started, Started)
        seen = [await first_delta(events) for _ in range(3)]
    await dying.desk.close(0)
    rest = await collect(other.chat.resume(STUDENT, started.turn, after=seen[-1].sequence))
    assert text(seen) + text(rest) == " ".join(WORDS)
    assert other.generation.prompts[0].continue_from == text(seen)
    assert isinstance(rest[-1].happening, Completed)
    numbers = [event.sequence for event in rest if event.sequence > seen[-1].sequence]
    assert numbers == list(range(seen[-1].sequence + 1, seen[-1].sequence + 1 + len(numbers)))


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_cancelling_keeps_what_was_said_and_stops_the_model(world: World, elsewhere: bool) -> None:
    node = world.node()
    asked = world.node() if elsewhere else node
    node.generation.gate, node.generation.gate_after = asyncio.Event(), 2
    async with aclosing(node.chat.ask(STUDENT, ASK)) as events:
        started = (await anext(events)).happening
        assert isinstance(started, Started)
        said = [await first_delta(events), await first_delta(events)]
        turn = await asked.chat.cancel(STUDENT, started.turn)
        ending = [event async for event in events][-1].happening
    assert (turn.state, turn.answer) == (State.CANCELLED, text(said))
    assert isinstance(ending, Failed)
    assert (ending.reason, ending.partial) == (Reason.TURN_CANCELLED, text(said))
    assert node.generation.closed_early == 1


async def test_a_failure_half_way_is_kept_as_a_partial_answer(world: World) -> None:
    node = world.node()
    node.generation.failure = Unavailable("no provider", Reason.PROVIDERS_UNAVAILABLE)
    events = await collect(node.chat.ask(STUDENT, ASK))
    ending = events[-1].happening
    assert isinstance(ending, Failed)
    assert (ending.reason, ending.partial) == (Reason.PROVIDERS_UNAVAILABLE, WORDS[0])
    started = events[0].happening
    assert isinstance(started, Started)
    assert (await node.chat.read(STUDENT, started.turn)).state == State.PARTIAL
    with pytest.raises(Unavailable) as failed:
        await outcome(node.chat.ask(STUDENT, ASK))
    assert failed.value.reason == Reason.PROVIDERS_UNAVAILABLE


async def test_a_turn_that_found_no_free_model_is_offered_as_a_job(world: World) -> None:
    node = world.node()
    node.generation.failure = Unavailable("full", Reason.PROVIDERS_UNAVAILABLE, metadata={"offer": "enqueue"})
    ending = (await collect(node.chat.ask(STUDENT, ASK)))[-1].happening
    assert isinstance(ending, Failed)
    assert ending.offer == "enqueue"
    with pytest.raises(Unavailable) as failed:
        await outcome(node.chat.ask(STUDENT, ASK))
    assert failed.value.metadata["offer"] == "enqueue"


async def test_a_second_question_waits_for_the_first_and_knows_its_answer(world: World) -> None:
    node = world.node()
    node.generation.gate = asyncio.Event()
    first = node.chat.ask(STUDENT, ASK)
    said = [await first_delta(first)]
    second = node.chat.ask(STUDENT, Question("courses/waves", "https://v/1", "And why?", "r2"))
    async with aclosing(first), aclosing(second) as events:
        kinds = [(await anext(events)).happening for _ in range(3)]
        assert [type(kind).__name__ for kind in kinds] == ["Started", "Context", "Notice"]
        node.generation.gate.set()
        rest = [event async for event in events]
        said += [event async for event in first]
    assert isinstance(rest[-1].happening, Completed)
    answer = text(said)
    assert [e.answer for e in node.generation.prompts[1].history] == [answer]


async def test_a_quiet_stream_says_that_it_lives(world: World) -> None:
    node = world.node(heartbeat=0.05)
    node.generation.gate = asyncio.Event()
    async with aclosing(node.chat.ask(STUDENT, ASK)) as events:
        last = await first_delta(events)
        beat = await anext(events)
    assert (type(beat.happening).__name__, beat.sequence) == ("Heartbeat", last.sequence)


async def test_an_unknown_course_is_not_found_and_leaves_no_turn(world: World) -> None:
    node = world.node()
    with pytest.raises(NotFound) as refused:
        await collect(node.chat.ask(STUDENT, Question("courses/none", "", "What?", "r9")))
    assert refused.value.reason == Reason.COURSE_NOT_FOUND
    assert node.generation.prompts == []


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (Question("courses/waves", "", "  \n"), Reason.MESSAGE_EMPTY),
        (Question("courses/waves", "", "x" * 1025), Reason.TOO_LARGE),
        (Question("courses/waves", "", "x", "r" * 129), Reason.INVALID_ARGUMENT),
        (Question("courses/waves", "", "x", position=-1.0), Reason.INVALID_ARGUMENT),
        (Question("courses/waves", "", "x", position=1e300), Reason.INVALID_ARGUMENT),
        (Question("courses/waves", "", "x", position=float("nan")), Reason.INVALID_ARGUMENT),
    ],
)
async def test_bad_questions_are_refused(world: World, question: Question, reason: Reason) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await collect(world.node().chat.ask(STUDENT, question))
    assert refused.value.reason == reason


async def test_another_user_finds_no_turn(world: World) -> None:
    node = world.node()
    started = (await collect(node.chat.ask(STUDENT, ASK)))[0].happening
    assert isinstance(started, Started)
    for stranger in (Caller("default", "ben"), Caller("other", "ana")):
        with pytest.raises(NotFound):
            await collect(node.chat.resume(stranger, started.turn))
        with pytest.raises(NotFound):
            await node.chat.cancel(stranger, started.turn)


async def test_a_process_holds_its_lease_before_it_begins_a_turn_and_not_before_the_first(world: World) -> None:
    node = world.node()
    await asyncio.sleep(0)  # the chores of the process have begun
    assert world.threads.owners == set()
    async with aclosing(node.chat.ask(STUDENT, ASK)) as events:
        await anext(events)
        assert world.threads.owners == {node.desk.owner}


async def test_who_leaves_while_the_lease_is_renewed_leaves_no_turn_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, asked, never = world.node(), asyncio.Event(), asyncio.Event()

    async def renew(owner: str, *, release: bool = False) -> None:
        asked.set()
        await never.wait()

    monkeypatch.setattr(world.threads, "renew", renew)
    asking = asyncio.create_task(collect(node.chat.ask(STUDENT, ASK)))
    await asked.wait()
    while not world.threads._turns:  # noqa: ASYNC110 - what is awaited is another task's doing
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)  # the turn is begun and grounded; only the renewal is waited for
    asking.cancel()
    await asyncio.wait({asking})
    assert not world.threads._turns
    never.set()
