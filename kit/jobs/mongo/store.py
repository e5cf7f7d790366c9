"""Jobs for those who submit, read and steer them."""

from collections.abc import Sequence
from typing import Any

from bson import encode
from bson.raw_bson import RawBSONDocument
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from kit.auth.caller import Caller
from kit.group_commit import PATIENCE_SECONDS, BurstCommit
from kit.jobs.model import Job, State
from kit.jobs.mongo.database import Database, Document
from kit.jobs.mongo.documents import NEW_LIFE, after, from_job, to_job
from kit.jobs.ports import JobQuery
from kit.mongo import translated

DUPLICATE_KEY = 11000


class MongoJobs:
    """Each change is one atomic write whose filter says in which state it may happen."""

    def __init__(self, database: Database) -> None:
        self._jobs = database.jobs
        self._webhooks = database.webhooks
        self._retention = database.retention
        # Reads that are asked for while one is under way share the next: each still begins after it was asked for.
        self._finding = BurstCommit(self._find_all, patience=PATIENCE_SECONDS)

    async def accept(self, job: Job, session: object = None) -> Job:
        assert session is None or isinstance(session, AsyncClientSession)  # noqa: S101 - the port is silent on drivers
        if session is not None:
            with translated():
                return await self._upsert(job, session)
        with translated():
            try:
                return await self._upsert(job, None)
            except DuplicateKeyError:
                return await self._upsert(job, None)

    async def accept_all(self, jobs: Sequence[Job], session: object = None) -> list[Job]:
        assert session is None or isinstance(session, AsyncClientSession)  # noqa: S101 - the port is silent on drivers
        documents = [RawBSONDocument(encode({"_id": job.id, **from_job(job)})) for job in jobs]
        with translated():
            try:
                await self._jobs.insert_many(documents, ordered=False, session=session)
            except BulkWriteError as error:
                if session is not None:
                    raise
                # The write waited for the majority all the same, and so for the jobs that were there before.
                return await self._kept(jobs, _known(error))
        return list(jobs)

    async def get(self, job: str) -> Job | None:
        return await self._one({"_id": job})

    async def find(self, caller: Caller, job: str) -> Job | None:
        found = await self._finding.add(job)
        return found if found is not None and _may_see(caller, found) else None

    async def page(self, caller: Caller, query: JobQuery) -> list[Job]:
        wanted = {"queue": query.queue, "state": query.state and query.state.value, "kind": query.kind}
        match: Document = {**_visible(caller), **{name: value for name, value in wanted.items() if value}}
        match |= {f"payload.{name}": value for name, value in query.payload.items()}
        if query.after is not None:
            created, job = query.after
            match["$or"] = [{"created": {"$lt": created}}, {"created": created, "_id": {"$lt": job}}]
        with translated():
            found = self._jobs.find(match).sort([("created", -1), ("_id", -1)]).limit(query.limit)
            return [to_job(document) async for document in found]

    async def cancel(self, job: str) -> Job | None:
        ended = {"state": "cancelled", "delayed": False, "ended": "$$NOW", "expires": after(self._retention)}
        cancelled = await self._change({"_id": job, "state": "queued"}, ended)
        if cancelled is not None:
            return cancelled
        asked = {"cancel_requested": {"$ifNull": ["$cancel_requested", "$$NOW"]}}
        return await self._change({"_id": job, "state": "running"}, asked) or await self.get(job)

    async def retry(self, job: str) -> Job | None:
        return await self._change(
            {"_id": job, "state": {"$in": ["failed", "cancelled"]}}, NEW_LIFE, ["ended", "expires"]
        )

    async def failed(self, queue: str, limit: int) -> list[str]:
        with translated():
            found = self._jobs.find({"queue": queue, "state": State.FAILED.value}, {"_id": 1})
            return [document["_id"] async for document in found.sort("created", 1).limit(limit)]

    async def erase(self, caller: Caller) -> None:
        with translated():
            for owned in (self._jobs, self._webhooks):
                await owned.delete_many({"tenant": caller.tenant, "user": caller.user})

    async def purge(self, queue: str) -> list[Job]:
        with translated():
            found = self._jobs.find({"queue": queue, "state": State.QUEUED.value}, {"_id": 1})
            waiting = [document["_id"] async for document in found]
        cancelled = [await self.cancel(job) for job in waiting]
        return [job for job in cancelled if job is not None and job.state is State.CANCELLED]

    async def _upsert(self, job: Job, session: AsyncClientSession | None) -> Job:
        document: Any = await self._jobs.find_one_and_update(
            {"_id": job.id},
            {"$setOnInsert": from_job(job)},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return to_job(document)

    async def _kept(self, jobs: Sequence[Job], known: frozenset[int]) -> list[Job]:
        """The jobs, those at `known` as they were kept before."""
        names = [jobs[index].id for index in known]
        before = {document["_id"]: to_job(document) async for document in self._jobs.find({"_id": {"$in": names}})}
        kept = {job.id: await self.accept(job) for job in (jobs[index] for index in known) if job.id not in before}
        return [{**before, **kept}[job.id] if index in known else job for index, job in enumerate(jobs)]

    async def _find_all(self, names: Sequence[str]) -> list[Job | None]:
        if len(set(names)) == 1:
            return [await self.get(names[0])] * len(names)
        # One more than there can be: a batch that is full would be asked for what follows it.
        most = len(names) + 1
        with translated():
            documents = self._jobs.find({"_id": {"$in": list(set(names))}}, batch_size=most)
            found = {document["_id"]: to_job(document) async for document in documents}
        return [found.get(name) for name in names]

    async def _one(self, match: Document) -> Job | None:
        with translated():
            document = await self._jobs.find_one(match)
        return to_job(document) if document else None

    async def _change(self, match: Document, fields: Document, unset: list[str] | None = None) -> Job | None:
        update: list[Document] = [{"$set": fields}]
        if unset:
            update.append({"$unset": unset})
        with translated():
            document = await self._jobs.find_one_and_update(match, update, return_document=ReturnDocument.AFTER)
        return to_job(document) if document else None


def _known(error: BulkWriteError) -> frozenset[int]:
    """Which documents were there before; raises the error where it says anything else."""
    failed = error.details["writeErrors"]
    if error.details["writeConcernErrors"] or any(each["code"] != DUPLICATE_KEY for each in failed):
        raise error
    return frozenset(each["index"] for each in failed)


def _may_see(caller: Caller, job: Job) -> bool:
    """As `_visible`, of a job that was read."""
    return job.caller.tenant == caller.tenant and (caller.is_admin or job.caller.user == caller.user)


def _visible(caller: Caller) -> Document:
    return {"tenant": caller.tenant} if caller.is_admin else {"tenant": caller.tenant, "user": caller.user}
