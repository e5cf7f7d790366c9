"""Webhooks as their owners see them."""

import base64
import secrets
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, NotFound, PermissionDenied, ResourceExhausted
from kit.jobs.model import Job, State, Submission
from kit.jobs.ports import JobQuery, JobStore
from kit.jobs.submitting import Jobs
from kit.jobs.webhooks.announcing import DELIVER
from kit.jobs.webhooks.model import Event, Webhook
from kit.jobs.webhooks.ports import Postman, WebhookQuery, WebhookStore

MOST_WEBHOOKS = 20
LONGEST_URL = 2000
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """An address to be told of events, of all where none is named."""

    url: str
    events: Sequence[str] = ()
    whole_tenant: bool = False


class Webhooks:
    """The caller's webhooks; for admins those of their tenant."""

    def __init__(
        self,
        store: WebhookStore,
        postman: Postman,
        jobs: Jobs,
        job_store: JobStore,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._postman = postman
        self._jobs = jobs
        self._job_store = job_store
        self._now = now

    async def create(self, caller: Caller, new: NewWebhook) -> Webhook:
        """Raises InvalidArgument (ADDRESS_REFUSED) for an address that is not public or cannot be found."""
        if new.whole_tenant and not caller.is_admin:
            raise PermissionDenied("only admins are told of all jobs of the tenant")
        if len(new.url) > LONGEST_URL:
            raise InvalidArgument(f"url must have at most {LONGEST_URL:,} letters", field="webhook.url")
        events = _events(new.events)
        await self._postman.check(new.url)
        if await self._store.count(caller) >= MOST_WEBHOOKS:
            raise ResourceExhausted(f"a user has at most {MOST_WEBHOOKS} webhooks")
        now = self._now()
        webhook = Webhook(
            id=uuid.uuid4().hex,
            tenant=caller.tenant,
            user=caller.user,
            url=new.url,
            events=events,
            secret=f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}",
            created=now.replace(microsecond=now.microsecond // 1000 * 1000),  # MongoDB keeps milliseconds
            whole_tenant=new.whole_tenant,
        )
        await self._store.create(webhook)
        return webhook

    async def get(self, caller: Caller, webhook: str) -> Webhook:
        return _there(await self._store.find(caller, webhook))

    async def page(self, caller: Caller, query: WebhookQuery) -> Sequence[Webhook]:
        return await self._store.page(caller, query)

    async def delete(self, caller: Caller, webhook: str) -> None:
        if not await self._store.delete(caller, webhook):
            raise _not_found()

    async def enable(self, caller: Caller, webhook: str) -> Webhook:
        return _there(await self._store.enable(caller, webhook))

    async def deliveries(
        self, caller: Caller, webhook: str, limit: int, after: tuple[datetime, str] | None
    ) -> Sequence[Job]:
        """The jobs that deliver, newest first."""
        owner = self._owner(await self.get(caller, webhook))
        query = JobQuery(limit=limit, kind=DELIVER, after=after, payload={"webhook": webhook})
        return await self._job_store.page(owner, query)

    async def redeliver(self, caller: Caller, webhook: str, delivery: str) -> Job:
        """The job that sends it again; one that waits or runs already does."""
        owner = self._owner(await self.get(caller, webhook))
        job = await self._job_store.find(owner, delivery)
        if job is None or job.payload.get("webhook") != webhook:
            raise NotFound("no such delivery")
        if job.state in (State.FAILED, State.CANCELLED):
            return await self._jobs.retry(owner, job.id)
        if job.state is not State.SUCCEEDED:
            return job
        again = f"{job.key}/{uuid.uuid4().hex[:8]}"
        return await self._jobs.submit(owner, Submission(DELIVER, job.payload, key=again))

    def _owner(self, webhook: Webhook) -> Caller:
        """On whose behalf it is delivered."""
        return Caller(webhook.tenant, webhook.user)


def _events(names: Iterable[str]) -> frozenset[Event]:
    wanted = list(names) or list(Event)
    known = {event.value for event in Event}
    if unknown := [name for name in wanted if name not in known]:
        raise InvalidArgument(f"events may be {', '.join(sorted(known))}, not {unknown[0]}", field="webhook.events")
    return frozenset(map(Event, wanted))


def _there(webhook: Webhook | None) -> Webhook:
    if webhook is None:
        raise _not_found()
    return webhook


def _not_found() -> NotFound:
    return NotFound("no such webhook")
