"""Webhooks over gRPC: a real receiver verifies what a real worker delivers."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from aiohttp import web
from lectern.jobs.v1 import webhooks_pb2, webhooks_pb2_grpc
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from kit.auth.caller import Caller, Role
from kit.jobs.model import Submission
from tests.system import TEACHER, whole_system
from tests.working import Works, until, works

OTHER = Caller("school", "tom", frozenset({Role.TEACHER}))

pytestmark = pytest.mark.timeout(180)


@dataclass
class Receiver:
    """Takes messages, after so many refusals."""

    refusals: int = 0
    secret: str = ""
    url: str = ""
    ids: list[str] = field(default_factory=list)
    taken: list[dict[str, object]] = field(default_factory=list)

    async def hook(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.ids.append(request.headers["webhook-id"])
        if self.refusals > 0:
            self.refusals -= 1
            raise web.HTTPServiceUnavailable(text="busy")
        try:
            self.taken.append(Webhook(self.secret).verify(body, dict(request.headers)))
        except WebhookVerificationError as error:
            raise web.HTTPUnauthorized from error
        return web.Response(status=204)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/hook", receiver.hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@pytest.fixture
async def desk(redis_url: str, mongodb_uri: str, tmp_path: Path) -> AsyncIterator[Works]:
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with (
        whole_system(redis_url, mongodb_uri, jobs_database=jobs, webhooks_private=True) as system,
        works(system, tmp_path / "log") as made,
    ):
        yield made


async def test_an_end_is_delivered_signed_tried_again_and_sent_again(desk: Works) -> None:
    system, teacher = desk.system, desk.system.metadata(TEACHER)
    async with receiving() as receiver, system.channel("gateway") as channel:
        stub = webhooks_pb2_grpc.WebhookServiceStub(channel)
        wanted = webhooks_pb2.Webhook(url=receiver.url, events=["job.cancelled"])
        made = await stub.CreateWebhook(webhooks_pb2.CreateWebhookRequest(webhook=wanted), metadata=teacher)
        assert made.secret.startswith("whsec_")
        named = webhooks_pb2.GetWebhookRequest(name=made.name)
        shown = await stub.GetWebhook(named, metadata=teacher)
        assert (shown.url, list(shown.events), shown.secret) == (receiver.url, ["job.cancelled"], "")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetWebhook(named, metadata=system.metadata(OTHER))
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        receiver.secret, receiver.refusals = made.secret, 1

        job = await desk.jobs.submit(TEACHER, Submission("generate_quiz", {}))
        await desk.jobs.cancel(TEACHER, job.id)
        listing = webhooks_pb2.ListDeliveriesRequest(parent=made.name)

        async def listed() -> webhooks_pb2.Delivery | None:
            found = (await stub.ListDeliveries(listing, metadata=teacher)).deliveries
            return found[0] if found else None

        async def delivered() -> bool:
            delivery = await listed()
            return delivery is not None and delivery.state == webhooks_pb2.Delivery.DELIVERED

        with desk.worker("services.gateway.worker", webhooks_private=True):
            await until(delivered)
            delivery = await listed()
            assert delivery is not None
            assert (delivery.type, delivery.job, delivery.attempts) == ("job.cancelled", f"jobs/{job.id}", 2)
            assert delivery.log_lines[0].startswith("answered 503 after ")
            assert delivery.log_lines[0].endswith(": busy")
            (told,) = receiver.taken
            assert (told["type"], dict(told["data"])["state"]) == ("job.cancelled", "CANCELLED")  # type: ignore[call-overload]

            again = webhooks_pb2.RedeliverWebhookRequest(name=delivery.name)
            await stub.RedeliverWebhook(again, metadata=teacher)

            async def twice() -> bool:
                return len(receiver.taken) == 2

            await until(twice)
        assert set(receiver.ids) == {delivery.event_id}  # who takes it twice can tell
        assert receiver.taken[0] == receiver.taken[1]
        await stub.DeleteWebhook(webhooks_pb2.DeleteWebhookRequest(name=made.name), metadata=teacher)
        assert not (await stub.ListWebhooks(webhooks_pb2.ListWebhooksRequest(), metadata=teacher)).webhooks


async def test_what_is_no_webhook_is_refused(desk: Works) -> None:
    teacher = desk.system.metadata(TEACHER)
    async with desk.system.channel("gateway") as channel:
        stub = webhooks_pb2_grpc.WebhookServiceStub(channel)
        for wanted, told in (
            (webhooks_pb2.Webhook(url="ftp://x.example"), "the address must begin with https://"),
            (webhooks_pb2.Webhook(url="http://127.0.0.1/", events=["job.lost"]), "events may be "),
            (webhooks_pb2.Webhook(url="http://127.0.0.1/", whole_tenant=True), "only admins are told"),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.CreateWebhook(webhooks_pb2.CreateWebhookRequest(webhook=wanted), metadata=teacher)
            assert (refused.value.details() or "").startswith(told)
        fine = webhooks_pb2.CreateWebhookRequest(webhook=webhooks_pb2.Webhook(url="http://127.0.0.1/"))
        await asyncio.gather(*(stub.CreateWebhook(fine, metadata=teacher) for _ in range(20)))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.CreateWebhook(fine, metadata=teacher)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        page = await stub.ListWebhooks(webhooks_pb2.ListWebhooksRequest(page_size=15), metadata=teacher)
        rest = webhooks_pb2.ListWebhooksRequest(page_size=15, page_token=page.next_page_token)
        assert len((await stub.ListWebhooks(rest, metadata=teacher)).webhooks) == 5
