"""Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009), weighing down ranks that stand far behind the first."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# Smaller than the 60 of the paper, whose lists were a thousand long: here the first few ranks decide.
K = 10

Weighted = Sequence[tuple[int, float]]


def fuse(*rankings: Weighted) -> dict[int, float]:
    """The score of each row that stands in any of the rankings; each has its rows best first, with weights up to 1."""
    scores: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, (row, weight) in enumerate(ranking, 1):
            scores[row] += weight / (K + rank)
    return dict(scores)


def by_share(rows: Sequence[int], scores: npt.NDArray[np.float32]) -> Weighted:
    """Weighs rows by their share of the best score: a word that one passage alone has outweighs common ones."""
    return [(row, float(scores[row] / scores[rows[0]])) for row in rows]


def by_rank(rows: Sequence[int]) -> Weighted:
    """Leaves the ranks alone: cosines of one model lie too close together for their shares to tell anything."""
    return [(row, 1.0) for row in rows]
