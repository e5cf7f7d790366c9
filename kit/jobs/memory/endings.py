"""What becomes of a job when an attempt ends, or is left behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kit.errors import Reason
from kit.jobs.model import Failed, Failure, Job, Outcome, Postponed, State, Succeeded

POISON = Failure(Reason.INTERNAL.value, "the process that ran it died too often; it is quarantined")


def settled(job: Job, outcome: Outcome) -> Job:
    match outcome:
        case Succeeded(result):
            return replace(job, state=State.SUCCEEDED, progress=100, result=result, failure=None)
        case Failed(failure, retry_in):
            return _failed(replace(job, failures=job.failures + 1, failure=failure, message=failure.message), retry_in)
        case Postponed(seconds, message):
            waiting = replace(job, state=State.QUEUED, attempt=job.attempt - 1, message=message or job.message)
            return replace(waiting, delayed=seconds > 0, due=_after(seconds))
        case _:
            return replace(job, state=State.CANCELLED)


def left_behind(job: Job, max_crashes: int, now: datetime) -> Job:
    """Without a worker a job is queued again, unless it crashed too often or was asked to stop."""
    crashed = replace(job, crashes=job.crashes + 1, worker="", leased_until=None, delayed=False)
    if crashed.crashes >= max_crashes:
        return replace(crashed, state=State.FAILED, quarantined=True, failure=POISON, ended=now)
    if job.cancel_requested:
        return replace(crashed, state=State.CANCELLED, ended=now)
    return replace(crashed, state=State.QUEUED)


def _failed(job: Job, retry_in: float | None) -> Job:
    if retry_in is None:
        return replace(job, state=State.FAILED)
    if job.cancel_requested:  # who was asked to stop while failing does not try again
        return replace(job, state=State.CANCELLED, delayed=False)
    return replace(job, state=State.QUEUED, delayed=True, due=_after(retry_in))


def _after(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
