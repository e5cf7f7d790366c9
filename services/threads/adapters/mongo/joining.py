"""The one write that begins a turn in the usual case: nothing else waits in its thread, and its past is at hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.errors import PyMongoError

from kit.auth.caller import Caller
from services.threads.adapters.mongo import keeping
from services.threads.adapters.mongo.commands import Commands
from services.threads.adapters.mongo.documents import Document, own
from services.threads.adapters.mongo.folding import Fold
from services.threads.adapters.mongo.keeping import KEPT_IDS
from services.threads.adapters.mongo.known import KnownThread
from services.threads.adapters.mongo.queueing import entry_of, said_of
from services.threads.adapters.mongo.shared_writes import SharedWrites
from services.threads.model import Lease, State, Turn
from services.threads.ports import NewTurn

# A turn that a crash takes back is made up for when it ends.
WRITE = {"w": 1}
# What the thread knows of the past.
PAST = {
    "course": 1,
    "next_sequence": 1,
    "turn_count": 1,
    "past": 1,
    "past_count": 1,
    "ids": {"$size": {"$ifNull": ["$past_ids", []]}},
}
# And what the caller does not know of the turn.
JOINED = {**PAST, "pending.sequence": 1, "pending.created": 1, "pending.video_changed": 1}
# And what else a guess must know.
FOUND = {**PAST, "video_url": 1, "pending.turn": 1, "pending.call": 1}


class Joining:
    """Puts turns into queues that hold nothing but `folds`, which leave them for the past."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._commits: SharedWrites[Document | bool] = SharedWrites(self._send)

    async def read_and_join(
        self, caller: Caller, thread: str, turn: str, new: NewTurn, folds: Sequence[Fold], *, is_new: bool, kept: int
    ) -> Document | None:
        """The thread with the turn; None where its queue, its past or the turn's id is not as it must be.

        `is_new`: no ended turn has this id; else the thread must know that by the ids that it keeps.
        """
        command = {
            "findAndModify": "threads",
            "query": _alone(caller, thread, turn, folds, is_new=is_new),
            "update": [{"$set": _joined(turn, new, folds, kept)}],
            "new": True,
            "fields": JOINED,
            "writeConcern": WRITE,
        }
        found: Document | None = (await self._commands.run(command))["value"]
        return found

    async def join(
        self, caller: Caller, turn: Turn, new: NewTurn, folds: Sequence[Fold], known: KnownThread, *, kept: int
    ) -> Document | bool:
        """True where the turn stands in its thread, which is as it was known; else the thread, or False without one.

        Many of these share one round trip, or three where some are wrong.
        """
        query = own(
            caller,
            _id=turn.thread,
            next_sequence=known.next_sequence,
            turn_count=known.turn_count,
            past_count=known.past_count,
            pending={"$size": len(folds)},
            past_ids={"$ne": keeping.short_id(turn.id)},
        )
        if folds:
            query["pending.turn"] = {"$all": [fold.turn for fold in folds]}
        entry = {
            **said_of(turn.id, new),
            "sequence": turn.sequence,
            "created": turn.created,
            "video_changed": is_another_video(known, new),
            "video_before": known.video_url,
        }
        change: Document = {
            "$set": {"pending": [entry], "video_url": new.question.video_url},
            "$inc": {"next_sequence": 1, "turn_count": 1, "past_count": len(folds)},
            "$currentDate": {"updated": True},
        }
        if folds:
            past, ids = [fold.past for fold in folds], [keeping.short_id(fold.turn) for fold in folds]
            change["$push"] = {
                "past": {"$each": past, "$slice": -kept},
                "past_ids": {"$each": ids, "$slice": -KEPT_IDS},
            }
        return await self._commits.write({"q": query, "u": change, "call": new.call})

    async def _send(self, joins: Sequence[RawBSONDocument]) -> Sequence[Document | bool | PyMongoError]:
        updates = [{"q": join["q"], "u": join["u"]} for join in joins]
        reply = await self._commands.run(
            {"update": "threads", "updates": updates, "ordered": False, "writeConcern": WRITE}
        )
        if reply["n"] == len(joins):
            return [True] * len(joins)
        threads = await self._find([join["q"]["_id"] for join in joins])
        return [_became_of(join["call"], threads.get(join["q"]["_id"])) for join in joins]

    async def _find(self, threads: Sequence[str]) -> dict[str, Document]:
        command = {
            "find": "threads",
            "filter": {"_id": {"$in": threads}},
            "projection": FOUND,
            "batchSize": len(threads) + 1,
        }
        found = await self._commands.run(command)
        return {document["_id"]: document for document in found["cursor"]["firstBatch"]}


def _became_of(call: str, thread: Document | None) -> Document | bool:
    if thread is None:
        return False
    return any(entry["call"] == call for entry in thread["pending"]) or thread


def joined_turn(thread: str, course: str, turn: str, new: NewTurn, *, sequence: int, created: datetime) -> Turn:
    return Turn(
        id=turn,
        thread=thread,
        course=course,
        sequence=sequence,
        question=new.question,
        state=State.RUNNING,
        created=created,
        lease=Lease(new.owner, 1),
        owner_alive=True,
    )


def known_thread(document: Document, turn: str, video_url: str) -> KnownThread:
    """The thread as it was read, with at most this turn in its queue."""
    return KnownThread(
        course=document["course"],
        video_url=video_url,
        next_sequence=document["next_sequence"],
        turn_count=document["turn_count"],
        past_count=document["past_count"],
        past=tuple(document.get("past", ())),
        has_all_ids=document["ids"] >= document["past_count"],
        turn=turn,
    )


def found_thread(document: Document, folds: Sequence[Fold]) -> KnownThread | None:
    """The thread as a wrong guess found it; None where others wait in it, or its past has a hole."""
    waiting = [entry["turn"] for entry in document["pending"]]
    is_whole = document.get("past_count", 0) == document["turn_count"] - len(waiting)
    if not is_whole or sorted(waiting) != sorted(fold.turn for fold in folds):
        return None
    return known_thread({"past_count": 0, **document}, "", document["video_url"])


def after_join(known: KnownThread, turn: Turn) -> KnownThread:
    return replace(
        known,
        video_url=turn.question.video_url,
        next_sequence=known.next_sequence + 1,
        turn_count=known.turn_count + 1,
        turn=turn.id,
    )


def is_another_video(known: KnownThread, new: NewTurn) -> bool:
    return known.next_sequence > 1 and known.video_url != new.question.video_url


def _alone(caller: Caller, thread: str, turn: str, folds: Sequence[Fold], *, is_new: bool) -> Document:
    query = own(caller, _id=thread, pending={"$size": len(folds)}, past_ids={"$ne": keeping.short_id(turn)})
    if folds:
        query["pending.turn"] = {"$all": [fold.turn for fold in folds]}
    known = [keeping.is_whole()]
    if not is_new:
        known.append(keeping.knows_all_ids())
    return {**query, "$expr": {"$and": known}}


def _joined(turn: str, new: NewTurn, folds: Sequence[Fold], kept: int) -> dict[str, Any]:
    changes: Document = {
        "pending": [entry_of(turn, new)],
        "next_sequence": {"$add": ["$next_sequence", 1]},
        "turn_count": {"$add": ["$turn_count", 1]},
        "past_count": {"$add": [{"$ifNull": ["$past_count", 0]}, len(folds)]},
        "video_url": {"$literal": new.question.video_url},
        "updated": "$$NOW",
    }
    if folds:
        changes["past"] = keeping.appended("past", [fold.past for fold in folds], kept)
        changes["past_ids"] = keeping.appended("past_ids", [keeping.short_id(fold.turn) for fold in folds], KEPT_IDS)
    return changes
