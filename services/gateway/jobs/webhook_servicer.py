from datetime import UTC, datetime
from typing import Any

from google.protobuf import empty_pb2
from lectern.jobs.v1 import webhooks_pb2, webhooks_pb2_grpc

from kit import names
from kit.call import current_caller
from kit.jobs.messages import job_name, timestamp
from kit.jobs.model import Job, State
from kit.jobs.webhooks.model import Webhook
from kit.jobs.webhooks.ports import WebhookQuery
from kit.pagination import PageTokens, page_size
from services.gateway.jobs.hooks import NewWebhook, Webhooks

WEBHOOK = "webhooks/{webhook}"
DELIVERY = "webhooks/{webhook}/deliveries/{delivery}"
STATES = {
    State.SUCCEEDED: webhooks_pb2.Delivery.DELIVERED,
    State.FAILED: webhooks_pb2.Delivery.FAILED,
    State.CANCELLED: webhooks_pb2.Delivery.FAILED,
}


class WebhookServicer(webhooks_pb2_grpc.WebhookServiceServicer):
    """`lectern.jobs.v1.WebhookService`."""

    def __init__(self, webhooks: Webhooks, tokens: PageTokens) -> None:
        self._webhooks = webhooks
        self._tokens = tokens

    async def CreateWebhook(self, request: webhooks_pb2.CreateWebhookRequest, _: Any) -> webhooks_pb2.Webhook:
        wanted = request.webhook
        made = await self._webhooks.create(
            current_caller(), NewWebhook(wanted.url, list(wanted.events), wanted.whole_tenant)
        )
        message = _webhook(made)
        message.secret = made.secret
        return message

    async def ListWebhooks(
        self, request: webhooks_pb2.ListWebhooksRequest, _: Any
    ) -> webhooks_pb2.ListWebhooksResponse:
        caller, size = current_caller(), page_size(request.page_size)
        scope = f"webhooks/{caller.tenant}/{caller.user}"
        after = self._after(request.page_token, scope)
        found = await self._webhooks.page(caller, WebhookQuery(size + 1, after))
        token = self._token(scope, found[size - 1].created, found[size - 1].id) if len(found) > size else ""
        return webhooks_pb2.ListWebhooksResponse(webhooks=map(_webhook, found[:size]), next_page_token=token)

    async def GetWebhook(self, request: webhooks_pb2.GetWebhookRequest, _: Any) -> webhooks_pb2.Webhook:
        return _webhook(await self._webhooks.get(current_caller(), _id(request.name)))

    async def DeleteWebhook(self, request: webhooks_pb2.DeleteWebhookRequest, _: Any) -> empty_pb2.Empty:
        await self._webhooks.delete(current_caller(), _id(request.name))
        return empty_pb2.Empty()

    async def EnableWebhook(self, request: webhooks_pb2.EnableWebhookRequest, _: Any) -> webhooks_pb2.Webhook:
        return _webhook(await self._webhooks.enable(current_caller(), _id(request.name)))

    async def ListDeliveries(
        self, request: webhooks_pb2.ListDeliveriesRequest, _: Any
    ) -> webhooks_pb2.ListDeliveriesResponse:
        caller, size, webhook = current_caller(), page_size(request.page_size), _id(request.parent, "parent")
        scope = f"deliveries/{caller.tenant}/{webhook}"
        after = self._after(request.page_token, scope)
        found = await self._webhooks.deliveries(caller, webhook, size + 1, after)
        token = self._token(scope, found[size - 1].created, found[size - 1].id) if len(found) > size else ""
        return webhooks_pb2.ListDeliveriesResponse(deliveries=map(_delivery, found[:size]), next_page_token=token)

    async def RedeliverWebhook(self, request: webhooks_pb2.RedeliverWebhookRequest, _: Any) -> webhooks_pb2.Delivery:
        name = names.parse(DELIVERY, request.name)
        return _delivery(await self._webhooks.redeliver(current_caller(), name["webhook"], name["delivery"]))

    def _after(self, token: str, scope: str) -> tuple[datetime, str] | None:
        cursor = self._tokens.decode(token, scope)
        return (datetime.fromtimestamp(cursor[0] / 1000, UTC), str(cursor[1])) if cursor else None

    def _token(self, scope: str, created: datetime, name: str) -> str:
        return self._tokens.encode(scope, [round(created.timestamp() * 1000), name])


def _id(name: str, field: str = "name") -> str:
    return names.parse(WEBHOOK, name, field)["webhook"]


def _webhook(webhook: Webhook) -> webhooks_pb2.Webhook:
    return webhooks_pb2.Webhook(
        name=f"webhooks/{webhook.id}",
        url=webhook.url,
        events=sorted(webhook.events),
        whole_tenant=webhook.whole_tenant,
        disabled=webhook.disabled,
        create_time=timestamp(webhook.created),
    )


def _delivery(job: Job) -> webhooks_pb2.Delivery:
    return webhooks_pb2.Delivery(
        name=f"webhooks/{job.payload['webhook']}/deliveries/{job.id}",
        event_id=job.payload["event"],
        type=job.payload["type"],
        job=job_name(job.payload["job"]),
        state=STATES.get(job.state, webhooks_pb2.Delivery.PENDING),
        attempts=job.attempt,
        failure=job.failure.message if job.failure else "",
        log_lines=job.log,
        create_time=timestamp(job.created),
        end_time=timestamp(job.ended),
    )
