"""What follows from a turn without delaying it: jobs, kept before the turn's end is told."""

import asyncio

import structlog

from kit.auth.caller import Caller
from kit.errors import LecternError
from kit.jobs.model import Submission
from kit.jobs.submitting import Jobs
from services.threads.model import Thread, Turn

log = structlog.get_logger()


class Aftermath:
    """An observer of threads that submits their jobs; a job that can't be kept refuses no turn."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._releases: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Waits for what is being released."""
        await asyncio.gather(*self._releases, return_exceptions=True)

    async def turn_began(self, caller: Caller, turn: Turn) -> None:
        """Nothing follows yet."""

    async def turn_ended(self, caller: Caller, turn: Turn) -> None:
        if turn.sequence == 1:
            await self._submit(caller, Submission("generate_title", {"thread": turn.thread}, key=turn.thread))

    async def thread_changed(self, caller: Caller, thread: Thread) -> None:
        """Nothing follows."""

    async def thread_deleted(self, caller: Caller, thread: str) -> None:
        """Nothing follows."""

    async def _submit(self, caller: Caller, submission: Submission) -> None:
        try:
            job = await self._jobs.accept(caller, submission)
        except LecternError as error:
            log.warning("job_not_submitted", kind=submission.kind, cause=error.message)
            return
        # Redis may be slow or away: the dispatcher releases what this does not.
        release = asyncio.create_task(self._jobs.release(job))
        self._releases.add(release)
        release.add_done_callback(self._releases.discard)
