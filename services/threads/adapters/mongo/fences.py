"""Rows that hold a turn's place so that a process without the right to end it finds the place taken."""

from datetime import UTC, datetime, timedelta

from services.threads.adapters.mongo.documents import Document

FENCE_LIFE = timedelta(days=1)
FINAL_TOKEN = 2**62


def fences_of(thread: Document) -> list[Document]:
    """Rows that refuse every answer to the queued turns of a thread that is being deleted; they expire."""
    now = datetime.now(UTC)
    return [
        {
            "_id": entry["turn"],
            "thread": thread["_id"],
            "sequence": entry["sequence"],
            "fencing_token": FINAL_TOKEN,
            "deleted": True,
            "ended": now,
            "expires": now + FENCE_LIFE,
        }
        for entry in thread["pending"]
    ]


def unended(turn: str, token: int) -> Document:
    """Matches a fence of this or an older token; where the turn has ended, an upsert meets a duplicate key."""
    return {"_id": turn, "fencing_token": {"$lte": token}, "ended": {"$exists": False}}
