from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from kit.auth.caller import Caller
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.model import Job
from kit.jobs.webhooks.model import Webhook
from kit.jobs.webhooks.ports import Receipt, WebhookQuery


class MemoryWebhooks:
    def __init__(self) -> None:
        self._webhooks: dict[str, Webhook] = {}

    async def create(self, webhook: Webhook) -> None:
        self._webhooks[webhook.id] = webhook

    async def get(self, webhook: str) -> Webhook | None:
        return self._webhooks.get(webhook)

    async def find(self, caller: Caller, webhook: str) -> Webhook | None:
        found = self._webhooks.get(webhook)
        return found if found and _visible(caller, found) else None

    async def page(self, caller: Caller, query: WebhookQuery) -> Sequence[Webhook]:
        found = [webhook for webhook in self._webhooks.values() if _visible(caller, webhook)]
        found.sort(key=_place)
        return [each for each in found if query.after is None or _place(each) > query.after][: query.limit]

    async def count(self, caller: Caller) -> int:
        whose = (caller.tenant, caller.user)
        return sum((webhook.tenant, webhook.user) == whose for webhook in self._webhooks.values())

    async def delete(self, caller: Caller, webhook: str) -> bool:
        return await self.find(caller, webhook) is not None and self._webhooks.pop(webhook, None) is not None

    async def enable(self, caller: Caller, webhook: str) -> Webhook | None:
        found = await self.find(caller, webhook)
        if found is not None:
            self._webhooks[webhook] = replace(found, failures=0, disabled=False)
        return self._webhooks.get(webhook) if found else None

    async def settled(self, webhook: str, *, failed: bool, most_failures: int) -> None:
        if found := self._webhooks.get(webhook):
            failures = found.failures + 1 if failed else 0
            self._webhooks[webhook] = replace(found, failures=failures, disabled=failures >= most_failures)

    async def listening(self, tenants: Collection[str]) -> Sequence[Webhook]:
        return [each for each in self._webhooks.values() if each.tenant in tenants and not each.disabled]


class MemoryEndedJobs:
    def __init__(self, database: MemoryDatabase) -> None:
        self._jobs = database.jobs

    async def ended(self, after: datetime, limit: int) -> Sequence[Job]:
        found = [(job.ended, job) for job in self._jobs.values() if job.ended and job.ended > after]
        return [job for _, job in sorted(found, key=lambda pair: pair[0])][:limit]


class MemoryPostman:
    """Answers with these statuses one after another, the last one again and again; keeps what it carried."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses) or [200]
        self.carried: list[tuple[str, dict[str, str], bytes]] = []

    async def check(self, url: str) -> None:
        pass

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Receipt:
        self.carried.append((url, headers, body))
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return Receipt(status, "", 1)


def _visible(caller: Caller, webhook: Webhook) -> bool:
    return webhook.tenant == caller.tenant and (caller.is_admin or webhook.user == caller.user)


def _place(webhook: Webhook) -> tuple[datetime, str]:
    return webhook.created, webhook.id
