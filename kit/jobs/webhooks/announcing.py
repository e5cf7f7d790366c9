"""Makes deliveries of what has ended: none is lost, and each is made once, however often the same is looked at."""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import orjson
from google.protobuf import json_format

from kit.auth.caller import Caller
from kit.jobs.messages import job_message
from kit.jobs.model import Job, Submission
from kit.jobs.ports import ScheduleMarks
from kit.jobs.submitting import Jobs
from kit.jobs.webhooks.model import EVENT_OF, Webhook
from kit.jobs.webhooks.ports import EndedJobs, WebhookStore

DELIVER = "deliver_webhook"
MARK = "webhooks"
EVERY_SECONDS = 1.0
AT_ONCE = 500
# Transactions become visible a little out of the order of their clocks.
OVERLAP = timedelta(seconds=10)
REMEMBERED = 50_000


class Announcing:
    """Looks at the jobs that ended since the last time, under the lead of the dispatcher."""

    def __init__(
        self,
        ended: EndedJobs,
        webhooks: WebhookStore,
        marks: ScheduleMarks,
        jobs: Jobs,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ended = ended
        self._webhooks = webhooks
        self._marks = marks
        self._jobs = jobs
        self._now = now
        self._announced: OrderedDict[tuple[str, datetime], None] = OrderedDict()
        self._looked = float("-inf")

    async def announce(self) -> int:
        """How many deliveries were made; looks at most once a second."""
        if time.monotonic() - self._looked < EVERY_SECONDS:
            return 0
        self._looked = time.monotonic()
        mark = await self._marks.last(MARK)
        if mark is None:
            await self._marks.mark(MARK, self._now())
            return 0
        made, after = 0, mark - OVERLAP
        while True:
            jobs = await self._ended.ended(after, AT_ONCE)
            made += await self._announce([job for job in jobs if self._is_new(job)])
            if jobs and jobs[-1].ended:
                after = jobs[-1].ended
                await self._marks.mark(MARK, after)
            if len(jobs) < AT_ONCE:
                return made

    async def _announce(self, jobs: Sequence[Job]) -> int:
        listening = defaultdict[str, list[Webhook]](list)
        for webhook in await self._webhooks.listening({job.caller.tenant for job in jobs}) if jobs else ():
            listening[webhook.tenant].append(webhook)
        made = 0
        for job in jobs:
            for webhook in listening[job.caller.tenant]:
                if _concerns(webhook, job):
                    await self._jobs.submit(Caller(webhook.tenant, webhook.user), delivery_of(webhook, job))
                    made += 1
            self._remember(job)
        return made

    def _is_new(self, job: Job) -> bool:
        return job.kind != DELIVER and job.ended is not None and (job.id, job.ended) not in self._announced

    def _remember(self, job: Job) -> None:
        if job.ended is not None:
            self._announced[job.id, job.ended] = None
        while len(self._announced) > REMEMBERED:
            self._announced.popitem(last=False)


def delivery_of(webhook: Webhook, job: Job) -> Submission:
    """The same for the same end of the job. The body is made now: what is sent again is the same to the byte."""
    event, ended = EVENT_OF[job.state], job.ended or job.created
    data = json_format.MessageToDict(job_message(job))
    body = orjson.dumps({"type": event.value, "timestamp": ended.isoformat(), "data": data}).decode()
    name = f"{job.id}-{round(ended.timestamp() * 1000):x}"
    payload = {"webhook": webhook.id, "event": name, "type": event.value, "job": job.id, "body": body}
    return Submission(DELIVER, payload, key=f"{webhook.id}/{name}")


def _concerns(webhook: Webhook, job: Job) -> bool:
    whose = webhook.whole_tenant or webhook.user == job.caller.user
    return whose and EVENT_OF.get(job.state) in webhook.events
