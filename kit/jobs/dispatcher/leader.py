"""The rounds of the dispatcher that leads; the others wait for its lease to run out."""

import asyncio
import contextlib
import time

import structlog

from kit.errors import LecternError
from kit.jobs.dispatcher.governor import Governor
from kit.jobs.dispatcher.releases import Releases
from kit.jobs.dispatcher.schedules import Schedules
from kit.jobs.ports import Leadership
from kit.jobs.webhooks.announcing import Announcing

RENEWALS_PER_LEASE = 3

log = structlog.get_logger()


class Leader:
    """Nothing depends on there being only one: two that lead for a moment do the same work twice."""

    def __init__(
        self,
        holder: str,
        leadership: Leadership,
        governor: Governor,
        releases: Releases,
        schedules: Schedules,
        announcing: Announcing,
        *,
        lease: float,
        tick: float,
        audit_every: float,
    ) -> None:
        """Times are in seconds."""
        self._holder = holder
        self._leadership = leadership
        self._governor = governor
        self._releases = releases
        self._schedules = schedules
        self._announcing = announcing
        self._lease = lease
        self._tick = tick
        self._audit_every = audit_every
        self._leads_until = 0.0
        self._audited = 0.0
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Goes on until `stop`, then resigns, so that a standby follows at once."""
        while not self._ending.is_set():
            try:
                if await self._leads():
                    await self.round()
            except LecternError as error:
                log.warning("round_failed", cause=error.message)
            except Exception:
                log.exception("round_broke")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), self._tick)
        with contextlib.suppress(LecternError):
            await self._leadership.resign(self._holder)

    def stop(self) -> None:
        """Ends `run` after the round that is under way."""
        self._ending.set()

    async def round(self) -> None:
        """Looks at everything once. A room that was flushed is filled before its queues open."""
        now = time.monotonic()
        if await self._governor.flushed() or now - self._audited > self._audit_every:
            missing = await self._releases.audit()
            self._audited = now
            if missing:
                log.info("room_completed", jobs=missing)
        await self._governor.govern()
        await self._releases.advance()
        await self._schedules.fire()
        await self._announcing.announce()

    async def _leads(self) -> bool:
        now = time.monotonic()
        if now < self._leads_until - self._lease * (1 - 1 / RENEWALS_PER_LEASE):
            return True
        led = self._leads_until > now
        leads = await self._leadership.lead(self._holder, self._lease)
        self._leads_until = now + self._lease if leads else 0.0
        if leads and not led:
            self._audited = 0.0
            log.info("leading", dispatcher=self._holder)
        return leads
