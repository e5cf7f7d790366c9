"""Ranks the passages of a course by how well they fit a query."""

import asyncio
from collections.abc import Sequence, Set
from dataclasses import dataclass

import structlog

from kit.auth.caller import Caller
from kit.errors import LecternError
from services.context.model import Passage, Source, Video
from services.context.retrieval.bm25 import Scores
from services.context.retrieval.fusion import by_rank, by_share, fuse
from services.context.retrieval.knowledge import Knowledge
from services.context.retrieval.vectors import ranking
from services.context.service.queries import Begun, QueryVectors

CANDIDATES = 50
# Passages of the video on screen come before those of other videos that are a few ranks better, not before all.
PREFERENCE = 1.2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Found:
    """A passage with the source that it is of, and how well it fits."""

    passage: Passage
    source: Source
    score: float


class Search:
    """Words answer at once; meaning joins where it comes in time."""

    def __init__(self, queries: QueryVectors, *, budget: float) -> None:
        """`budget` is how long meaning is waited for, in seconds."""
        self._queries = queries
        self._budget = budget

    async def best(
        self,
        caller: Caller,
        knowledge: Knowledge,
        query: str,
        limit: int,
        *,
        only: Video | None = None,
        preferred: Video | None = None,
    ) -> Sequence[Found]:
        """The passages, best first: of one video alone, or of all with one preferred."""
        within = knowledge.rows_of(only) if only else None
        begun = self._queries.begin(caller, knowledge.course.key, query)
        words = knowledge.words.scores(knowledge.query_terms(query))
        if within is not None:
            words[: within.start] = words[within.stop :] = 0
        scores = fused(words, await self._meaning(knowledge, begun, within), knowledge.unembedded)
        if preferred is not None:
            scores = _preferring(scores, knowledge, preferred)
        best = sorted(scores, key=lambda row: (-scores[row], row))[:limit]
        return [_found(knowledge, row, scores[row]) for row in best]

    async def _meaning(self, knowledge: Knowledge, begun: Begun, within: range | None) -> Sequence[int]:
        """The rows that are nearest in meaning; none where that is not known in time."""
        try:
            async with asyncio.timeout(self._budget):
                vector = await self._queries.finish(begun)
                if vector is None or knowledge.vectors is None:
                    return ()
                return await knowledge.vectors.nearest(vector, CANDIDATES, within)
        except TimeoutError:
            return ()
        except LecternError as error:
            log.warning("vectors_not_searched", reason=error.reason)
            return ()


def fused(words: Scores, meaning: Sequence[int], unembedded: Set[int] = frozenset()) -> dict[int, float]:
    """Both ways to search as one score a row: all scores of words, and the rows that are nearest in meaning.

    Rows that wait for their vectors count by their words twice, or those that have theirs would all come before them.
    """
    spoken = by_share(ranking(words, 0, CANDIDATES), words)
    stand_ins = [(row, share if row in unembedded else 0.0) for row, share in spoken] if meaning and unembedded else ()
    return fuse(spoken, by_rank(meaning), stand_ins)


def _preferring(scores: dict[int, float], knowledge: Knowledge, video: Video) -> dict[int, float]:
    here = knowledge.rows_of(video)
    return {row: score * (PREFERENCE if row in here else 1) for row, score in scores.items()}


def _found(knowledge: Knowledge, row: int, score: float) -> Found:
    return Found(knowledge.passages[row], knowledge.source_of(row), score)
