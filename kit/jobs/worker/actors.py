"""The actors that Dramatiq calls with its messages."""

import functools

import structlog
from dramatiq import Actor
from dramatiq.broker import Broker
from dramatiq.middleware import SkipMessage

from kit.jobs.policies import Policies
from kit.jobs.worker.desk import Desk
from kit.jobs.worker.loop import LoopThread

log = structlog.get_logger()


def declare(broker: Broker, policies: Policies, kinds: frozenset[str], loop: LoopThread, desk: Desk) -> None:
    """One Dramatiq actor per kind, bound to this broker and no global one. All run on the loop."""
    for kind in sorted(kinds):
        policy = policies.of(kind)
        Actor(
            functools.partial(_work, loop, desk, policy.queue.name),
            broker=broker,
            actor_name=kind,
            queue_name=policy.queue.name,
            priority=policy.priority,
            options={},
        )


def _work(loop: LoopThread, desk: Desk, queue: str, job: str) -> None:
    """Works as one hand from this job on; skips the message of one that may not be had."""
    try:
        ran = loop.run(desk.work(queue, job))
    except Exception as error:
        log.warning("job_not_attempted", job=job, error=repr(error))  # the dispatcher releases it again
        ran = False
    if not ran:
        raise SkipMessage(job)
