"""Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009)."""

from collections import defaultdict
from collections.abc import Sequence

# Smaller than the 60 of the paper, whose lists were a thousand long: here the first few ranks decide.
K = 10


def fuse(*rankings: Sequence[int]) -> dict[int, float]:
    """The score of each row that stands in any of the rankings, best rows first in each."""
    scores: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, row in enumerate(ranking, 1):
            scores[row] += 1 / (K + rank)
    return dict(scores)
