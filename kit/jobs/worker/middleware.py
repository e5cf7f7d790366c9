"""Around each message of Dramatiq: claim the job before, settle it after."""

from collections.abc import Callable

import structlog
from dramatiq import Actor
from dramatiq.broker import Broker, MessageProxy
from dramatiq.middleware import Middleware, SkipMessage

from kit.jobs.policies import Policies
from kit.jobs.worker.desk import Desk
from kit.jobs.worker.loop import LoopThread

log = structlog.get_logger()


class Claiming(Middleware):
    """Skips messages whose job may not be had; skipping acknowledges them, and the truth stays with the job."""

    def __init__(self, loop: LoopThread, desk: Desk) -> None:
        self._loop = loop
        self._desk = desk

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        [job] = message.args
        try:
            begun = self._loop.run(self._desk.begin(message.queue_name, job))
        except Exception as error:
            # Dramatiq would run the actor all the same; the dispatcher releases the job again.
            log.warning("job_not_begun", job=job, cause=repr(error))
            begun = False
        if not begun:
            raise SkipMessage(job)

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: object = None,
        exception: BaseException | None = None,
    ) -> None:
        [job] = message.args
        self._loop.run(self._desk.end(job))


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

    def run(job: str) -> None:
        loop.run(desk.run(job))

    for kind in sorted(kinds):
        policy = policies.of(kind)
        Actor(
            run,
            broker=broker,
            actor_name=kind,
            queue_name=policy.queue.name,
            priority=policy.priority,
            options={},
        )
