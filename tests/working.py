"""A dispatcher in this process and a worker in its own, beside a whole system."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from kit.breaker.roster import connect_roster
from kit.jobs.dispatcher.app import lead
from kit.jobs.health import BreakerHealth
from kit.jobs.model import Job
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import open_grounds
from kit.jobs.policies import POLICIES
from kit.jobs.settings import DispatcherSettings
from kit.jobs.submitting import Jobs
from kit.redis import Redis
from tests.servers import started
from tests.system import System

ROOT = Path(__file__).parents[1]
SECONDS = 60.0


class Works:
    """Submits, reads and waits for jobs of a system, whose worker is started on demand."""

    def __init__(self, system: System, store: MongoJobs, jobs: Jobs, redis: Redis, log: Path) -> None:
        self.system, self.store, self.jobs, self.redis = system, store, jobs, redis
        self._log = log

    @contextmanager
    def worker(self, module: str, **more: object) -> Iterator[subprocess.Popen[bytes]]:
        """A worker process such as `services.threads.worker`, with `more` settings than those of the system."""
        settings = self.system.settings
        env = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
            "LECTERN_LOCAL": "true",
            "LECTERN_DRAIN_SECONDS": "0.2",
            "REDIS_URL": settings.redis_url,
            "MONGODB_URI": settings.mongodb_uri,
            **{
                f"LECTERN_{name.upper()}": str(getattr(settings, name))
                for name in ("jobs_database", "threads_target", "context_target", "inference_target")
            },
            **{f"LECTERN_{name.upper()}": str(value) for name, value in more.items()},
        }
        with started([sys.executable, "-m", module], self._log, env) as process:
            yield process

    async def ended(self, job: str) -> Job:
        """The job of this id or name, once it has ended."""
        found: Job | None = None

        async def over() -> bool:
            nonlocal found
            found = await self.store.get(job.removeprefix("jobs/"))
            return found is not None and found.state.ended

        await until(over)
        assert found is not None
        return found


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110 - the condition is another process's doing
            await asyncio.sleep(0.02)


@asynccontextmanager
async def works(system: System, log: Path) -> AsyncIterator[Works]:
    """Leads the queues of the system until the block ends."""
    common = system.settings
    settings = DispatcherSettings(
        redis_url=common.redis_url,
        mongodb_uri=common.mongodb_uri,
        jobs_database=common.jobs_database,
        dispatcher_tick_seconds=0.05,
        dispatcher_audit_seconds=0.5,
        dispatcher_sweep_seconds=0.5,
    )
    async with AsyncExitStack() as stack:
        grounds = await open_grounds(settings, stack)
        await grounds.redis.flushall()
        await lead(settings, stack, POLICIES, BreakerHealth(connect_roster(settings, stack)))
        store = MongoJobs(grounds.database)
        yield Works(system, store, Jobs(store, grounds.room, grounds.changes, POLICIES), grounds.redis, log)
