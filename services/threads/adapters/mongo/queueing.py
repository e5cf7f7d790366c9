"""The one write that puts a question into its thread's queue, as a pipeline that MongoDB runs atomically."""

from collections.abc import Collection
from typing import Any

from services.threads.model import Question

Stage = dict[str, Any]


def enqueueing(
    turn: str, question: Question, owner: str, call: str, ended: Collection[str], capacity: int
) -> list[Stage]:
    """Drops `ended` turns, then adds the turn unless it is there already or the queue holds `capacity`."""
    entry = _entry(turn, question, owner, call)
    return [
        {"$set": {"pending": _without(list(ended))}},
        {"$set": {"joins": _may_join(turn, capacity)}},
        {
            "$set": {
                "pending": _if_joins({"$concatArrays": ["$pending", [entry]]}, "$pending"),
                "next_sequence": _if_joins({"$add": ["$next_sequence", 1]}, "$next_sequence"),
                "turn_count": _if_joins({"$add": ["$turn_count", 1]}, "$turn_count"),
                "video_url": _if_joins({"$literal": question.video_url}, "$video_url"),
                "updated": _if_joins("$$NOW", "$updated"),
            }
        },
        {"$unset": "joins"},
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


def _entry(turn: str, question: Question, owner: str, call: str) -> Stage:
    """The turn in its queue: what the caller says as it is, never as an expression, and what the thread knows."""
    said = {
        "turn": turn,
        "request_id": question.request_id,
        "question": question.text,
        "video_url": question.video_url,
        "position": question.position,
        "owner": owner,
        "token": 1,
        "call": call,
    }
    another_video = {"$ne": ["$video_url", {"$literal": question.video_url}]}
    known = {
        "sequence": "$next_sequence",
        "created": "$$NOW",
        "video_changed": {"$and": [{"$gt": ["$next_sequence", 1]}, another_video]},
        "video_before": "$video_url",
    }
    return {"$mergeObjects": [{"$literal": said}, known]}


def _without(turns: list[str]) -> Stage:
    return {"$filter": {"input": "$pending", "cond": {"$not": {"$in": ["$$this.turn", turns]}}}}


def _may_join(turn: str, capacity: int) -> Stage:
    is_new = {"$not": {"$in": [turn, "$pending.turn"]}}
    return {"$and": [is_new, {"$lt": [{"$size": "$pending"}, capacity]}]}


def _if_joins(then: Any, otherwise: Any) -> Stage:
    return {"$cond": ["$joins", then, otherwise]}
