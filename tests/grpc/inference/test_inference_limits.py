"""Limits, budgets and the ledger, as callers and operators see them, over several processes."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from lectern.inference.v1 import generation_pb2 as pb
from lectern.inference.v1 import operations_pb2 as ops
from lectern.inference.v1 import operations_pb2_grpc

from bench.fake_provider.answer import numbers_in
from bench.fake_provider.process import Remote
from kit.auth.caller import Caller, Role
from kit.channel import Peer
from kit.errors import InvalidArgument, Reason, ResourceExhausted, Unavailable
from tests.inference import events_of, inference, providers_json, question, text_of
from tests.servers import free_port

PRICES = '{"fake-model": {"prompt": 1.0, "completion": 2.0}}'


@pytest.fixture
def student() -> Caller:
    return Caller(uuid4().hex, "ada")


@pytest.fixture
def admin(student: Caller) -> Caller:
    return Caller(student.tenant, "root", frozenset({Role.ADMIN}))


def completion(text: str, tokens: int = 30) -> pb.StreamGenerateRequest:
    message = pb.PromptMessage(role=pb.PromptMessage.USER, text=text)
    return pb.StreamGenerateRequest(
        purpose=pb.PURPOSE_COMPLETION, messages=[message], max_tokens=tokens, course="courses/waves"
    )


async def budget_of(peer: Peer, admin: Caller, **budget: object) -> ops.Budget:
    stub = peer.stub(operations_pb2_grpc.BudgetServiceStub)
    message = ops.Budget(**budget)  # type: ignore[arg-type]
    return await peer.call(stub.UpdateBudget, ops.UpdateBudgetRequest(budget=message), admin)


@pytest.mark.parametrize("dollars", [-1.0, 1e230, float("inf"), float("nan")])
async def test_limits_that_nobody_can_count_are_refused(one: Remote, admin: Caller, dollars: float) -> None:
    async with inference(providers_json(one)) as peer:
        with pytest.raises(InvalidArgument):
            await budget_of(peer, admin, cost_limit_usd=dollars)


async def usage_of(peer: Peer, caller: Caller, course: str = "") -> ops.Usage:
    stub = peer.stub(operations_pb2_grpc.UsageServiceStub)
    return await peer.call(stub.GetUsage, ops.GetUsageRequest(course=course), caller)


async def test_the_ledger_adds_up_to_what_the_provider_served(one: Remote, student: Caller) -> None:
    async with (
        inference(providers_json(one), prices=PRICES) as here,
        inference(providers_json(one), prices=PRICES) as there,
    ):
        await asyncio.gather(
            *(events_of(peer, completion("What?"), student) for peer in (here, there) for _ in range(5))
        )
        served = await one.counts()
        total = ops.Usage.Totals()
        while total.calls < 10:
            total = (await usage_of(here, student)).totals

    assert (total.prompt_tokens, total.completion_tokens) == (served["prompt_tokens"], served["completion_tokens"])
    assert total.cost_usd == pytest.approx((total.prompt_tokens + 2 * total.completion_tokens) / 1_000_000)
    assert total.unpriced_calls == 0


async def test_students_see_their_own_usage_and_unknown_prices_are_said_to_be_unknown(
    one: Remote, student: Caller, admin: Caller
) -> None:
    async with inference(providers_json(one)) as peer:
        await events_of(peer, completion("What?"), student)
        await events_of(peer, completion("What?"), Caller(student.tenant, "ben"))
        while len(lines := (await usage_of(peer, admin)).lines) < 2:
            pass
        own = (await usage_of(peer, student)).lines
        course = await usage_of(peer, admin, course="courses/waves")

    assert {line.user for line in lines} == {"ada", "ben"}
    assert [(line.user, line.purpose, line.provider) for line in own] == [("ada", "completion", "p1")]
    assert (course.totals.calls, course.totals.unpriced_calls, course.totals.cost_usd) == (2, 2, 0)


async def test_a_budget_for_ten_lets_ten_of_fifty_pass_over_two_processes(
    one: Remote, student: Caller, admin: Caller
) -> None:
    await one.script(words=30, words_per_second=100)
    one_call = 30 + 10  # the answer at its longest, and about as many tokens as the prompt has
    async with inference(providers_json(one)) as here, inference(providers_json(one)) as there:
        await budget_of(here, admin, user="ada", token_limit=10 * one_call)
        calls = [events_of(peer, completion("What is it?"), student) for peer in (here, there) for _ in range(25)]
        answers = await asyncio.gather(*calls, return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, ResourceExhausted)]
    assert {error.reason for error in refused} == {Reason.BUDGET_EXHAUSTED}
    assert 1 <= len(answers) - len(refused) <= 10
    assert (await one.counts())["requests"] == len(answers) - len(refused)


async def test_a_budget_holds_on_the_way_to_another_provider(
    one: Remote, two: Remote, student: Caller, admin: Caller
) -> None:
    await one.script(words=30, cut_after=20)
    await two.script(words=30)
    async with inference(providers_json(one, two)) as peer:
        answer = await events_of(peer, completion("What is it?"), student)
        while len(lines := (await usage_of(peer, student)).lines) < 2:
            pass
        await budget_of(peer, admin, user="ada", token_limit=50)  # enough for one provider, not for the way on
        with pytest.raises(ResourceExhausted) as raised:
            await events_of(peer, completion("What is it?"), student)

    assert numbers_in(text_of(answer)) == list(range(1, 31))
    assert {line.provider: line.totals.calls for line in lines} == {"p1": 1, "p2": 1}
    assert raised.value.reason is Reason.BUDGET_EXHAUSTED
    assert ((await one.counts())["requests"], (await two.counts())["requests"]) == (2, 1)


async def test_without_redis_each_process_holds_limits_of_its_own(one: Remote, student: Caller) -> None:
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    async with inference(providers_json(one), user_requests_per_minute=2, redis_url=nobody) as peer:
        for text in ("What is a wave?", "What is a wave?"):
            events = await events_of(peer, question(text), student)
            assert numbers_in(text_of(events)) == list(range(1, 31))
        with pytest.raises(ResourceExhausted) as raised:
            await events_of(peer, completion("What?"), student)

    assert raised.value.reason is Reason.RATE_LIMITED
    assert (await one.counts())["requests"] == 2


async def test_a_user_who_asks_too_often_is_told_when_to_come_back(one: Remote, student: Caller) -> None:
    async with inference(providers_json(one), user_requests_per_minute=2) as peer:
        for _ in range(2):
            await events_of(peer, completion("What?"), student)
        with pytest.raises(ResourceExhausted) as raised:
            await events_of(peer, completion("What?"), student)
        await events_of(peer, completion("What?"), Caller(student.tenant, "ben"))

    assert raised.value.reason is Reason.RATE_LIMITED
    assert raised.value.retry_after is not None
    assert 0 < raised.value.retry_after <= 30


async def test_when_a_provider_is_full_the_next_one_serves(one: Remote, two: Remote, student: Caller) -> None:
    providers = providers_json(one, two, limits={"requestsPerMinute": 1})
    async with inference(providers) as peer:
        answers = [await events_of(peer, completion("What?"), student) for _ in range(2)]

    assert [events[-1].finish.provider for events in answers] == ["p1", "p2"]


async def test_when_all_are_full_a_turn_waits_in_line_and_is_told_its_place(one: Remote, student: Caller) -> None:
    async with inference(providers_json(one, limits={"requestsPerMinute": 60}), queue_seconds=15) as peer:
        await asyncio.gather(*(events_of(peer, completion("What?"), student) for _ in range(60)))
        late = await asyncio.gather(*(events_of(peer, completion("What?"), student) for _ in range(3)))

    notices = [event.notice for events in late for event in events if event.HasField("notice")]
    assert {notice.kind for notice in notices} == {"waiting"}
    assert "number 1 in line" in notices[0].text
    assert all(numbers_in(text_of(events)) == list(range(1, 31)) for events in late)


async def test_past_its_patience_a_turn_is_answered_with_the_passages(one: Remote, student: Caller) -> None:
    async with inference(providers_json(one, limits={"requestsPerMinute": 1}), queue_seconds=0.2) as peer:
        await events_of(peer, completion("What?"), student)
        events = await events_of(peer, question(), student)

    assert events[-1].finish.degraded


@pytest.mark.parametrize("history", [[], [pb.PromptMessage(role=pb.PromptMessage.USER, text="And before?")]])
async def test_models_that_stay_full_or_silent_leave_time_to_answer_with_the_passages(
    one: Remote, student: Caller, history: Any
) -> None:
    await one.script(stall_after=0)
    async with inference(providers_json(one)) as peer:
        events = await events_of(peer, question(history=history), student, timeout=0.8)
    assert events[-1].finish.degraded

    async with inference(providers_json(one, limits={"requestsPerMinute": 1})) as peer:
        await one.script(words=1)
        await events_of(peer, completion("What?"), student)
        events = await events_of(peer, question(history=history), student, timeout=0.8)
    assert events[-1].finish.degraded


async def test_a_turn_without_passages_is_offered_as_a_job(one: Remote, student: Caller) -> None:
    asked = question()
    del asked.tutoring.sources[:]
    async with inference(providers_json(one, limits={"requestsPerMinute": 1})) as peer:
        await events_of(peer, completion("What?"), student)
        with pytest.raises(Unavailable) as raised:
            await events_of(peer, asked, student, timeout=0.8)

    assert (raised.value.reason, raised.value.metadata) == (Reason.PROVIDERS_UNAVAILABLE, {"offer": "enqueue"})


async def test_an_operator_takes_a_provider_out_and_puts_it_back(
    one: Remote, two: Remote, student: Caller, admin: Caller
) -> None:
    providers = providers_json(one, two)
    async with AsyncExitStack() as stack:
        here, there = [await stack.enter_async_context(inference(providers)) for _ in range(2)]
        stub = here.stub(operations_pb2_grpc.ProviderServiceStub)
        await events_of(there, completion("What?"), student)
        opened = await here.call(stub.OpenProvider, ops.OpenProviderRequest(name="providers/p1"), admin)
        while (events := await events_of(there, completion("What?"), student))[-1].finish.provider == "p1":
            pass
        await here.call(stub.CloseProvider, ops.CloseProviderRequest(name="providers/p1"), admin)
        back = await events_of(here, completion("What?"), student)
        listed = await here.call(stub.ListProviders, ops.ListProvidersRequest(), admin)

    assert (opened.keys[0].state, opened.keys[0].forced) == (ops.Provider.OPEN, True)
    assert events[-1].finish.provider == "p2"
    assert back[-1].finish.provider == "p1"
    assert [provider.name for provider in listed.providers] == ["providers/p1", "providers/p2"]
    assert listed.providers[0].first_token_seconds > 0
