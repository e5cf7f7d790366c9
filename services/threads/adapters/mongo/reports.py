"""Reports in MongoDB."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pymongo import DESCENDING, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from kit.auth.caller import Caller
from kit.mongo import translated
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.documents import Document, readable, to_citation
from services.threads.model import Findings, Point, Report, ThreadKey
from services.threads.ports import ReportQuery

SECTIONS = ("asked", "understood", "unclear", "next_steps")
PLAIN = ("thread", "requester", "markdown", "turn_count", "created", "degraded", "provider", "model")


class MongoReports:
    """Reports, one document each, written once."""

    def __init__(self, database: Database) -> None:
        self._client = database.client
        self._threads = database.threads
        self._reports = database.reports

    async def keep(self, report: Report) -> Report | None:
        async def keeping(session: AsyncClientSession) -> Report | None:
            # A write, so that a deletion of the thread at the same time comes before or after, never between.
            touched = await self._threads.update_one(
                {"_id": report.thread, "tenant": report.key.tenant},
                {"$currentDate": {"reported": True}},
                session=session,
            )
            if not touched.matched_count:
                return None
            document: Any = await self._reports.find_one_and_update(
                {"_id": report.id},
                {"$setOnInsert": _from_report(report)},
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            return _to_report(document)

        with translated():
            async with self._client.start_session() as session:
                return await session.with_transaction(keeping)

    async def find(self, caller: Caller, report: str) -> Report | None:
        with translated():
            document = await self._reports.find_one(readable(caller, _id=report))
        return _to_report(document) if document else None

    async def page(self, caller: Caller, query: ReportQuery) -> Sequence[Report]:
        conditions = readable(caller)
        if query.thread:
            conditions["thread"] = query.thread
        if query.after is not None:
            created, report = query.after
            conditions["$or"] = [{"created": {"$lt": created}}, {"created": created, "_id": {"$lt": report}}]
        with translated():
            found = self._reports.find(conditions).sort([("created", DESCENDING), ("_id", DESCENDING)])
            return [_to_report(document) async for document in found.limit(query.limit)]

    async def disown(self, caller: Caller) -> None:
        asked = {"tenant": caller.tenant, "requester": caller.user}
        with translated():
            await self._reports.update_many(asked, {"$set": {"requester": ""}})


def _from_report(report: Report) -> Document:
    """The document of a report, all but its id."""
    return {
        **asdict(report.key),
        **{name: getattr(report, name) for name in PLAIN},
        "findings": asdict(report.findings),
    }


def _to_report(document: Document) -> Report:
    findings = document["findings"]
    return Report(
        id=document["_id"],
        key=ThreadKey(document["tenant"], document["user"], document["course"]),
        findings=Findings(
            title=findings["title"],
            summary=findings["summary"],
            **{name: tuple(_point(point) for point in findings[name]) for name in SECTIONS},
        ),
        **{name: document[name] for name in PLAIN},
    )


def _point(document: Document) -> Point:
    return Point(document["text"], tuple(to_citation(citation) for citation in document["citations"]))
