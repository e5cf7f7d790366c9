"""BM25 over passages, in process (Robertson and Zaragoza 2009; idf as in Lucene, never negative)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

K1 = 1.2
B = 0.75

_DIGIT = re.compile(r"\d")

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Matched:
    """How a query's words fit each row: its score, and which share of the weight of all the query's words it holds."""

    scores: Scores
    shares: Scores


class Bm25:
    """An index whose postings stand in two arrays, sorted by term; queries add up ready weights."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        """`documents` are lists of terms; a document is known by its row."""
        self._size = len(documents)
        self._vocabulary = vocabulary = dict[str, int]()
        lengths = np.array([len(document) for document in documents], dtype=np.int64)
        number = vocabulary.setdefault
        ids = np.array([number(term, len(vocabulary)) for document in documents for term in document], dtype=np.int64)
        rows = np.repeat(np.arange(self._size, dtype=np.int64), lengths)
        keys, frequencies = np.unique(ids * max(1, self._size) + rows, return_counts=True)
        owners = keys // max(1, self._size)
        self._rows = (keys % max(1, self._size)).astype(np.int32)
        bounds = np.searchsorted(owners, np.arange(len(self._vocabulary) + 1))
        self._bounds: list[int] = bounds.tolist()
        holders = np.diff(bounds)
        self._idf = np.log1p((self._size - holders + 0.5) / (holders + 0.5))
        self._idf_of_strangers = float(np.log1p((self._size + 0.5) / 0.5))
        self._weights = self._weigh(owners, frequencies, lengths)

    def scores(self, terms: Iterable[str]) -> Scores:
        """One score a row; 0 where no term stands."""
        return self.matched(terms).scores

    def matched(self, terms: Iterable[str]) -> Matched:
        """Words that stand nowhere have the greatest weight in the shares: no row can answer for them.

        Numbers and codes that stand nowhere have none: there is nothing in other words that could be meant by them.
        """
        asked = set(terms)
        numbers = sorted(self._vocabulary[term] for term in asked if term in self._vocabulary)
        strangers = sum(term not in self._vocabulary and not _DIGIT.search(term) for term in asked)
        if not numbers:
            return Matched(np.zeros(self._size), np.zeros(self._size))
        postings = [slice(self._bounds[number], self._bounds[number + 1]) for number in numbers]
        rows = np.concatenate([self._rows[each] for each in postings])
        weights = np.concatenate([self._weights[each] for each in postings])
        idf = self._idf[numbers]
        whole = idf.sum() + self._idf_of_strangers * strangers
        held = (idf / whole).repeat([each.stop - each.start for each in postings])
        return Matched(self._added(rows, weights), self._added(rows, held))

    def held(self, terms: Iterable[str]) -> list[tuple[str, float, npt.NDArray[np.int32]]]:
        """The terms that stand somewhere, each with its weight and the rows that have it."""
        numbers = ((term, self._vocabulary[term]) for term in sorted(set(terms)) if term in self._vocabulary)
        return [
            (term, float(self._idf[number]), self._rows[self._bounds[number] : self._bounds[number + 1]])
            for term, number in numbers
        ]

    def _added(self, rows: npt.NDArray[np.int32], values: npt.NDArray[Any]) -> Scores:
        return np.bincount(rows, values, minlength=self._size).astype(np.float64, copy=False)

    def _weigh(
        self, owners: npt.NDArray[np.int64], frequencies: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        mean = lengths.mean() if self._size else 1.0
        norm = K1 * (1 - B + B * lengths / max(mean, 1e-9))
        weights: Scores = self._idf[owners] * frequencies * (K1 + 1) / (frequencies + norm[self._rows])
        return weights.astype(np.float32)
