"""Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009), weighing down ranks that stand far behind the first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Smaller than the 60 of the paper, whose lists were a thousand long: here the first few ranks decide.
K = 10

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Weighted:
    """Rows, best first and each once, with weights up to 1."""

    rows: Rows
    weights: Floats


def fuse(size: int, *rankings: Weighted) -> Floats:
    """The score of each of so many rows; 0 for those that stand in none of the rankings."""
    scores = np.zeros(size)
    for ranking in rankings:
        scores[ranking.rows] += ranking.weights / np.arange(K + 1, K + 1 + len(ranking.rows))
    return scores


def by_share(rows: Rows, scores: Floats) -> Weighted:
    """Weighs rows by their share of the best score: a word that one passage alone has outweighs common ones."""
    weights = scores[rows]
    return Weighted(rows, weights / weights[0] if len(rows) else weights)


def by_rank(rows: Sequence[int]) -> Weighted:
    """Leaves the ranks alone: cosines of one model lie too close together for their shares to tell anything."""
    return Weighted(np.asarray(rows, dtype=np.intp), np.ones(len(rows)))
