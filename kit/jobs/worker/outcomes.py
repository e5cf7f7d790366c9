"""What becomes of a job whose attempt ended by an error."""

import structlog

from kit.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    LecternError,
    NotFound,
    PermissionDenied,
    Reason,
)
from kit.jobs.model import Failed, Failure, Job, Outcome, Postponed
from kit.jobs.policies import Policy

# Trying again changes nothing about these.
FINAL = (AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, PermissionDenied)
PROVIDER_PAUSE = 5.0

log = structlog.get_logger()


def outcome_of(error: Exception, job: Job, policy: Policy) -> Outcome:
    """Parked while its provider is away, tried again while attempts are left, failed otherwise."""
    if isinstance(error, LecternError) and error.reason is Reason.PROVIDERS_UNAVAILABLE:
        return Postponed(error.retry_after or PROVIDER_PAUSE, "waits for a model provider")
    failure = _failure(error, job)
    tries = job.failures + 1
    if isinstance(error, FINAL) or tries >= job.max_attempts:
        return Failed(failure)
    pause = policy.pause_after(tries)
    if isinstance(error, LecternError) and error.retry_after and error.reason is not Reason.BUDGET_EXHAUSTED:
        pause = max(pause, error.retry_after)
    return Failed(failure, retry_in=pause)


def _failure(error: Exception, job: Job) -> Failure:
    if isinstance(error, LecternError):
        return Failure(error.reason.value, error.message)
    if isinstance(error, TimeoutError):
        return Failure(Reason.DEADLINE_EXCEEDED.value, "the job ran into its time limit")
    log.error("job_broke", job=job.id, kind=job.kind, exc_info=error)
    return Failure(Reason.INTERNAL.value, "a defect of the server; the trace of the job shows where")
