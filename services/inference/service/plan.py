"""In which order, and after which pauses, the routes of one call are tried."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence

from kit import deadline
from kit.breaker.ports import Board
from kit.errors import DeadlineExceeded, Reason, Unavailable
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.providers import Route

ROUNDS = 3
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 2.0
DEFAULT_REST = 1.0  # for a 429 that does not say how long


class Plan:
    """The tries of one call: every route once, in order; then, after a pause, those again that may get well."""

    def __init__(self, routes: Sequence[Route], breakers: Board) -> None:
        self._routes = list(routes)
        self._breakers = breakers
        self.tried = 0

    async def tries(self) -> AsyncGenerator[Route, None]:
        """The next route to try, at most three times each and within the deadline."""
        for round_number in range(ROUNDS):
            if round_number and not await self._pause(round_number):
                return
            before = self.tried
            for route in list(self._routes):
                if await self._breakers.admits(route.id):
                    self.tried += 1
                    yield route
            if self.tried == before or not self._routes:
                return  # every route rests or is broken: waiting here would keep the reader from other help

    def is_only(self, route: Route) -> bool:
        """Whether there is no other provider to go to."""
        return all(other.provider is route.provider for other in self._routes)

    async def succeeded(self, route: Route) -> None:
        await self._breakers.succeeded(route.id)

    async def failed(self, route: Route, failure: ProviderFailure) -> None:
        """Takes note for the breaker and for the rest of this call."""
        if failure.is_trouble:
            await self._breakers.failed(route.id)
        elif failure.remedy is Remedy.TELL:
            await self._breakers.succeeded(route.id)  # it answered; that the request was at fault is not its fault
        if failure.retry_after is not None or failure.outcome == "rate_limited":
            wait = DEFAULT_REST if failure.retry_after is None else failure.retry_after
            await self._breakers.rest(route.id, wait)
        if failure.remedy is not Remedy.RETRY:
            self._routes.remove(route)

    async def _pause(self, round_number: int) -> bool:
        """Waits with jitter before another round; False where the deadline leaves no time for one."""
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (round_number - 1)) * (0.5 + random.random() / 2)
        left = deadline.remaining()
        if left is not None and left <= pause:
            return False
        await asyncio.sleep(pause)
        return True


def exhausted(last: ProviderFailure | None) -> Exception:
    """What the caller is told when no route is left."""
    left = deadline.remaining()
    if left is not None and left <= 0:
        return DeadlineExceeded("the deadline passed before a model could answer")
    wait = None if last is None else last.retry_after
    return Unavailable("no model can answer at the moment", Reason.PROVIDERS_UNAVAILABLE, retry_after=wait or 5.0)
