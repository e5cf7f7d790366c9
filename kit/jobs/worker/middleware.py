"""What Dramatiq calls for each message."""

import functools
from collections.abc import Callable

import structlog
from dramatiq import Actor
from dramatiq.broker import Broker, MessageProxy
from dramatiq.middleware import Middleware, SkipMessage

from kit.jobs.policies import Policies
from kit.jobs.worker.desk import Desk
from kit.jobs.worker.loop import LoopThread

log = structlog.get_logger()


class Counting(Middleware):
    """Says when the process has run so many jobs; 0 for never."""

    def __init__(self, jobs: int, enough: Callable[[], None]) -> None:
        self._left = jobs
        self._enough = enough

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: object = None,
        exception: BaseException | None = None,
    ) -> None:
        self._left -= 1
        if self._left == 0:
            self._enough()


def declare(broker: Broker, policies: Policies, kinds: frozenset[str], loop: LoopThread, desk: Desk) -> None:
    """One Dramatiq actor per kind, bound to this broker and no global one. All run on the loop."""
    for kind in sorted(kinds):
        policy = policies.of(kind)
        Actor(
            functools.partial(_attempt, loop, desk, policy.queue.name),
            broker=broker,
            actor_name=kind,
            queue_name=policy.queue.name,
            priority=policy.priority,
            options={},
        )


def _attempt(loop: LoopThread, desk: Desk, queue: str, job: str) -> None:
    """Claims the job, runs it and settles it; skips the message of one that may not be had."""
    try:
        ran = loop.run(desk.attempt(queue, job))
    except Exception as error:
        log.warning("job_not_attempted", job=job, cause=repr(error))  # the dispatcher releases it again
        ran = False
    if not ran:
        raise SkipMessage(job)
