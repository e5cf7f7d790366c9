"""In which order, and after which pauses, the routes of one call are tried."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import structlog

from kit import deadline
from kit.breaker.ports import Board
from kit.errors import DeadlineExceeded, LecternError, Reason, Unavailable
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.generation import Notice
from services.inference.model.providers import Route
from services.inference.ports import Verdict
from services.inference.service.admission import Admission, Grant

ROUNDS = 3
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 2.0
LONGEST_LOOK = 0.5
DEFAULT_REST = 1.0  # for a 429 that does not say how long

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Try:
    """A route that may be called now, with what was reserved for the call."""

    route: Route
    grant: Grant


class Plan:
    """The tries of one call: every route once, in order; then, after a pause, those again that may get well."""

    def __init__(self, routes: Sequence[Route], breakers: Board, admission: Admission, patience: float) -> None:
        """`patience` is how many seconds the call waits at the most while all routes are at their limits."""
        self._routes = list(routes)
        self._breakers, self._admission = breakers, admission
        self._patience = deadline.within(patience)
        self._place, self._tried = 0, 0
        self._full: Verdict | None = None

    async def tries(self) -> AsyncGenerator[Try | Notice, None]:
        """What to try next, at most three times each; notices tell the place in line while all is full."""
        rounds = 0
        try:
            while rounds < ROUNDS and self._routes:
                before, self._full = self._tried, None
                async for each in self._sweep():
                    yield each
                if self._tried > before:
                    rounds += 1
                    if rounds == ROUNDS or not await _pause(rounds):
                        return
                elif self._full is None:
                    return  # every route rests or is broken: waiting would keep the reader from other help
                else:
                    if notice := self._waiting(self._full):
                        yield notice
                    if not await self._look_again(self._full):
                        return
        finally:
            await self._admission.leave()

    async def _sweep(self) -> AsyncGenerator[Try, None]:
        """Every route that may be called now, once; where all are full, the call takes its place in line."""
        for route in list(self._routes):
            # One try may show of what use others are.
            if route in self._routes and await self._breakers.admits(route.id):
                last = route is self._routes[-1]
                answer = await self._admission.reserve(route, queue=last and not self._tried)
                if isinstance(answer, Grant):
                    self._tried += 1
                    yield Try(route, answer)
                else:
                    self._full = answer

    def is_only(self, route: Route) -> bool:
        """Whether there is no other provider to go to."""
        return all(other.provider is route.provider for other in self._routes)

    async def succeeded(self, route: Route) -> None:
        await self._breakers.succeeded(route.id)

    async def failed(self, route: Route, failure: ProviderFailure) -> None:
        """Takes note for the breaker and for the rest of this call."""
        if failure.is_trouble:
            await self._breakers.failed(route.id)
        elif failure.remedy is Remedy.TELL or failure.is_empty:
            await self._breakers.succeeded(route.id)  # it answered; that the request was at fault is not its fault
        if failure.retry_after is not None or failure.outcome == "rate_limited":
            wait = DEFAULT_REST if failure.retry_after is None else failure.retry_after
            log.warning(
                "provider_refused", route=route.id, error=failure.message, outcome=failure.outcome, seconds=wait
            )
            await self._breakers.rest(route.id, wait)
        if failure.is_empty:
            self._routes = [other for other in self._routes if other.provider is not route.provider]
        elif failure.remedy is not Remedy.RETRY:
            self._routes.remove(route)

    def _waiting(self, full: Verdict) -> Notice | None:
        """Tells the place in line, when it has changed."""
        if not full.place or full.place == self._place:
            return None
        self._place = full.place
        return Notice("waiting", f"All models are busy; you are number {full.place} in line.")

    async def _look_again(self, full: Verdict) -> bool:
        pause = min(full.wait, LONGEST_LOOK, self._patience)
        self._patience -= pause
        await asyncio.sleep(pause)
        return self._patience > 0


async def _pause(rounds: int) -> bool:
    """Waits with jitter before another round; False where the deadline leaves no time for one."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (rounds - 1)) * (0.5 + random.random() / 2)
    left = deadline.remaining()
    if left is not None and left <= pause:
        return False
    await asyncio.sleep(pause)
    return True


def exhausted(last: ProviderFailure | None) -> LecternError:
    """What the caller is told when no route is left."""
    left = deadline.remaining()
    if left is not None and left <= 0:
        return DeadlineExceeded(f"the deadline passed before a model could answer{_because(last)}")
    return unanswered(None if last is None else last.retry_after, _because(last))


def _because(last: ProviderFailure | None) -> str:
    return f"; {last.said}" if last is not None else ""


def unanswered(retry_after: float | None = None, because: str = "") -> Unavailable:
    """No model can answer now; a turn that can wait may be asked again as a job. `retry_after` in seconds."""
    return Unavailable(
        f"no model can answer at the moment{because}",
        Reason.PROVIDERS_UNAVAILABLE,
        retry_after=retry_after or 5.0,
        metadata={"offer": "enqueue"},
    )
