"""Threads in MongoDB."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from kit.auth.caller import Caller
from kit.group_commit import PATIENCE_SECONDS, BurstCommit
from kit.mongo import translated
from services.threads.adapters.mongo.database import HAS_LABELS, Database
from services.threads.adapters.mongo.documents import Document, labels, may_read, own, to_thread
from services.threads.adapters.mongo.fences import fences_of
from services.threads.adapters.mongo.insights import make_stale
from services.threads.model import Thread, ThreadKey
from services.threads.ports import Edition, ThreadChange, ThreadQuery

LEAN = {"pending.question": 0, "past": 0, "past_ids": 0}
EDITION_FIELDS = {"tenant": 1, "user": 1, "course": 1, "next_sequence": 1, "updated": 1}


class MongoThreads:
    """Threads, one document each under a unique index of tenant, user and course."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = database.threads
        # Reads that are asked for while one is under way share the next: each still begins after it was asked for.
        self._editions = BurstCommit(self._find_editions, patience=PATIENCE_SECONDS)

    async def open(self, key: ThreadKey, title: str) -> str:
        with translated():
            try:
                return await self._upsert(key, title)
            except DuplicateKeyError:
                # Of many upserts at once one inserts; the others find it when they look again.
                return await self._upsert(key, title)

    async def _upsert(self, key: ThreadKey, title: str) -> str:
        now = datetime.now(UTC)
        fresh = {
            "_id": secrets.token_hex(12),
            "title": title,
            "provisional_title": True,
            "video_url": "",
            "metadata": [],
            "pending": [],
            "next_sequence": 1,
            "turn_count": 0,
            "created": now,
            "updated": now,
        }
        document: Any = await self._threads.find_one_and_update(
            {"tenant": key.tenant, "user": key.user, "course": key.course},
            {"$setOnInsert": fresh},
            projection={"_id": 1},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return str(document["_id"])

    async def get(self, caller: Caller, thread: str) -> Thread | None:
        return (await self.get_many(caller, [thread])).get(thread)

    async def edition(self, caller: Caller, thread: str) -> Edition | None:
        found = await self._editions.add(thread)
        return found if found is not None and may_read(caller, found.key) else None

    async def _find_editions(self, threads: Sequence[str]) -> list[Edition | None]:
        # One more than there can be: a batch that is full would be asked for what follows it.
        most = len(threads) + 1
        with translated():
            found = self._threads.find({"_id": {"$in": list(set(threads))}}, EDITION_FIELDS, batch_size=most)
            editions = {document["_id"]: _edition(document) async for document in found}
        return [editions.get(thread) for thread in threads]

    async def get_many(self, caller: Caller, threads: Collection[str]) -> Mapping[str, Thread]:
        with translated():
            found = await self._threads.find(own(caller, _id={"$in": list(threads)}), LEAN).to_list()
            return {thread.id: thread for thread in await self._counted(found)}

    async def page(self, caller: Caller, query: ThreadQuery) -> Sequence[Thread]:
        time = query.order.value
        conditions = own(caller)
        if query.course:
            conditions["course"] = query.course
        if query.metadata:
            conditions |= {"metadata": {"$all": labels(dict(query.metadata))}, **HAS_LABELS}
        if query.after is not None:
            seen, thread = query.after
            conditions["$or"] = [{time: {"$lt": seen}}, {time: seen, "_id": {"$lt": thread}}]
        with translated():
            cursor = self._threads.find(conditions, LEAN).sort([(time, DESCENDING), ("_id", DESCENDING)])
            return await self._counted(await cursor.limit(query.limit).to_list())

    async def idle(self, before: datetime, limit: int) -> Sequence[Thread]:
        with translated():
            # By the index of `created`: what has come into being since is not idle either.
            conditions = {"created": {"$lt": before}, "updated": {"$lt": before}}
            cursor = self._threads.find(conditions, LEAN).sort("created", ASCENDING)
            return await self._counted(await cursor.limit(limit).to_list())

    async def change(self, caller: Caller, thread: str, change: ThreadChange) -> Thread | None:
        with translated():
            document = await self._threads.find_one_and_update(
                own(caller, _id=thread),
                [{"$set": _changes(change)}],
                projection=LEAN,
                return_document=ReturnDocument.AFTER,
            )
            return None if document is None else (await self._counted([document]))[0]

    async def retitle(self, caller: Caller, thread: str, title: str) -> Thread | None:
        with translated():
            document = await self._threads.find_one_and_update(
                own(caller, _id=thread, provisional_title=True),
                {"$set": {"title": title, "provisional_title": False}},
                projection=LEAN,
                return_document=ReturnDocument.AFTER,
            )
            return None if document is None else (await self._counted([document]))[0]

    async def delete(self, caller: Caller, thread: str) -> ThreadKey | None:
        async def removal(session: AsyncClientSession) -> ThreadKey | None:
            document = await self._threads.find_one_and_delete(own(caller, _id=thread), session=session)
            if document is None:
                return None
            await make_stale(self._database, document, session)
            await self._database.turns.delete_many({"thread": thread}, session=session)
            await self._database.reports.delete_many({"thread": thread}, session=session)
            if fences := fences_of(document):
                await self._database.turns.insert_many(fences, session=session)
            return ThreadKey(document["tenant"], document["user"], document["course"])

        with translated():
            async with self._database.client.start_session() as session:
                return await session.with_transaction(removal)

    async def _counted(self, documents: Sequence[Document]) -> list[Thread]:
        """The threads, with their messages counted: a queue may still hold turns that have ended since."""
        queued = [entry["turn"] for document in documents for entry in document["pending"]]
        ended = await self._ended(queued) if queued else frozenset()
        return [
            to_thread(document, sum(entry["turn"] not in ended for entry in document["pending"]))
            for document in documents
        ]

    async def _ended(self, turns: Sequence[str]) -> frozenset[str]:
        rows = self._database.turns.find({"_id": {"$in": turns}, "ended": {"$exists": True}}, {"_id": 1})
        return frozenset([row["_id"] async for row in rows])


def _changes(change: ThreadChange) -> Document:
    changes: Document = {"updated": "$$NOW"}
    if change.title is not None:
        changes |= {"title": {"$literal": change.title}, "provisional_title": False}
    if change.metadata is not None:
        changes["metadata"] = {"$literal": labels(change.metadata)}
    elif change.labels:
        touched = {"$literal": list(change.labels)}
        others = {"$filter": {"input": "$metadata", "cond": {"$not": {"$in": ["$$this.k", touched]}}}}
        added = {key: value for key, value in change.labels.items() if value is not None}
        changes["metadata"] = {"$concatArrays": [others, {"$literal": labels(added)}]}
    return changes


def _edition(document: Document) -> Edition:
    key = ThreadKey(document["tenant"], document["user"], document["course"])
    return Edition(key, f"{document['next_sequence']}@{document['updated'].isoformat()}")
