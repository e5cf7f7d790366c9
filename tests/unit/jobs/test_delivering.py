"""One attempt at a delivery, and when a webhook is given up."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kit.errors import FailedPrecondition, NotFound, Unavailable
from kit.jobs.memory.claims import MemoryClaims
from kit.jobs.memory.database import MemoryDatabase
from kit.jobs.memory.store import MemoryJobs
from kit.jobs.webhooks.delivering import MOST_FAILURES, Delivering
from kit.jobs.webhooks.memory import MemoryPostman, MemoryWebhooks
from kit.jobs.webhooks.model import Event, Webhook
from kit.jobs.work import Work
from tests.contract.jobs.conftest import ANN, new_job
from tests.contract.jobs.test_webhooks import Untold

HOOK = Webhook("w1", ANN.tenant, ANN.user, "https://x.example", frozenset(Event), "whsec_AAAA", datetime.now(UTC))


async def work(*, failures: int = 0) -> Work:
    memory = MemoryDatabase()
    payload = {"webhook": "w1", "event": "e1", "body": '{"type": "job.failed"}'}
    job = replace(new_job(caller=ANN), payload=payload, failures=failures, max_attempts=3)
    await MemoryJobs(memory).accept(job)
    claimed = await MemoryClaims(memory).claim(job.id, "worker", 60)
    assert claimed is not None
    return Work(claimed, MemoryClaims(memory), Untold())


async def test_what_is_taken_is_signed_and_forgets_the_failures_before() -> None:
    webhooks, postman = MemoryWebhooks(), MemoryPostman(204)
    await webhooks.create(replace(HOOK, failures=3))
    assert await Delivering(webhooks, postman).deliver(await work()) == {"status": 204, "milliseconds": 1}
    (url, headers, body) = postman.carried[0]
    assert (url, headers["webhook-id"], body) == ("https://x.example", "e1", b'{"type": "job.failed"}')
    assert headers["webhook-signature"].startswith("v1,")
    assert await webhooks.get("w1") == HOOK


async def test_a_refusal_is_tried_again_and_counts_when_no_attempt_is_left() -> None:
    webhooks = MemoryWebhooks()
    await webhooks.create(HOOK)
    delivering = Delivering(webhooks, MemoryPostman(500, 302))
    for _ in range(2):
        with pytest.raises(Unavailable):
            await delivering.deliver(await work())
    assert await webhooks.get("w1") == HOOK
    for _ in range(MOST_FAILURES):
        with pytest.raises(Unavailable):
            await delivering.deliver(await work(failures=2))
    with pytest.raises(FailedPrecondition, match="disabled"):
        await delivering.deliver(await work())


async def test_a_deleted_webhook_ends_its_deliveries() -> None:
    with pytest.raises(NotFound):
        await Delivering(MemoryWebhooks(), MemoryPostman()).deliver(await work())
