"""The one write that puts a question into its thread's queue, as a pipeline that MongoDB runs atomically."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.threads.adapters.mongo import keeping
from services.threads.adapters.mongo.keeping import KEPT_IDS
from services.threads.ports import NewTurn, Survey

Stage = dict[str, Any]
# What few questions have, and no entry without it.
SELDOM = ("continues", "options")


@dataclass(frozen=True, slots=True)
class Mended:
    """The past of a thread as a survey saw it, oldest first, when so many turns had left the queue."""

    documents: Sequence[Stage]
    ids: Sequence[int]
    left: int


def enqueueing(turn: str, new: NewTurn, survey: Survey, past: Mended | None) -> list[Stage]:
    """Drops what has ended, then adds the turn unless it is there already or the queue is full."""
    return [
        *(_mended(past) if past else ()),
        {"$set": {"pending": _without(list(survey.ended))}},
        *(_counted() if past else ()),
        {"$set": {"joins": _may_join(turn, new.capacity)}},
        {
            "$set": {
                "pending": _if_joins({"$concatArrays": ["$pending", [entry_of(turn, new)]]}, "$pending"),
                "next_sequence": _if_joins({"$add": ["$next_sequence", 1]}, "$next_sequence"),
                "turn_count": _if_joins({"$add": ["$turn_count", 1]}, "$turn_count"),
                "video_url": _if_joins({"$literal": new.question.video_url}, "$video_url"),
                "updated": _if_joins("$$NOW", "$updated"),
            }
        },
        {"$unset": ["joins", "mends"]},
    ]


def discarding(turn: str) -> list[Stage]:
    """Takes the turn out of the queue; the thread's video goes back where no later turn has set it."""
    entry = {"$first": {"$filter": {"input": "$pending", "cond": {"$eq": ["$$this.turn", turn]}}}}
    is_last = {"$eq": [{"$add": ["$gone.sequence", 1]}, "$next_sequence"]}
    return [
        {"$set": {"gone": entry}},
        {
            "$set": {
                "pending": _without([turn]),
                "turn_count": {"$subtract": ["$turn_count", 1]},
                "video_url": {"$cond": [is_last, "$gone.video_before", "$video_url"]},
            }
        },
        {"$unset": "gone"},
    ]


def said_of(turn: str, new: NewTurn) -> Stage:
    """What the caller says of the turn."""
    question = new.question
    return {
        "turn": turn,
        "request_id": question.request_id,
        "question": question.text,
        "video_url": question.video_url,
        "position": question.position,
        **{name: value for name in SELDOM if (value := getattr(question, name))},
        "owner": new.owner,
        "token": 1,
        "call": new.call,
    }


def entry_of(turn: str, new: NewTurn) -> Stage:
    """The turn in its queue: what the caller says as it is, never as an expression, and what the thread knows."""
    another_video = {"$ne": ["$video_url", {"$literal": new.question.video_url}]}
    known = {
        "sequence": "$next_sequence",
        "created": "$$NOW",
        "video_changed": {"$and": [{"$gt": ["$next_sequence", 1]}, another_video]},
        "video_before": "$video_url",
    }
    return {"$mergeObjects": [{"$literal": said_of(turn, new)}, known]}


def _mended(past: Mended) -> list[Stage]:
    """Puts what a survey saw in the place of the past, if nothing has left the queue since."""
    unseen = {"$filter": {"input": {"$ifNull": ["$past_ids", []]}, "cond": {"$not": {"$in": ["$$this", past.ids]}}}}
    ids = {"$slice": [{"$concatArrays": [unseen, past.ids]}, -KEPT_IDS]}
    return [
        {"$set": {"mends": {"$eq": [keeping.count(), past.left]}}},
        {
            "$set": {
                "past": {"$cond": ["$mends", {"$literal": list(past.documents)}, "$past"]},
                "past_ids": {"$cond": ["$mends", ids, "$past_ids"]},
            }
        },
    ]


def _counted() -> list[Stage]:
    return [{"$set": {"past_count": {"$cond": ["$mends", keeping.count(), "$past_count"]}}}]


def _without(turns: list[str]) -> Stage:
    return {"$filter": {"input": "$pending", "cond": {"$not": {"$in": ["$$this.turn", turns]}}}}


def _may_join(turn: str, capacity: int) -> Stage:
    is_new = {"$not": {"$in": [turn, "$pending.turn"]}}
    return {"$and": [is_new, {"$lt": [{"$size": "$pending"}, capacity]}]}


def _if_joins(then: Any, otherwise: Any) -> Stage:
    return {"$cond": ["$joins", then, otherwise]}
