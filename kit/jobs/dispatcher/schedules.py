"""Jobs that are submitted by the clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from kit.auth.caller import Caller
from kit.jobs.dispatcher.cron import Cron
from kit.jobs.model import Submission
from kit.jobs.ports import ScheduleMarks
from kit.jobs.submitting import Jobs

# What nobody submitted for so long, because no dispatcher led, is submitted late and once.
LATEST = timedelta(days=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Schedule:
    """Submits a job at the times of `cron`, on behalf of `caller`."""

    name: str
    cron: Cron
    submission: Submission
    caller: Caller


class Schedules:
    """Each time is submitted once: the key of its job names the schedule and the minute."""

    def __init__(
        self,
        schedules: Sequence[Schedule],
        marks: ScheduleMarks,
        jobs: Jobs,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._schedules = schedules
        self._marks = marks
        self._jobs = jobs
        self._now = now

    async def fire(self) -> None:
        """Submits what is due; of several missed times the last alone. A new schedule starts with its next time."""
        now = self._now()
        for schedule in self._schedules:
            last = await self._marks.last(schedule.name)
            if last is None:
                await self._marks.mark(schedule.name, now)
                continue
            due = schedule.cron.latest(max(last, now - LATEST), now)
            if due is not None:
                key = f"{schedule.name}@{due.isoformat()}"
                await self._jobs.submit(schedule.caller, replace(schedule.submission, key=key))
                await self._marks.mark(schedule.name, due)
                log.info("schedule_fired", schedule=schedule.name, due=due.isoformat())
