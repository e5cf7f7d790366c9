"""Answers that a limit cut, and the turns that go on with them, over in-memory ports."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from kit.auth.caller import Caller
from kit.errors import Conflict, FailedPrecondition, InvalidArgument, LecternError, NotFound, Reason, Unavailable
from kit.turnlog.memory import MemoryTurnLog
from services.gateway.adapters.journal import LoggedJournal
from services.gateway.adapters.memory import MemoryOrders, MemoryThreads
from services.gateway.adapters.options import packed, unpacked
from services.gateway.model import Completed, Event, Exchange, Failed, Held, Options, Question, Started, State, Turn
from services.gateway.service import outcome
from tests.unit.gateway.test_chat_service import ASK, STUDENT, WORDS, Node, World, collect, first_delta, text

GO_ON = Question("", "", "", "r2")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World(MemoryThreads(), MemoryTurnLog(), MemoryOrders(), [])
    yield made
    for node in made.nodes:
        await node.desk.close(0)


async def cut_turn(node: Node) -> Turn:
    node.generation.most_words = 3
    return await outcome(node.chat.ask(STUDENT, ASK))


def going_on(turn: Turn, request_id: str = "r2", message: str = "") -> Question:
    return replace(GO_ON, continues=turn.name, request_id=request_id, text=message)


async def test_a_cut_answer_says_so(world: World) -> None:
    node = world.node()
    turn = await cut_turn(node)
    assert (turn.state, turn.finish_reason, turn.answer) == (State.COMPLETED, "length", "A wave carries")
    assert (await node.chat.read(STUDENT, turn.name)).finish_reason == "length"


async def test_a_turn_goes_on_where_the_other_stopped(world: World) -> None:
    node = world.node()
    turn = await cut_turn(node)
    rest = await outcome(node.chat.ask(STUDENT, going_on(turn)))
    last = await outcome(node.chat.ask(STUDENT, going_on(rest, "r3", "And then?")))
    assert turn.answer + rest.answer + last.answer == " ".join(WORDS)
    assert [each.finish_reason for each in (turn, rest, last)] == ["length", "length", "stop"]
    assert [each.question for each in (rest, last)] == ["Go on.", "And then?"]
    assert (rest.continues, last.continues) == (turn.name, rest.name)
    assert (rest.thread, rest.course, rest.video_url) == (turn.thread, turn.course, turn.video_url)
    prompts = node.generation.prompts
    assert [prompt.question for prompt in prompts] == [ASK.text] * 3
    assert [prompt.continues for prompt in prompts] == ["", turn.answer, turn.answer + rest.answer]
    assert all(not prompt.continue_from and not prompt.history for prompt in prompts)
    assert [citation.index for citation in last.citations] == [1]


async def test_what_was_said_before_the_cut_answer_is_known_and_what_was_said_after_it_is_not(world: World) -> None:
    node = world.node()
    await outcome(node.chat.ask(STUDENT, replace(ASK, text="Hello?", request_id="r0")))
    turn = await cut_turn(node)
    await outcome(node.chat.ask(STUDENT, replace(ASK, text="Else?", request_id="r9")))
    await outcome(node.chat.ask(STUDENT, going_on(turn)))
    assert node.generation.prompts[-1].history == (Exchange("Hello?", " ".join(WORDS)),)


async def test_going_on_may_be_asked_twice_under_one_id(world: World) -> None:
    node = world.node()
    turn = await cut_turn(node)
    rest = await outcome(node.chat.ask(STUDENT, going_on(turn)))
    assert (await outcome(node.chat.ask(STUDENT, going_on(turn)))).name == rest.name
    assert len(node.generation.prompts) == 2


async def test_an_answer_that_was_stopped_can_be_gone_on_with(world: World) -> None:
    node = world.node()
    node.generation.gate, node.generation.gate_after = asyncio.Event(), 2
    async with aclosing(node.chat.ask(STUDENT, ASK)) as events:
        started = (await anext(events)).happening
        assert isinstance(started, Started)
        await first_delta(events)
        await first_delta(events)
        stopped = await node.chat.cancel(STUDENT, started.turn)
    node.generation.gate.set()
    rest = await outcome(node.chat.ask(STUDENT, going_on(stopped)))
    assert stopped.answer + rest.answer == " ".join(WORDS)


async def test_another_instance_goes_on_with_the_rest_and_as_it_was_asked(world: World) -> None:
    dying, other = world.node(), world.node()
    turn = await cut_turn(dying)
    dying.generation.most_words = 0
    dying.generation.gate, dying.generation.gate_after = asyncio.Event(), 5
    options = Options(max_tokens=99, stops=("never",))
    async with aclosing(dying.chat.ask(STUDENT, replace(going_on(turn), options=options))) as events:
        started = (await anext(events)).happening
        assert isinstance(started, Started)
        seen = [await first_delta(events), await first_delta(events)]
    await dying.desk.close(0)
    rest = await collect(other.chat.resume(STUDENT, started.turn, after=seen[-1].sequence))
    assert turn.answer + text(seen) + text(rest) == " ".join(WORDS)
    [prompt] = other.generation.prompts
    assert (prompt.continues, prompt.continue_from, prompt.options) == (turn.answer, text(seen), options)
    assert isinstance(rest[-1].happening, Completed)


async def left_behind(node: Node, turn: Turn) -> str:
    """The name of a turn that goes on with another one, whose process went after a word."""
    node.generation.most_words = 0
    node.generation.gate, node.generation.gate_after = asyncio.Event(), 4
    async with aclosing(node.chat.ask(STUDENT, going_on(turn))) as events:
        started = (await anext(events)).happening
        assert isinstance(started, Started)
        await first_delta(events)
    await node.desk.close(0)
    return started.turn


async def test_a_turn_is_not_claimed_before_what_it_goes_on_with_is_known(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying, other = world.node(), world.node()
    turn = await cut_turn(dying)
    name = await left_behind(dying, turn)
    read, troubles = world.threads.read, 1

    async def reading(caller: Caller, asked: str) -> Held:
        nonlocal troubles
        if asked == turn.name and troubles:
            troubles -= 1
            assert (await read(caller, name)).owner_alive is False
            raise Unavailable("away for a moment")
        return await read(caller, asked)

    monkeypatch.setattr(world.threads, "read", reading)
    rest = await collect(other.chat.resume(STUDENT, name))
    assert troubles == 0
    assert isinstance(rest[-1].happening, Completed)
    assert turn.answer + text(rest) == " ".join(WORDS)


@pytest.mark.parametrize(
    ("errors", "state"), [([Unavailable("away")], State.COMPLETED), ([Conflict("no")], State.FAILED)]
)
async def test_a_claimed_turn_is_ended_even_if_its_past_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch, errors: list[LecternError], state: State
) -> None:
    dying, other = world.node(), world.node()
    name = await left_behind(dying, await cut_turn(dying))
    left, read = list(errors), LoggedJournal.read

    async def reading(journal: LoggedJournal, turn: str, after: int = 0) -> list[Event]:
        lease = (await world.threads.read(STUDENT, name)).lease
        if left and lease is not None and lease.owner == other.desk.owner:
            raise left.pop()
        return await read(journal, turn, after)

    monkeypatch.setattr(LoggedJournal, "read", reading)
    ending = (await collect(other.chat.resume(STUDENT, name)))[-1].happening
    assert left == []
    assert isinstance(ending, Completed if state is State.COMPLETED else Failed)
    assert (await world.threads.read(STUDENT, name)).turn.state is state


async def test_what_is_whole_unknown_or_anothers_is_not_gone_on_with(world: World) -> None:
    node = world.node()
    whole = await outcome(node.chat.ask(STUDENT, ASK))
    refused: list[tuple[Caller, Question, type[LecternError], str]] = [
        (STUDENT, going_on(whole), FailedPrecondition, "continues"),
        (STUDENT, replace(going_on(whole), continues="threads/t/turns/none"), NotFound, ""),
        (Caller("default", "ben"), going_on(whole), NotFound, ""),
    ]
    for caller, question, kind, field in refused:
        with pytest.raises(kind) as raised:
            await outcome(node.chat.ask(caller, question))
        assert raised.value.field == field


async def test_the_course_is_that_of_the_cut_answer(world: World) -> None:
    node = world.node()
    turn = await cut_turn(node)
    with pytest.raises(InvalidArgument) as raised:
        await outcome(node.chat.ask(STUDENT, replace(going_on(turn), course="courses/other")))
    assert raised.value.field == "course"
    assert (await node.chat.check(STUDENT, going_on(turn))).course == ASK.course


async def test_a_turn_is_not_gone_on_with_before_it_has_ended(world: World) -> None:
    node = world.node()
    node.generation.gate = asyncio.Event()
    async with aclosing(node.chat.ask(STUDENT, ASK)) as events:
        started = (await anext(events)).happening
        assert isinstance(started, Started)
        with pytest.raises(Conflict) as raised:
            await outcome(node.chat.ask(STUDENT, replace(GO_ON, continues=started.turn)))
        node.generation.gate.set()
    assert raised.value.reason is Reason.TURN_IN_PROGRESS


async def test_what_a_provider_withheld_ends_as_filtered_and_is_not_gone_on_with(world: World) -> None:
    node = world.node()
    node.generation.failure = InvalidArgument("the provider refused the content", Reason.CONTENT_REFUSED)
    events = await collect(node.chat.ask(STUDENT, ASK))
    started, ending = events[0].happening, events[-1].happening
    assert isinstance(started, Started)
    assert isinstance(ending, Failed)
    turn = await node.chat.read(STUDENT, started.turn)
    assert (turn.state, turn.finish_reason, turn.is_cut) == (State.PARTIAL, "content_filter", False)


@pytest.mark.parametrize("options", [Options(), Options("m", 5, 0.5, ("a", "b"), '{"a":1}', '{"seed":1}')])
def test_how_an_answer_is_to_be_made_survives_its_keeping(options: Options) -> None:
    assert unpacked(packed(options)) == options
    assert unpacked('{"max_tokens":3,"of_a_later_version":1}') == Options(max_tokens=3)
