"""The work of the job `deliver_webhook`."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook as Signer

from kit.errors import FailedPrecondition, LecternError, NotFound, Unavailable
from kit.jobs.webhooks.model import Webhook
from kit.jobs.webhooks.ports import Postman, Receipt, WebhookStore
from kit.jobs.work import Work

MOST_FAILURES = 5


class Delivering:
    """One attempt at a delivery; an answer other than 2xx is a failure, redirects among them."""

    def __init__(
        self,
        webhooks: WebhookStore,
        postman: Postman,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._webhooks = webhooks
        self._postman = postman
        self._now = now

    async def deliver(self, work: Work) -> Mapping[str, Any]:
        webhook = await self._webhooks.get(work.payload["webhook"])
        if webhook is None:
            raise NotFound("the webhook has been deleted")
        if webhook.disabled:
            raise FailedPrecondition("the webhook is disabled, because its deliveries kept failing")
        try:
            receipt = await self._attempt(work, webhook)
        except LecternError as error:
            last = not isinstance(error, Unavailable) or work.job.failures + 1 >= work.job.max_attempts
            if last:
                await self._webhooks.settled(webhook.id, failed=True, most_failures=MOST_FAILURES)
            raise
        if webhook.failures:
            await self._webhooks.settled(webhook.id, failed=False, most_failures=MOST_FAILURES)
        return {"status": receipt.status, "milliseconds": receipt.milliseconds}

    async def _attempt(self, work: Work, webhook: Webhook) -> Receipt:
        body = work.payload["body"]
        headers = _signed(webhook.secret, work.payload["event"], self._now(), body)
        receipt = await self._postman.post(webhook.url, headers, body.encode())
        said = f": {receipt.body}" if receipt.body and receipt.status >= 300 else ""
        await work.report(None, "", f"answered {receipt.status} after {receipt.milliseconds} ms{said}")
        if not 200 <= receipt.status < 300:
            raise Unavailable(f"the address answered {receipt.status}")
        return receipt


def _signed(secret: str, event: str, moment: datetime, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks."""
    return {
        "content-type": "application/json",
        "webhook-id": event,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Signer(secret).sign(event, moment, body),
    }
