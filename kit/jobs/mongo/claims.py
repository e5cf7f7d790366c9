"""Jobs for workers: leases by the database's clock, and every write under the fencing token."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from functools import singledispatch
from typing import Any

from pymongo import ReturnDocument, UpdateOne, WriteConcern
from pymongo.errors import BulkWriteError

from kit.errors import Conflict, Reason
from kit.jobs.model import Cancelled, Claim, Failed, Job, Outcome, Postponed, Standing, State, Step, Succeeded
from kit.jobs.mongo.database import Database, Document
from kit.jobs.mongo.documents import after, from_step, to_job
from kit.mongo import translated

LOG_LINES = 100
CLAIMABLE: Document = {"state": State.QUEUED.value, "delayed": False}


class MongoClaims:
    """A claim is the compare-and-set that raises the token; who holds an older one is refused from then on."""

    def __init__(self, database: Database) -> None:
        self._jobs = database.jobs
        # A claim that a failover rolls back is safe: writes ask for token and worker, so the job just runs again.
        self._soon_durable = database.jobs.with_options(write_concern=WriteConcern(w=1, j=False))
        self._retention = database.retention

    async def claim(self, job: str, worker: str, lease: float) -> Job | None:
        match = {"_id": job, **CLAIMABLE}
        with translated():
            document = await self._soon_durable.find_one_and_update(
                match, [{"$set": _taken(worker, lease)}], return_document=ReturnDocument.AFTER
            )
        return to_job(document) if document else None

    async def claim_all(self, jobs: Collection[str], worker: str, lease: float) -> list[Job]:
        if len(jobs) == 1:
            claimed = [await self.claim(job, worker, lease) for job in jobs]
            return [job for job in claimed if job is not None]
        # The mark tells what this write took from what the worker took before.
        mark = uuid.uuid4().hex
        named = {"_id": {"$in": list(jobs)}}
        with translated():
            await self._soon_durable.update_many(
                {**named, **CLAIMABLE}, [{"$set": {**_taken(worker, lease), "claimed_in": mark}}]
            )
            return [to_job(document) async for document in self._jobs.find({**named, "claimed_in": mark})]

    async def renew(self, claims: Collection[Claim], lease: float) -> list[Standing]:
        if not claims:
            return []
        held: Document = {"$or": [_held(claim) for claim in claims]}
        with translated():
            await self._soon_durable.update_many(held, [{"$set": {"leased_until": after(lease)}}])
            found = self._jobs.find(held, {"token": 1, "worker": 1, "cancel_requested": 1})
            return [_standing(document) async for document in found]

    async def report(self, claim: Claim, progress: int | None, message: str, log: Sequence[str] = ()) -> None:
        update: Document = {"$set": {"message": message}} if message else {}
        if progress is not None:
            update["$max"] = {"progress": progress}
        if log:
            update["$push"] = {"log": {"$each": list(log), "$slice": -LOG_LINES}}
        if update:
            await self._write(claim, update)

    async def step(self, claim: Claim, step: Step) -> None:
        known = {"$in": [step.name, "$steps.name"]}
        replaced = {
            "$map": {
                "input": "$steps",
                "in": {"$cond": [{"$eq": ["$$this.name", step.name]}, {"$literal": from_step(step)}, "$$this"]},
            }
        }
        appended = {"$concatArrays": ["$steps", [{"$literal": from_step(step)}]]}
        await self._write(claim, [{"$set": {"steps": {"$cond": [known, replaced, appended]}}}])

    async def settle(self, claim: Claim, outcome: Outcome) -> Job:
        stages: list[Document] = [{"$set": {**_changes(outcome), "worker": "", "leased_until": None}}]
        final = {"$in": ["$state", ["succeeded", "failed", "cancelled"]]}
        stages.append({"$set": {"ended": {"$cond": [final, "$$NOW", "$$REMOVE"]}}})
        stages.append({"$set": {"expires": {"$cond": [final, after(self._retention), "$$REMOVE"]}}})
        return to_job(await self._write(claim, stages))

    async def succeed(self, ends: Sequence[tuple[Claim, Mapping[str, Any] | None]]) -> list[bool]:
        writes = [UpdateOne(_held(claim), [{"$set": self._succeeded(claim, result)}]) for claim, result in ends]
        with translated():
            try:
                written = await self._jobs.bulk_write(writes, ordered=False)
            except BulkWriteError as error:
                if error.details["writeErrors"]:  # one of them cannot be kept, which is no fault of the others
                    raise ValueError("a result cannot be kept") from error
                raise
            if written.matched_count == len(ends):
                return [True] * len(ends)
            names = [claim.job for claim, _ in ends]
            found = self._jobs.find({"_id": {"$in": names}}, {"settled": 1})
            settled = {document["_id"]: document.get("settled") async for document in found}
        return [settled.get(claim.job) == _settlement(claim) for claim, _ in ends]

    def _succeeded(self, claim: Claim, result: Mapping[str, Any] | None) -> Document:
        return {
            **_changes(Succeeded(result)),
            "worker": "",
            "leased_until": None,
            "ended": "$$NOW",
            "expires": after(self._retention),
            "settled": {"$literal": _settlement(claim)},
        }

    async def _write(self, claim: Claim, update: Any) -> Document:
        with translated():
            document = await self._jobs.find_one_and_update(_held(claim), update, return_document=ReturnDocument.AFTER)
        if document is None:
            raise Conflict("another worker has taken this job over", Reason.LEASE_LOST)
        return document


def _taken(worker: str, lease: float) -> Document:
    return {
        "state": State.RUNNING.value,
        "worker": worker,
        "token": {"$add": ["$token", 1]},
        "attempt": {"$add": ["$attempt", 1]},
        "leased_until": after(lease),
        "started": "$$NOW",
    }


def _settlement(claim: Claim) -> str:
    """Which claim a job was settled under: a write that is repeated finds its own trace."""
    return f"{claim.worker}#{claim.token}"


def _held(claim: Claim) -> Document:
    return {"_id": claim.job, "state": State.RUNNING.value, "token": claim.token, "worker": claim.worker}


def _standing(document: Document) -> Standing:
    claim = Claim(document["_id"], document["token"], document["worker"])
    return Standing(claim, cancel_requested=document["cancel_requested"] is not None)


@singledispatch
def _changes(outcome: Outcome) -> Document:
    raise TypeError(outcome)


@_changes.register
def _(outcome: Succeeded) -> Document:
    return {"state": State.SUCCEEDED.value, "progress": 100, "result": {"$literal": outcome.result}, "failure": None}


@_changes.register
def _(outcome: Failed) -> Document:
    failure = {"$literal": {"reason": outcome.failure.reason, "message": outcome.failure.message}}
    said = {"$literal": outcome.failure.message}
    failures = {"failures": {"$add": ["$failures", 1]}, "failure": failure, "message": said}
    asked = {"$ne": ["$cancel_requested", None]}
    if outcome.retry_in is None:
        return {**failures, "state": State.FAILED.value}
    # Who was asked to stop while failing does not try again.
    state = {"$cond": [asked, State.CANCELLED.value, State.QUEUED.value]}
    return {**failures, "state": state, "delayed": {"$not": [asked]}, "due": after(outcome.retry_in)}


@_changes.register
def _(outcome: Postponed) -> Document:
    return {
        "state": State.QUEUED.value,
        "attempt": {"$subtract": ["$attempt", 1]},
        "delayed": outcome.seconds > 0,
        "due": after(outcome.seconds),
        "message": {"$literal": outcome.message} if outcome.message else "$message",
    }


@_changes.register
def _(_: Cancelled) -> Document:
    return {"state": State.CANCELLED.value}
