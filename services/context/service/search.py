"""Ranks the passages of a course by how well they fit a query."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
import structlog

from kit import timeouts
from kit.auth.caller import Caller
from kit.errors import LecternError
from services.context.model import Passage, Source, Video
from services.context.retrieval.bm25 import Scores
from services.context.retrieval.fusion import Weighted, by_rank, by_share, fuse
from services.context.retrieval.knowledge import Knowledge
from services.context.retrieval.settling import settled
from services.context.retrieval.vectors import ranking
from services.context.service.queries import Begun, QueryVectors

CANDIDATES = 50
# Passages of the video on screen come before those of other videos that are a few ranks better, not before all.
PREFERENCE = 1.2

log = structlog.get_logger()


Scored = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Found:
    """A passage with the source that it is of, and how well it fits.

    `row` is its place in the knowledge; None where it is a piece of that knowledge's own making.
    """

    passage: Passage
    source: Source
    score: float
    row: int | None = None


class Search:
    """Words answer at once; meaning joins where they do not choose, and it comes in time."""

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
    ) -> Sequence[Found]:
        """The passages, best first, by words and meaning alike: of one video alone, or of all."""
        within = knowledge.rows_of(only) if only else None
        begun = self._queries.begin(caller, knowledge.course.key, query)
        words = knowledge.words.scores(knowledge.query_terms(query))
        if within is not None:
            words[: within.start] = words[within.stop :] = 0
        scores = fused(words, await self._meaning(knowledge, begun, within), knowledge.unembedded)
        scores *= knowledge.lifts(query)
        return [found_at(knowledge, row, score) for row, score in _best(scores, limit)]

    async def first(
        self, caller: Caller, knowledge: Knowledge, query: str, limit: int, *, preferred: Video | None = None
    ) -> Sequence[Scored]:
        """The rows of the few passages that a turn leans on, best first; of words alone where those settle it."""
        words = knowledge.words.matched(knowledge.query_terms(query))
        meaning: Sequence[int] = ()
        if not settled(words):
            begun = self._queries.begin(caller, knowledge.course.key, query)
            meaning = await self._meaning(knowledge, begun, None)
        scores = fused(words.scores, meaning, knowledge.unembedded) * knowledge.lifts(query)
        if preferred is not None:
            here = knowledge.rows_of(preferred)
            scores[here.start : here.stop] *= PREFERENCE
        return _best(scores, limit)

    async def _meaning(self, knowledge: Knowledge, begun: Begun, within: range | None) -> Sequence[int]:
        """The rows that are nearest in meaning; none where that is not known in time."""
        try:
            with timeouts.within(self._budget):
                vector = await self._queries.finish(begun)
                if vector is None or knowledge.vectors is None:
                    return ()
                return await knowledge.vectors.nearest(vector, CANDIDATES, within)
        except TimeoutError:
            return ()
        except LecternError as error:
            log.warning("vectors_not_searched", reason=error.reason)
            return ()


def fused(words: Scores, meaning: Sequence[int], unembedded: Set[int] = frozenset()) -> Scores:
    """Both ways to search as one score a row: all scores of words, and the rows that are nearest in meaning.

    Rows that wait for their vectors count by their words twice, or those that have theirs would all come before them.
    """
    spoken = by_share(ranking(words, 0, CANDIDATES), words)
    if not meaning:
        return fuse(len(words), spoken)
    if not unembedded:
        return fuse(len(words), spoken, by_rank(meaning))
    waiting = np.array([row in unembedded for row in spoken.rows.tolist()], dtype=np.float64)
    return fuse(len(words), spoken, by_rank(meaning), Weighted(spoken.rows, spoken.weights * waiting))


def found_at(knowledge: Knowledge, row: int, score: float = 0.0) -> Found:
    """The passage of that row."""
    return Found(knowledge.passages[row], knowledge.source_of(row), score, row)


def _best(scores: Scores, limit: int) -> Sequence[Scored]:
    rows = ranking(scores, 0, limit)
    return list(zip(rows.tolist(), scores[rows].tolist(), strict=True))
