"""Callers who ask the same share one generation, within a process and over several."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest

from kit.auth.caller import Caller
from kit.errors import Reason, ResourceExhausted, Unavailable
from kit.turnlog.memory import MemoryTurnLog
from kit.turnlog.ports import Entry
from services.inference.adapters.memory_flights import MemoryFlights
from services.inference.model.generation import Delta, Event, Finish, Message, Notice, Prompt, Purpose, Speaker, Usage
from services.inference.service.catalog import Catalog
from services.inference.service.single_flight import SingleFlight

CATALOG = Catalog([], {})
PROMPT = Prompt(Purpose.CHAT, (Message(Speaker.USER, "What is a wave?"),), 100, 10, course="courses/w", personal=False)
ADA, BEN = Caller("default", "ada"), Caller("default", "ben")


class Model:
    """A Generator that says word after word, each when it is let."""

    def __init__(self, words: int = 3) -> None:
        self.words = words
        self.prompts: list[Prompt] = []
        self.callers: list[str] = []
        self.open = 0
        self.said = asyncio.Semaphore(0)
        self.refused: set[str] = set()

    async def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        self.prompts.append(prompt)
        self.callers.append(caller.user)
        if caller.user in self.refused:
            raise ResourceExhausted("the budget is spent", Reason.BUDGET_EXHAUSTED)
        self.open += 1
        try:
            for number in range(len(prompt.continue_from.split()), self.words):
                await self.said.acquire()
                yield Delta(f"w{number} ")
            yield Finish(Usage(10, self.words), "p", "m")
        finally:
            self.open -= 1

    def say(self, words: int) -> None:
        for _ in range(words):
            self.said.release()


@pytest.fixture
def leases() -> MemoryFlights:
    return MemoryFlights(0.2)


class Log(MemoryTurnLog):
    """A log that counts what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.appends = 0

    async def append(self, turn: str, token: int, entries: Sequence[Entry]) -> None:
        self.appends += 1
        await super().append(turn, token, entries)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def process(leases: MemoryFlights, log: Log) -> Callable[[Model], SingleFlight]:
    """A process beside others that share leases and log."""
    return lambda model: SingleFlight(model, leases, log, CATALOG)


async def heard(events: AsyncGenerator[Event, None]) -> str:
    return "".join([event.text async for event in events if isinstance(event, Delta)])


async def test_many_callers_in_two_processes_are_one_call(process: Callable[[Model], SingleFlight]) -> None:
    model = Model()
    one, other = process(model), process(model)
    callers = [each.stream(ADA, PROMPT) for each in (one, other) for _ in range(10)]
    model.say(1)
    first = await asyncio.gather(*(anext(caller) for caller in callers))
    answers = asyncio.gather(*map(heard, callers))
    model.say(2)

    assert set(first) == {Delta("w0 ")}
    assert set(await answers) == {"w1 w2 "}
    assert len(model.prompts) == 1


async def test_who_joins_late_hears_all_from_the_beginning(process: Callable[[Model], SingleFlight]) -> None:
    model = Model()
    flights = process(model)
    first = flights.stream(ADA, PROMPT)
    model.say(1)
    assert await anext(first) == Delta("w0 ")

    late = flights.stream(BEN, PROMPT)
    assert await anext(late) == Delta("w0 ")
    model.say(2)

    assert await heard(late) == "w1 w2 "
    assert await heard(first) == "w1 w2 "


async def test_the_call_ends_when_the_last_listener_leaves(process: Callable[[Model], SingleFlight]) -> None:
    model = Model()
    flights = process(model)
    one, two = flights.stream(ADA, PROMPT), flights.stream(BEN, PROMPT)
    model.say(1)
    assert await anext(one) == await anext(two)

    await one.aclose()
    assert model.open == 1
    await two.aclose()

    async with asyncio.timeout(5):
        while model.open:  # noqa: ASYNC110 - the model closes by itself
            await asyncio.sleep(0)


async def test_a_listener_elsewhere_keeps_the_call_alive(process: Callable[[Model], SingleFlight]) -> None:
    model = Model()
    here, there = process(model).stream(ADA, PROMPT), process(model).stream(BEN, PROMPT)
    model.say(1)
    assert await anext(here) == await anext(there)

    await here.aclose()
    model.say(2)

    assert await heard(there) == "w1 w2 "
    assert len(model.prompts) == 1


async def test_when_the_leading_process_ends_another_continues_what_was_said(
    process: Callable[[Model], SingleFlight],
) -> None:
    lost, model = Model(), Model()
    dying = process(lost)
    here = dying.stream(ADA, PROMPT)
    lost.say(1)
    await anext(here)
    there = process(model).stream(BEN, PROMPT)
    assert await anext(there) == Delta("w0 ")

    await dying.close()
    model.say(2)
    events = [event async for event in there]

    assert [event.kind for event in events if isinstance(event, Notice)] == ["continued"]
    assert "".join(event.text for event in events if isinstance(event, Delta)) == "w1 w2 "
    assert model.prompts[0].continue_from == "w0 "


async def test_a_spent_budget_refuses_its_owner_and_the_next_listener_pays(
    process: Callable[[Model], SingleFlight],
) -> None:
    model = Model()
    model.refused = {"ada"}
    flights = process(model)
    poor, rich = flights.stream(ADA, PROMPT), flights.stream(BEN, PROMPT)
    model.say(3)

    answers = await asyncio.gather(heard(poor), heard(rich), return_exceptions=True)

    assert isinstance(answers[0], ResourceExhausted)
    assert answers[1] == "w0 w1 w2 "
    assert model.callers == ["ada", "ben"]


async def test_personal_prompts_are_not_shared(process: Callable[[Model], SingleFlight]) -> None:
    model = Model()
    flights = process(model)
    personal = Prompt(Purpose.CHAT, PROMPT.messages, 100, 10, course="courses/w", personal=True)
    model.say(6)

    await asyncio.gather(heard(flights.stream(ADA, personal)), heard(flights.stream(BEN, personal)))

    assert len(model.prompts) == 2


async def test_tenants_are_never_shared(process: Callable[[Model], SingleFlight]) -> None:
    model = Model()
    flights = process(model)
    model.say(6)

    await asyncio.gather(heard(flights.stream(ADA, PROMPT)), heard(flights.stream(Caller("other", "ada"), PROMPT)))

    assert len(model.prompts) == 2


async def test_an_error_reaches_every_listener_in_every_process(process: Callable[[Model], SingleFlight]) -> None:
    class Failing(Model):
        async def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
            self.prompts.append(prompt)
            yield Notice("waiting", "You are number 1 in line.")
            await self.said.acquire()
            raise Unavailable("no model can answer", Reason.PROVIDERS_UNAVAILABLE)

    model = Failing()
    callers = [process(model).stream(ADA, PROMPT), process(model).stream(BEN, PROMPT)]
    assert await anext(callers[0]) == await anext(callers[1])
    model.say(1)

    answers = await asyncio.gather(*map(heard, callers), return_exceptions=True)

    assert {type(answer) for answer in answers} == {Unavailable}
    assert len(model.prompts) == 1


async def test_what_nobody_shares_is_not_written_down(process: Callable[[Model], SingleFlight], log: Log) -> None:
    model = Model()
    model.say(3)

    assert await heard(process(model).stream(ADA, PROMPT)) == "w0 w1 w2 "
    assert log.appends == 0


async def test_who_follows_from_elsewhere_hears_what_was_said_before_that(
    process: Callable[[Model], SingleFlight], log: Log
) -> None:
    model = Model()
    here = process(model).stream(ADA, PROMPT)
    model.say(2)
    assert await anext(here) == Delta("w0 w1 ")
    assert log.appends == 0

    there = process(model).stream(BEN, PROMPT)
    assert await anext(there) == Delta("w0 w1 ")
    model.say(1)

    assert [*await asyncio.gather(heard(here), heard(there))] == ["w2 ", "w2 "]
    assert len(model.prompts) == 1


async def test_a_leader_that_is_late_and_unheard_elsewhere_ends_its_own_answer(
    process: Callable[[Model], SingleFlight], leases: MemoryFlights
) -> None:
    slow, quick = Model(), Model()
    here = process(slow).stream(ADA, PROMPT)
    slow.say(1)
    assert await anext(here) == Delta("w0 ")
    leases.expire()

    quick.say(3)
    assert await heard(process(quick).stream(BEN, PROMPT)) == "w0 w1 w2 "
    slow.say(2)

    assert await heard(here) == "w1 w2 "
    assert not any(prompt.continue_from for prompt in (*slow.prompts, *quick.prompts))


async def test_a_question_that_was_answered_is_not_asked_again(log: Log) -> None:
    model, flights = Model(), MemoryFlights(answer_seconds=60)
    one, other = (SingleFlight(model, flights, log, CATALOG) for _ in range(2))
    model.say(3)

    first = [event async for event in one.stream(ADA, PROMPT)]
    again = [event async for event in other.stream(BEN, PROMPT)]

    assert again == [Delta("w0 w1 w2 "), Finish(Usage(), "p", "m", cached=True)]
    assert first[-1] == Finish(Usage(10, 3), "p", "m")
    assert len(model.prompts) == 1


async def test_an_answer_that_was_cut_short_is_not_kept(log: Log) -> None:
    class Cut(Model):
        async def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
            self.prompts.append(prompt)
            yield Delta("w0 ")
            yield Finish(Usage(10, 1), "p", "m", finish_reason="length")

    model = Cut()
    flights = SingleFlight(model, MemoryFlights(answer_seconds=60), log, CATALOG)

    for _ in range(2):
        assert await heard(flights.stream(ADA, PROMPT)) == "w0 "
    assert len(model.prompts) == 2
