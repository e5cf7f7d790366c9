from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from kit.auth.caller import Caller
from kit.jobs.model import Job
from kit.jobs.mongo.database import Database, Document
from kit.jobs.mongo.documents import to_job
from kit.jobs.webhooks.model import Event, Webhook
from kit.jobs.webhooks.ports import WebhookQuery
from kit.mongo import translated


class MongoWebhooks:
    def __init__(self, database: Database) -> None:
        self._webhooks = database.webhooks

    async def create(self, webhook: Webhook) -> None:
        with translated():
            await self._webhooks.insert_one(_document(webhook))

    async def get(self, webhook: str) -> Webhook | None:
        return await self._one({"_id": webhook})

    async def find(self, caller: Caller, webhook: str) -> Webhook | None:
        return await self._one({"_id": webhook, **_visible(caller)})

    async def page(self, caller: Caller, query: WebhookQuery) -> Sequence[Webhook]:
        match: Document = _visible(caller)
        if query.after is not None:
            created, webhook = query.after
            match["$or"] = [{"created": {"$gt": created}}, {"created": created, "_id": {"$gt": webhook}}]
        with translated():
            found = self._webhooks.find(match).sort([("created", 1), ("_id", 1)]).limit(query.limit)
            return [_webhook(document) async for document in found]

    async def count(self, caller: Caller) -> int:
        with translated():
            return await self._webhooks.count_documents({"tenant": caller.tenant, "user": caller.user})

    async def delete(self, caller: Caller, webhook: str) -> bool:
        with translated():
            return bool((await self._webhooks.delete_one({"_id": webhook, **_visible(caller)})).deleted_count)

    async def enable(self, caller: Caller, webhook: str) -> Webhook | None:
        fresh = {"$set": {"failures": 0, "disabled": False}}
        with translated():
            document = await self._webhooks.find_one_and_update(
                {"_id": webhook, **_visible(caller)}, fresh, return_document=ReturnDocument.AFTER
            )
        return _webhook(document) if document else None

    async def settled(self, webhook: str, *, failed: bool, most_failures: int) -> None:
        failures: Document = {"$add": ["$failures", 1]} if failed else {"$literal": 0}
        stages: list[Document] = [
            {"$set": {"failures": failures}},
            {"$set": {"disabled": {"$gte": ["$failures", most_failures]}}},
        ]
        with translated():
            await self._webhooks.update_one({"_id": webhook}, stages)

    async def listening(self, tenants: Collection[str]) -> Sequence[Webhook]:
        with translated():
            found = self._webhooks.find({"tenant": {"$in": sorted(tenants)}, "disabled": False})
            return [_webhook(document) async for document in found]

    async def _one(self, match: Document) -> Webhook | None:
        with translated():
            document = await self._webhooks.find_one(match)
        return _webhook(document) if document else None


class MongoEndedJobs:
    def __init__(self, database: Database) -> None:
        self._jobs = database.jobs

    async def ended(self, after: datetime, limit: int) -> Sequence[Job]:
        with translated():
            found = self._jobs.find({"ended": {"$gt": after}}).sort("ended", 1).limit(limit)
            return [to_job(document) async for document in found]


def _visible(caller: Caller) -> Document:
    return {"tenant": caller.tenant} if caller.is_admin else {"tenant": caller.tenant, "user": caller.user}


def _document(webhook: Webhook) -> Document:
    return {
        "_id": webhook.id,
        "tenant": webhook.tenant,
        "user": webhook.user,
        "url": webhook.url,
        "events": sorted(webhook.events),
        "secret": webhook.secret,
        "created": webhook.created,
        "whole_tenant": webhook.whole_tenant,
        "failures": webhook.failures,
        "disabled": webhook.disabled,
    }


def _webhook(document: dict[str, Any]) -> Webhook:
    values = {**document, "id": document["_id"], "events": frozenset(map(Event, document["events"]))}
    del values["_id"]
    return Webhook(**values)
