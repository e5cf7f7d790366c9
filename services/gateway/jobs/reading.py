"""Reading and watching jobs."""

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kit.auth.caller import Caller
from kit.errors import NotFound
from kit.jobs.model import Job
from kit.jobs.ports import JobQuery, JobStore
from kit.jobs.redis.room import channel_of
from kit.pagination import PageTokens
from kit.turnlog.wakes import Wakes, woken_within

# A wake may be lost with its connection: watchers look again in any case.
LOOK_AGAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class JobPage:
    jobs: list[Job]
    next_token: str


class JobReader:
    """The caller's jobs; for admins those of their tenant."""

    def __init__(self, store: JobStore, wakes: Wakes, tokens: PageTokens, *, heartbeat: float) -> None:
        """A watched job that does not change is sent again every `heartbeat` seconds."""
        self._store = store
        self._wakes = wakes
        self._tokens = tokens
        self._heartbeat = heartbeat

    async def get(self, caller: Caller, name: str) -> Job:
        job = await self._store.find(caller, name)
        if job is None:
            raise NotFound("no such job")
        return job

    async def page(self, caller: Caller, query: JobQuery, token: str) -> JobPage:
        scope = f"jobs:{caller.tenant}:{caller.user}:{query.queue}:{query.state}:{query.kind}"
        cursor = self._tokens.decode(token, scope)
        after = (datetime.fromtimestamp(cursor[0] / 1000, UTC), str(cursor[1])) if cursor else None
        jobs = await self._store.page(caller, replace(query, limit=query.limit + 1, after=after))
        if len(jobs) <= query.limit:
            return JobPage(jobs, "")
        last = jobs[query.limit - 1]
        return JobPage(jobs[:-1], self._tokens.encode(scope, [round(last.created.timestamp() * 1000), last.id]))

    async def watch(self, caller: Caller, name: str) -> AsyncGenerator[Job, None]:
        """The job as it is, then whenever it changes, until it has ended."""
        async with self._wakes.waiting(channel_of(name)) as woken:
            shown, shown_at = None, 0.0
            while True:
                woken.clear()
                job = await self.get(caller, name)
                if replace(job, leased_until=None) != shown or time.monotonic() - shown_at >= self._heartbeat:
                    shown, shown_at = replace(job, leased_until=None), time.monotonic()
                    yield job
                if job.state.ended:
                    return
                await woken_within(woken, LOOK_AGAIN_SECONDS)
