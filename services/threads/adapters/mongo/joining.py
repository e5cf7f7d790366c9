"""The one command that begins a turn in the usual case: nothing else waits in its thread, and its past is at hand."""

from collections.abc import Sequence

from kit.auth.caller import Caller
from services.threads.adapters.mongo import keeping
from services.threads.adapters.mongo.documents import Document, own
from services.threads.adapters.mongo.folding import Fold
from services.threads.adapters.mongo.keeping import KEPT_IDS
from services.threads.adapters.mongo.queueing import entry_of
from services.threads.model import Lease, Question, State, Turn
from services.threads.ports import NewTurn

# What the caller does not know of the turn, and what the thread knows of the past.
FIELDS = {
    "course": 1,
    "pending.sequence": 1,
    "pending.created": 1,
    "pending.video_changed": 1,
    "past": 1,
    "past_count": 1,
}


def joining(
    caller: Caller, thread: str, turn: str, new: NewTurn, folds: Sequence[Fold], *, is_new: bool, kept_turns: int
) -> Document:
    """Matches the thread only where the queue holds nothing but `folds`, which leave it for the past.

    `is_new`: no ended turn has this id; else the thread must know that by the ids that it keeps.
    """
    return {
        "findAndModify": "threads",
        "query": _alone(caller, thread, turn, folds, is_new=is_new),
        "update": [{"$set": _joined(turn, new, folds, kept_turns)}],
        "new": True,
        "fields": FIELDS,
        # A turn that a crash takes back is made up for when it ends.
        "writeConcern": {"w": 1},
    }


def joined_turn(document: Document, turn: str, question: Question, owner: str) -> Turn:
    [entry] = document["pending"]
    return Turn(
        id=turn,
        thread=document["_id"],
        course=document["course"],
        sequence=entry["sequence"],
        question=question,
        state=State.RUNNING,
        created=entry["created"],
        lease=Lease(owner, 1),
        owner_alive=True,
    )


def _alone(caller: Caller, thread: str, turn: str, folds: Sequence[Fold], *, is_new: bool) -> Document:
    query = own(caller, _id=thread, pending={"$size": len(folds)})
    if folds:
        query["pending.turn"] = {"$all": [fold.turn for fold in folds]}
    known = [keeping.is_whole()]
    if not is_new:
        query["past_ids"] = {"$ne": keeping.short_id(turn)}
        known.append(keeping.knows_all_ids())
    return {**query, "$expr": {"$and": known}}


def _joined(turn: str, new: NewTurn, folds: Sequence[Fold], kept_turns: int) -> Document:
    changes: Document = {
        "pending": [entry_of(turn, new)],
        "next_sequence": {"$add": ["$next_sequence", 1]},
        "turn_count": {"$add": ["$turn_count", 1]},
        "video_url": {"$literal": new.question.video_url},
        "updated": "$$NOW",
    }
    if folds:
        changes["past"] = keeping.appended("past", [fold.past for fold in folds], kept_turns)
        changes["past_ids"] = keeping.appended("past_ids", [keeping.short_id(fold.turn) for fold in folds], KEPT_IDS)
        changes["past_count"] = {"$add": [{"$ifNull": ["$past_count", 0]}, len(folds)]}
    return changes
