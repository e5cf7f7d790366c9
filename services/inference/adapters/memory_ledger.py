"""The ledger in the process's own memory: for tests."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from kit.errors import Reason, ResourceExhausted
from services.inference.model.spending import Amount, Budget, Charge, Line, Payer

Key = tuple[str, str, str]


def scopes(payer: Payer) -> list[Key]:
    """The budgets that a payer draws on: the tenant's, the user's and the course's."""
    found = [(payer.tenant, "", ""), (payer.tenant, payer.user, "")]
    return [*found, (payer.tenant, "", payer.course)] if payer.course else found


class MemoryLedger:
    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._budgets: dict[Key, Budget] = {}
        self._windows: dict[Key, str] = {}
        self._held: defaultdict[Key, dict[str, Amount]] = defaultdict(dict)
        self._charges: list[tuple[date, Charge]] = []

    async def reserve(self, payer: Payer, amount: Amount) -> str:
        concerned = [key for key in scopes(payer) if key in self._budgets]
        for key in concerned:
            if not self._fits(key, amount):
                raise ResourceExhausted("the budget is spent", Reason.BUDGET_EXHAUSTED)
        reservation = uuid.uuid4().hex if concerned else ""
        for key in concerned:
            self._held[key][reservation] = amount
        return reservation

    def charge(self, charge: Charge) -> None:
        self._charges.append((self._clock().date(), charge))

    async def settle(self, payer: Payer, reservation: str, charge: Charge | None) -> None:
        for key in scopes(payer):
            self._held[key].pop(reservation, None)
            if charge is not None and key in self._budgets:
                budget = self._current(key)
                spent = budget.spent_tokens + charge.usage.total
                self._budgets[key] = replace(
                    budget, spent_tokens=spent, spent_cost=budget.spent_cost + (charge.cost or 0)
                )
        if charge is not None:
            self.charge(charge)

    async def usage(self, tenant: str, user: str, course: str, first: date, last: date) -> Sequence[Line]:
        sums: defaultdict[tuple[str, str, str, str, str], list[int]] = defaultdict(lambda: [0] * 5)
        for day, charge in self._charges:
            payer = charge.payer
            if payer.tenant == tenant and first <= day <= last and user in ("", payer.user):
                if course not in ("", payer.course):
                    continue
                key = (payer.user, payer.course, charge.provider, charge.model, charge.purpose)
                taken = (1, charge.usage.prompt_tokens, charge.usage.completion_tokens, charge.cost or 0)
                for at, value in enumerate((*taken, int(charge.cost is None))):
                    sums[key][at] += value
        lines = [Line(*key, *sums[key]) for key in sums]
        return sorted(lines, key=lambda line: -(line.prompt_tokens + line.completion_tokens))

    async def erase(self, tenant: str, user: str) -> None:
        self._charges = [
            (day, charge) for day, charge in self._charges if (charge.payer.tenant, charge.payer.user) != (tenant, user)
        ]
        self._budgets.pop((tenant, user, ""), None)

    async def budgets(self, tenant: str) -> Sequence[Budget]:
        return [
            replace(self._current(key), reserved_tokens=sum(held.tokens for held in self._held[key].values()))
            for key in self._budgets
            if key[0] == tenant
        ]

    async def set_budget(self, budget: Budget) -> Budget:
        key = (budget.tenant, budget.user, budget.course)
        if not budget.token_limit and not budget.cost_limit:
            self._budgets.pop(key, None)
            return budget
        before = self._budgets.get(key, budget)
        self._budgets[key] = replace(budget, spent_tokens=before.spent_tokens, spent_cost=before.spent_cost)
        return self._current(key)

    def _fits(self, key: Key, amount: Amount) -> bool:
        budget, held = self._current(key), self._held[key].values()
        tokens = budget.spent_tokens + sum(each.tokens for each in held) + amount.tokens
        cost = budget.spent_cost + sum(each.cost or 0 for each in held) + (amount.cost or 0)
        if budget.token_limit and tokens > budget.token_limit:
            return False
        return not budget.cost_limit or (amount.cost is not None and cost <= budget.cost_limit)

    def _current(self, key: Key) -> Budget:
        """The budget with its spending counted anew where its period has begun anew."""
        budget = self._budgets[key]
        window = budget.period.window(self._clock())
        if self._windows.get(key, window) != window:
            budget = self._budgets[key] = replace(budget, spent_tokens=0, spent_cost=0)
        self._windows[key] = window
        return budget
