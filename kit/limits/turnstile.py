"""What every call of a user passes: one step for the user, one for the tenant."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from kit.auth.caller import Caller
from kit.errors import Reason, ResourceExhausted
from kit.limits.memory import MemoryPermits
from kit.limits.ports import Permits, Taken
from kit.outage import Outage

# A hundredth of a minute's permits are fetched at once, so that few calls wait for Redis.
SHARE = 100
MOST_AHEAD = 32
# What was fetched and is not used goes stale, and is the price of it.
STALE_SECONDS = 2.0
MOST_BUCKETS = 20_000


class Turnstile:
    """Calls between services pass: whoever asked for them was counted before."""

    def __init__(
        self,
        permits: Permits,
        outage: Outage,
        *,
        user_per_minute: int,
        tenant_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """0 a minute is without a limit. While Redis is away each process counts for itself."""
        self._permits = permits
        self._outage = outage
        self._local = MemoryPermits(clock)
        self._user = user_per_minute
        self._tenant = tenant_per_minute
        self._clock = clock
        self._ahead: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._fetches: dict[str, asyncio.Future[Taken]] = {}

    async def admit(self, caller: Caller) -> None:
        """Raises ResourceExhausted (RATE_LIMITED) that says when to come back."""
        if caller.service:
            return
        for bucket, per_minute in (
            (f"user:{caller.tenant}/{caller.user}", self._user),
            (f"tenant:{caller.tenant}", self._tenant),
        ):
            if per_minute:
                await self._pass(bucket, per_minute)

    async def _pass(self, bucket: str, per_minute: int) -> None:
        while not self._use(bucket):
            fetch = self._fetches.get(bucket)
            if fetch is None:
                fetch = self._fetches[bucket] = asyncio.ensure_future(self._fetch(bucket, per_minute))
                fetch.add_done_callback(lambda _: self._fetches.pop(bucket, None))
            taken = await asyncio.shield(fetch)
            if not taken.permits:
                raise ResourceExhausted("too many calls", Reason.RATE_LIMITED, retry_after=max(taken.wait, 0.05))

    def _use(self, bucket: str) -> bool:
        """Whether one of the permits that were fetched was left."""
        left, fetched = self._ahead.get(bucket, (0, 0.0))
        if not left or self._clock() - fetched > STALE_SECONDS:
            return False
        self._ahead[bucket] = (left - 1, fetched)
        return True

    async def _fetch(self, bucket: str, per_minute: int) -> Taken:
        """For all who wait for it."""
        taken = await self._take(bucket, per_minute)
        self._ahead[bucket] = (taken.permits, self._clock())
        self._ahead.move_to_end(bucket)
        if len(self._ahead) > MOST_BUCKETS:
            self._ahead.popitem(last=False)
        return taken

    async def _take(self, bucket: str, per_minute: int) -> Taken:
        wanted = max(1, min(MOST_AHEAD, per_minute // SHARE))
        return await self._outage.guard(
            lambda: self._permits.take(bucket, per_minute, wanted),
            lambda: self._local.take(bucket, per_minute, wanted),
        )
