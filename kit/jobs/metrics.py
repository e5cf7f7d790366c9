"""What the people on call see of jobs, from their workers and from the dispatcher that leads."""

from collections.abc import Iterable

from prometheus_client import Counter, Histogram

from kit.errors import Reason
from kit.jobs.model import Cancelled, Failed, Outcome, Postponed, State, Succeeded
from kit.telemetry.live import LiveGauge
from kit.telemetry.metrics import SECONDS

# `failed` jobs were given up, `retried` ones are tried again; only these two say that something went wrong.
# `refused` ones were given up because of what was submitted, or because it has been deleted since.
# `postponed` ones wait for a provider, `handed_back` ones for another worker: neither spends an attempt.
STATES = ("succeeded", "failed", "refused", "retried", "cancelled", "postponed", "handed_back")
# INVALID_ARGUMENT is not among them: a provider that takes no request of ours says so, too.
REFUSED = frozenset(
    reason.value
    for reason in (
        Reason.ADDRESS_REFUSED,
        Reason.BUDGET_EXHAUSTED,
        Reason.CONTENT_REFUSED,
        Reason.COURSE_NOT_FOUND,
        Reason.DOCUMENT_UNREADABLE,
        Reason.NOT_FOUND,
        Reason.THREAD_NOT_FOUND,
        Reason.TOO_LARGE,
        Reason.TRANSCRIPT_INVALID,
        Reason.TURN_NOT_FOUND,
        Reason.VIDEO_NOT_FOUND,
    )
)

ENDED = Counter("lectern_jobs", "Attempts that ended, by how", ["kind", "state"])
DURATION = Histogram(
    "lectern_job_duration_seconds", "Duration of attempts", ["kind"], buckets=(*SECONDS, 120, 300, 600, 1800)
)

# From a worker.
CAPACITY = LiveGauge("lectern_workers_capacity", "Jobs of a queue that this worker runs at once", ["queue"])
RUNNING = LiveGauge("lectern_workers_running_jobs", "Jobs that this worker runs", ["queue"])
OLDEST = LiveGauge("lectern_workers_oldest_job_seconds", "How long its oldest job runs", ["kind"], combine=max)

# From each dispatcher; what the queues are like tells the one that leads (`kit.jobs.dispatcher.measuring`).
LEADS = LiveGauge("lectern_dispatcher_leads", "Whether this dispatcher leads: 1 or 0", combine=max)


def expect(kinds: Iterable[str]) -> None:
    """Begins their series at 0: of one that begins at 1 Prometheus sees no increase."""
    for kind in kinds:
        for state in STATES:
            ENDED.labels(kind, state)
        DURATION.labels(kind)


def state_of(outcome: Outcome, settled: State) -> str:
    """The `state` of an attempt that ended by this outcome and left its job like that."""
    match outcome:
        case Postponed(message=message):
            return "postponed" if message else "handed_back"
        case Failed() if settled is State.QUEUED:
            return "retried"
        case Failed(failure=failure) if failure.reason in REFUSED:
            return "refused"
        case Succeeded() | Failed() | Cancelled():
            return settled.value
