"""Which kind of job runs where, how many at once, how often, and what happens when it fails: one table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kit.errors import InvalidArgument
from kit.jobs.limits import QueueLimits, Rate


@dataclass(frozen=True, slots=True)
class Queue:
    """A line of jobs with limits of its own: `concurrency` over the fleet, `per_worker` in one process."""

    name: str
    concurrency: int
    per_worker: int
    rate: Rate | None = None
    # What its jobs cannot do without; while it is away the queue is held, and no attempts are spent.
    needs: str = ""


# Beside each text, for what is read before it and kept after it.
TEXT_SPARE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How jobs of a kind are treated. Times are in seconds; lower priorities run first."""

    kind: str
    queue: Queue
    attempts: int = 3
    backoff: tuple[float, ...] = (2.0, 4.0, 8.0)
    time_limit: float = 300.0
    priority: int = 50
    light: bool = False
    # Texts that models write one after another in it: with slower models it may take the longer.
    texts: int = 0

    def patient(self, seconds: float) -> "Policy":
        """The policy where one text may take so many seconds."""
        return replace(self, time_limit=max(self.time_limit, self.texts * (seconds + TEXT_SPARE_SECONDS)))

    def pause_after(self, failures: int) -> float:
        """Seconds until the next attempt after so many failed ones; the last pause repeats."""
        return self.backoff[min(failures, len(self.backoff)) - 1]


class Policies:
    """The policies of a system; kinds and queues outside of it do not exist."""

    def __init__(self, table: Iterable[Policy]) -> None:
        self._by_kind = {policy.kind: policy for policy in table}
        self.queues = {policy.queue.name: policy.queue for policy in self._by_kind.values()}

    def of(self, kind: str) -> Policy:
        """Raises InvalidArgument for an unknown kind."""
        policy = self._by_kind.get(kind)
        if policy is None:
            raise InvalidArgument(f"there are no jobs of the kind {kind!r}", field="kind")
        return policy

    def limited(self, limits: Mapping[str, QueueLimits]) -> "Policies":
        """These policies with other limits for the queues that are named; raises InvalidArgument for an unknown one."""
        if unknown := sorted(limits.keys() - self.queues.keys()):
            known = ", ".join(sorted(self.queues))
            raise InvalidArgument(f"there is no queue {unknown[0]!r}; there are {known}", field="queue_limits")
        queues = {name: _limited(queue, limits.get(name)) for name, queue in self.queues.items()}
        return Policies(replace(policy, queue=queues[policy.queue.name]) for policy in self._by_kind.values())

    def patient(self, seconds: float) -> "Policies":
        """These policies where a model may take so many seconds for one text."""
        return Policies(policy.patient(seconds) for policy in self._by_kind.values())

    def kinds_of(self, queue: str) -> frozenset[str]:
        return frozenset(kind for kind, policy in self._by_kind.items() if policy.queue.name == queue)


def _limited(queue: Queue, limits: QueueLimits | None) -> Queue:
    if limits is None:
        return queue
    return replace(
        queue,
        concurrency=limits.concurrency or queue.concurrency,
        per_worker=limits.per_worker or queue.per_worker,
        rate=limits.rate.limit if limits.rate else queue.rate,
    )


# The classes of models: a queue that needs one is held while no provider serves it.
QUICK, CHAT, BULK = "quick", "chat", "bulk"

TITLES = Queue("titles", concurrency=32, per_worker=8, needs=QUICK)
ANALYTICS = Queue("analytics", concurrency=32, per_worker=8)
TURNS = Queue("turns", concurrency=10, per_worker=10, needs=CHAT)
REPORTS = Queue("reports", concurrency=5, per_worker=5, rate=Rate(10, 60.0), needs=BULK)
DOCUMENTS = Queue("documents", concurrency=300, per_worker=3)
QUIZZES = Queue("quizzes", concurrency=8, per_worker=4, needs=BULK)
COURSES = Queue("courses", concurrency=4, per_worker=2, needs=BULK)
PRELOADS = Queue("preloads", concurrency=4, per_worker=2)
INSIGHTS = Queue("insights", concurrency=2, per_worker=1)
RETENTION = Queue("retention", concurrency=1, per_worker=1)
WEBHOOKS = Queue("webhooks", concurrency=32, per_worker=8)

POLICIES = Policies(
    (
        Policy("generate_title", TITLES, time_limit=60, priority=10, light=True),
        Policy("record_analytics", ANALYTICS, attempts=5, time_limit=30, priority=10, light=True),
        Policy("run_turn", TURNS, time_limit=180, priority=20),
        Policy("generate_report", REPORTS, attempts=3, backoff=(2, 4, 8), time_limit=300, priority=30, texts=2),
        Policy("generate_quiz", QUIZZES, time_limit=300, priority=30, texts=3),
        Policy(
            "deliver_webhook", WEBHOOKS, attempts=8, backoff=(5, 30, 120, 600, 1800, 3600), time_limit=30, priority=30
        ),
        Policy("ingest_document", DOCUMENTS, time_limit=900, priority=50),
        Policy("build_course", COURSES, backoff=(5, 20, 60), time_limit=3600, priority=50, texts=20),
        Policy("preload_course", PRELOADS, time_limit=300, priority=70),
        Policy("roll_up_insights", INSIGHTS, backoff=(30, 60, 120), time_limit=900, priority=70),
        Policy("apply_retention", RETENTION, backoff=(60, 300), time_limit=1800, priority=90),
    )
)
