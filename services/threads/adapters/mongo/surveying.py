"""Reads that see a thread's queue and its ended turns in one command."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kit.auth.caller import Caller
from services.threads.adapters.mongo.documents import TERMS, Document, own, to_waiting
from services.threads.model import State, Turn

Stage = dict[str, Any]


def recent_rows(caller: Caller, thread: str, limit: int) -> list[Stage]:
    """The last ended turns of the thread without their citations, newest first."""
    return [
        {"$match": own(caller, thread=thread, ended={"$exists": True})},
        {"$sort": {"sequence": -1}},
        {"$limit": limit},
        {"$unset": ["citations", TERMS]},
    ]


def ended_row(caller: Caller, thread: str, turn: str) -> list[Stage]:
    return [{"$match": own(caller, _id=turn, thread=thread, ended={"$exists": True})}, {"$unset": TERMS}]


def queue_of(caller: Caller, thread: str) -> list[Stage]:
    """The thread with its queue, which of it has ended, and which of its owners live, all by the server's clock."""
    lives = {"$expr": {"$gt": ["$expires", "$$NOW"]}}
    return [
        {"$match": own(caller, _id=thread)},
        {"$project": {"course": 1, "pending": 1, "turn_count": 1}},
        {"$lookup": _found("turns", "pending.turn", {"ended": {"$exists": True}}, "ended")},
        {"$lookup": _found("owners", "pending.owner", lives, "alive")},
        {"$set": {"is_queue": True, "now": "$$NOW"}},
    ]


def also(collection: str, pipeline: list[Stage]) -> Stage:
    return {"$unionWith": {"coll": collection, "pipeline": pipeline}}


def ended_in(queue: Document, *rows: Turn) -> frozenset[str]:
    """The turns of a queue that have ended, by itself or by rows that were read after it."""
    queued = {entry["turn"] for entry in queue["pending"]}
    return frozenset(row["_id"] for row in queue["ended"]) | (queued & {row.id for row in rows})


def waiting_in(queue: Document, limit: timedelta, *rows: Turn) -> list[Turn]:
    """The turns of a queue that have not ended, oldest first; one older than `limit` counts as abandoned."""
    ended, alive = ended_in(queue, *rows), {row["_id"] for row in queue["alive"]}
    waiting = [entry for entry in queue["pending"] if entry["turn"] not in ended]
    return [
        to_waiting(
            queue,
            entry,
            alive=entry["owner"] in alive and queue["now"] - entry["created"] < limit,
            state=State.QUEUED if place else State.RUNNING,
        )
        for place, entry in enumerate(waiting)
    ]


def _found(collection: str, field: str, condition: Mapping[str, Any], name: str) -> Stage:
    pipeline: list[Stage] = [{"$match": dict(condition)}, {"$project": {"_id": 1}}]
    return {"from": collection, "localField": field, "foreignField": "_id", "pipeline": pipeline, "as": name}
