"""What follows from a turn without delaying it: jobs, kept before the turn's end is told."""

import asyncio
import time

import structlog

from kit.auth.caller import Caller
from kit.errors import LecternError
from kit.jobs.model import Submission
from kit.jobs.submitting import Jobs
from services.threads.model import CourseKey, Thread, Turn

# Longer than a turn needs to become readable once it has ended.
SETTLING_SECONDS = 5.0
COURSES_REMEMBERED = 10_000

log = structlog.get_logger()


class Aftermath:
    """An observer of threads that submits their jobs; a job that can't be kept refuses no turn."""

    def __init__(self, jobs: Jobs, *, analytics_every: float) -> None:
        """The questions of a course are counted every `analytics_every` seconds at the most."""
        self._jobs = jobs
        self._every = analytics_every
        self._submitted: dict[CourseKey, int] = {}
        self._releases: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Waits for what is being released."""
        await asyncio.gather(*self._releases, return_exceptions=True)

    async def turn_began(self, caller: Caller, turn: Turn) -> None:
        """Nothing follows yet."""

    async def turn_ended(self, caller: Caller, turn: Turn) -> None:
        if turn.sequence == 1:
            await self._submit(caller, Submission("generate_title", {"thread": turn.thread}, key=turn.thread))
        await self._count(caller, CourseKey(caller.tenant, turn.course))

    async def thread_changed(self, caller: Caller, thread: Thread) -> None:
        """Nothing follows."""

    async def thread_deleted(self, caller: Caller, thread: str) -> None:
        """Nothing follows."""

    async def _count(self, caller: Caller, course: CourseKey) -> None:
        """One job counts all that ends within a window; it runs once that is over, so that it misses nothing."""
        window = int(time.time() // self._every)
        if self._submitted.get(course) == window:
            return
        if len(self._submitted) >= COURSES_REMEMBERED:
            self._submitted.clear()
        self._submitted[course] = window
        key, delay = f"{course.course}@{window}", self._every + SETTLING_SECONDS
        await self._submit(caller, Submission("record_analytics", {"course": course.course}, key, delay))

    async def _submit(self, caller: Caller, submission: Submission) -> None:
        try:
            job = await self._jobs.accept(caller, submission)
        except LecternError as error:
            log.warning("job_not_submitted", kind=submission.kind, error=error.message)
            return
        # Redis may be slow or away: the dispatcher releases what this does not.
        release = asyncio.create_task(self._jobs.release(job))
        self._releases.add(release)
        release.add_done_callback(self._releases.discard)
