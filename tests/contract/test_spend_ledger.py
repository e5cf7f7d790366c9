"""Every ledger adds up, and no budget is overdrawn."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from kit import mongo
from kit.breaker.guard import Guard
from kit.breaker.memory import MemoryBoard
from kit.errors import Reason, ResourceExhausted
from kit.settings import CommonSettings
from services.inference.adapters.memory_ledger import MemoryLedger
from services.inference.adapters.mongo_ledger import MongoLedger
from services.inference.model.generation import Usage
from services.inference.model.spending import NANOS, Amount, Budget, Charge, Payer, Period
from services.inference.ports import Ledger

TODAY = datetime.now(UTC).date()


@pytest.fixture(params=["memory", "mongodb"])
async def ledger(request: pytest.FixtureRequest) -> AsyncIterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    client = mongo.connect(CommonSettings(mongodb_uri=request.getfixturevalue("mongodb_uri")))
    kept = MongoLedger(client["spend_contract"], Guard(MemoryBoard(), "mongodb", "away"))
    yield kept
    await kept.close()
    await client.close()


@pytest.fixture
def payer() -> Payer:
    return Payer(uuid4().hex, "ada", "courses/waves")


def charge(payer: Payer, prompt: int = 10, completion: int = 5, cost: int | None = 7) -> Charge:
    return Charge(payer, "p1", "m", "chat", Usage(prompt, completion), cost)


async def test_charges_of_one_kind_are_summed(ledger: Ledger, payer: Payer) -> None:
    for cost in (7, 8, None):
        await ledger.settle(payer, "", charge(payer, cost=cost))

    (line,) = await ledger.usage(payer.tenant, "", "", TODAY, TODAY)

    assert (line.user, line.course, line.provider, line.purpose) == ("ada", "courses/waves", "p1", "chat")
    assert (line.calls, line.prompt_tokens, line.completion_tokens) == (3, 30, 15)
    assert (line.cost, line.unpriced_calls) == (15, 1)


async def test_usage_is_told_by_user_and_course_and_never_of_another_tenant(ledger: Ledger, payer: Payer) -> None:
    ben = Payer(payer.tenant, "ben", "courses/sound")
    for each in (payer, ben, Payer(uuid4().hex, "ada", "courses/waves")):
        await ledger.settle(each, "", charge(each))

    assert len(await ledger.usage(payer.tenant, "", "", TODAY, TODAY)) == 2
    assert [line.user for line in await ledger.usage(payer.tenant, "ben", "", TODAY, TODAY)] == ["ben"]
    assert [line.user for line in await ledger.usage(payer.tenant, "", "courses/waves", TODAY, TODAY)] == ["ada"]


async def test_what_is_erased_is_the_users_alone(ledger: Ledger, payer: Payer) -> None:
    ben = Payer(payer.tenant, "ben", payer.course)
    for each in (payer, ben):
        await ledger.settle(each, "", charge(each))
        await ledger.set_budget(Budget(each.tenant, each.user, token_limit=1))
    await ledger.set_budget(Budget(payer.tenant, token_limit=1000))

    await ledger.erase(payer.tenant, payer.user)

    assert [line.user for line in await ledger.usage(payer.tenant, "", "", TODAY, TODAY)] == ["ben"]
    assert sorted(budget.user for budget in await ledger.budgets(payer.tenant)) == ["", "ben"]


async def test_a_charge_counts_as_soon_as_it_is_settled(ledger: Ledger, payer: Payer) -> None:
    for calls in range(1, 21):
        await ledger.settle(payer, "", charge(payer))
        await asyncio.sleep(0)  # the write begins

        (line,) = await ledger.usage(payer.tenant, "", "", TODAY, TODAY)

        assert line.calls == calls


async def test_without_a_budget_nothing_is_set_aside(ledger: Ledger, payer: Payer) -> None:
    assert await ledger.reserve(payer, Amount(1_000_000, None)) == ""


@pytest.mark.parametrize(("user", "course"), [("", ""), ("ada", ""), ("", "courses/waves")])
async def test_as_many_calls_pass_as_there_is_budget_for(ledger: Ledger, payer: Payer, user: str, course: str) -> None:
    await ledger.set_budget(Budget(payer.tenant, user, course, token_limit=100))

    async def passes() -> bool:
        try:
            await ledger.reserve(payer, Amount(10, None))
        except ResourceExhausted:
            return False
        return True

    assert sum(await asyncio.gather(*(passes() for _ in range(25)))) == 10
    (budget,) = await ledger.budgets(payer.tenant)
    assert (budget.reserved_tokens, budget.spent_tokens) == (100, 0)


async def test_settling_spends_what_was_used_and_frees_the_rest(ledger: Ledger, payer: Payer) -> None:
    await ledger.set_budget(Budget(payer.tenant, token_limit=100))
    reservation = await ledger.reserve(payer, Amount(90, None))

    await ledger.settle(payer, reservation, charge(payer))

    (budget,) = await ledger.budgets(payer.tenant)
    assert (budget.reserved_tokens, budget.spent_tokens) == (0, 15)
    assert await ledger.reserve(payer, Amount(85, None))


async def test_a_call_that_failed_frees_all(ledger: Ledger, payer: Payer) -> None:
    await ledger.set_budget(Budget(payer.tenant, token_limit=100))
    reservation = await ledger.reserve(payer, Amount(100, None))

    await ledger.settle(payer, reservation, None)

    assert await ledger.reserve(payer, Amount(100, None))


async def test_a_refusal_by_one_budget_sets_nothing_aside_in_another(ledger: Ledger, payer: Payer) -> None:
    await ledger.set_budget(Budget(payer.tenant, token_limit=100))
    await ledger.set_budget(Budget(payer.tenant, user="ada", token_limit=10))

    with pytest.raises(ResourceExhausted) as raised:
        await ledger.reserve(payer, Amount(50, None))
    assert raised.value.reason is Reason.BUDGET_EXHAUSTED

    assert [budget.reserved_tokens for budget in await ledger.budgets(payer.tenant)] == [0, 0]


async def test_a_limit_on_cost_refuses_what_has_no_known_price(ledger: Ledger, payer: Payer) -> None:
    await ledger.set_budget(Budget(payer.tenant, cost_limit=NANOS))

    with pytest.raises(ResourceExhausted):
        await ledger.reserve(payer, Amount(10, None))
    assert await ledger.reserve(payer, Amount(10, NANOS))


async def test_changing_a_limit_keeps_what_is_spent_and_no_limit_removes_the_budget(
    ledger: Ledger, payer: Payer
) -> None:
    await ledger.set_budget(Budget(payer.tenant, token_limit=100))
    await ledger.settle(payer, await ledger.reserve(payer, Amount(20, None)), charge(payer))

    changed = await ledger.set_budget(Budget(payer.tenant, token_limit=200, period=Period.TOTAL))
    assert changed.token_limit == 200

    await ledger.set_budget(Budget(payer.tenant))
    assert list(await ledger.budgets(payer.tenant)) == []
