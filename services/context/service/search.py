"""Ranks the passages of a course by how well they fit a query."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kit.auth.caller import Caller
from services.context.model import Passage, Vector, Video
from services.context.retrieval.bm25 import Scores
from services.context.retrieval.fusion import by_rank, by_share, fuse
from services.context.retrieval.knowledge import Knowledge
from services.context.retrieval.vectors import ranking
from services.context.service.queries import QueryVectors

CANDIDATES = 50
# Passages of the video on screen come before those of other videos that are a few ranks better, not before all.
PREFERENCE = 1.2


@dataclass(frozen=True, slots=True)
class Found:
    """A passage with the video that it is of, and how well it fits."""

    passage: Passage
    video: Video
    score: float


class Search:
    """Words answer at once; meaning joins where its vector comes in time."""

    def __init__(self, queries: QueryVectors) -> None:
        self._queries = queries

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
        begun = self._queries.begin(caller, knowledge.course.key, query)
        words = knowledge.words.scores(knowledge.query_terms(query))
        vector = await self._queries.finish(begun)
        meaning = knowledge.vectors.scores(_values(vector, knowledge))
        if only is not None:
            elsewhere = ~knowledge.rows_of(only)
            words[elsewhere], meaning[elsewhere] = 0, -1
        scores = fused(words, meaning)
        if preferred is not None:
            scores = _preferring(scores, knowledge, preferred)
        return [
            _found(knowledge, row, scores[row]) for row in sorted(scores, key=lambda row: (-scores[row], row))[:limit]
        ]


def fused(words: Scores, meaning: Scores) -> dict[int, float]:
    """Both ways to search as one score a row."""
    return fuse(by_share(ranking(words, 0, CANDIDATES), words), by_rank(ranking(meaning, -1, CANDIDATES)))


def _values(vector: Vector | None, knowledge: Knowledge) -> Scores:
    """Nothing where there is no vector, or one of another model than the passages' vectors."""
    if vector is None or vector.model != knowledge.vectors.model:
        return np.empty(0, dtype=np.float32)
    return np.frombuffer(vector.values, dtype=np.float32)


def _preferring(scores: dict[int, float], knowledge: Knowledge, video: Video) -> dict[int, float]:
    here = knowledge.rows_of(video)
    return {row: score * (PREFERENCE if here[row] else 1) for row, score in scores.items()}


def _found(knowledge: Knowledge, row: int, score: float) -> Found:
    return Found(knowledge.passages[row], knowledge.video_of(row), score)
