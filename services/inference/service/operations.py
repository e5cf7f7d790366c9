"""What operators see and set: providers, usage, budgets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from kit.auth.caller import Caller
from kit.breaker.model import Standing, State
from kit.breaker.ports import Board
from kit.errors import InvalidArgument, NotFound, PermissionDenied
from services.inference.model.providers import Provider
from services.inference.model.spending import Budget, Line
from services.inference.ports import Ledger
from services.inference.service.catalog import Catalog


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """A provider with the breakers of its keys; `first_token` in seconds."""

    provider: Provider
    standings: Sequence[Standing]
    first_token: float

    @property
    def error_rate(self) -> float:
        requests = sum(standing.requests for standing in self.standings)
        return sum(standing.failures for standing in self.standings) / requests if requests else 0.0


class Providers:
    """The providers and their breakers."""

    def __init__(self, catalog: Catalog, breakers: Board, first_token: Callable[[str], float]) -> None:
        """`first_token` tells a provider's seconds to the first token."""
        self._catalog, self._breakers, self._first_token = catalog, breakers, first_token

    async def list(self) -> Sequence[ProviderStatus]:
        return [await self._status(provider) for provider in self._catalog.providers]

    async def open(self, name: str) -> ProviderStatus:
        provider = self._provider(name)
        for route in provider.routes:
            await self._breakers.force(route, State.OPEN)
        return await self._status(provider)

    async def close(self, name: str) -> ProviderStatus:
        provider = self._provider(name)
        for route in provider.routes:
            await self._breakers.reset(route)
        return await self._status(provider)

    async def _status(self, provider: Provider) -> ProviderStatus:
        routes = provider.routes
        standings: Mapping[str, Standing] = await self._breakers.standings(routes)
        return ProviderStatus(provider, [standings[route] for route in routes], self._first_token(provider.name))

    def _provider(self, name: str) -> Provider:
        for provider in self._catalog.providers:
            if provider.name == name:
                return provider
        raise NotFound("no such provider")


class Spending:
    """Usage and budgets of the caller's tenant."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._ledger, self._clock = ledger, clock

    async def usage(
        self, caller: Caller, user: str, course: str, first: date | None, last: date | None
    ) -> Sequence[Line]:
        """Students see their own; the current month where no days are given."""
        if not caller.is_teacher:
            if user not in ("", caller.user):
                raise PermissionDenied("students see their own usage")
            user = caller.user
        today = self._clock().date()
        return await self._ledger.usage(caller.tenant, user, course, first or today.replace(day=1), last or today)

    async def usage_of(self, caller: Caller) -> Sequence[Line]:
        """All that the caller's own calls took."""
        return await self._ledger.usage(caller.tenant, caller.user, "", date.min, self._clock().date())

    async def erase(self, caller: Caller) -> None:
        """Forgets the caller's own usage and budget."""
        await self._ledger.erase(caller.tenant, caller.user)

    async def budgets(self, caller: Caller) -> Sequence[Budget]:
        return await self._ledger.budgets(caller.tenant)

    async def set_budget(self, caller: Caller, budget: Budget) -> Budget:
        if budget.user and budget.course:
            raise InvalidArgument("a budget is a user's or a course's, not both", field="budget")
        if budget.token_limit < 0 or budget.cost_limit < 0:
            raise InvalidArgument("a limit is not negative", field="budget")
        if budget.tenant != caller.tenant:
            raise NotFound("no such tenant")
        return await self._ledger.set_budget(budget)
