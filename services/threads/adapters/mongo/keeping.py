"""The recent past of a thread as its document keeps it: `past`, `past_ids` and `past_count`.

An ended turn enters all three in the write that takes it off the queue. So `past_count` equals `turn_count` less what
the queue holds, unless somebody took turns off who knows nothing of the past, such as an older version.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from services.threads.adapters.mongo.documents import Document
from services.threads.model import Exchange, Past, Turn, tokens_of, turns_to_read

KEPT_IDS = 128
LEAST_KEPT_TOKENS = 1000
MAX_KEPT_TOKENS = 4096
SIGN = 1 << 63

Expression = dict[str, Any]


class Keeping:
    """How much of the past is kept: as much as was asked for so far, up to a bound."""

    def __init__(self) -> None:
        self.tokens = LEAST_KEPT_TOKENS

    @property
    def turns(self) -> int:
        return turns_to_read(self.tokens)

    def grow(self, tokens: int) -> None:
        self.tokens = max(self.tokens, min(tokens, MAX_KEPT_TOKENS))

    def document(self, turn: Turn) -> Document:
        """What is kept of an ended turn; of one too large for any window only how large it is."""
        exchange = Exchange(turn.question.text, turn.answer.text, turn.question.video_url)
        if not exchange.answer:
            return {"question": "", "answer": "", "video_url": ""}
        tokens = tokens_of(exchange)
        if tokens > self.tokens:
            return {"tokens": tokens}
        return {"question": exchange.question, "answer": exchange.answer, "video_url": exchange.video_url}


def short_id(turn: str) -> int:
    """Half of a turn's id as a number; two turns of one thread that share it are only looked at more closely."""
    return int(turn[:16], 16) - SIGN


def to_past(kept: Sequence[Document], past_count: int) -> Past:
    """`kept` is oldest first; `past_count` counts all that have ended."""
    exchanges: list[Exchange] = []
    for entry in reversed(kept):
        if "tokens" in entry:
            return Past(tuple(exchanges), older=entry["tokens"])
        exchanges.append(Exchange(entry["question"], entry["answer"], entry["video_url"]))
    return Past(tuple(exchanges), older=None if len(kept) == past_count else 1)


def count() -> Expression:
    """How many turns have ended and left the queue."""
    return {"$subtract": ["$turn_count", {"$size": "$pending"}]}


def is_whole() -> Expression:
    """Whether the past misses nothing."""
    return {"$eq": [{"$ifNull": ["$past_count", 0]}, count()]}


def knows_all_ids() -> Expression:
    """Whether each ended turn stands among the ids that are kept."""
    return {"$gte": [{"$size": {"$ifNull": ["$past_ids", []]}}, {"$ifNull": ["$past_count", 0]}]}


def appended(field: str, values: Sequence[Any], limit: int) -> Expression | str:
    """The last `limit` of a list with values added at its end."""
    known: Expression = {"$ifNull": [f"${field}", []]}
    return {"$slice": [{"$concatArrays": [known, {"$literal": list(values)}]}, -limit]}


def ids_of(turns: Iterable[Turn]) -> list[int]:
    return [short_id(turn.id) for turn in turns]
