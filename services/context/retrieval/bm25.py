"""BM25 over passages, in process (Robertson and Zaragoza 2009; idf as in Lucene, never negative)."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

K1 = 1.2
B = 0.75

Scores = npt.NDArray[np.float32]


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
        self._bounds = np.searchsorted(owners, np.arange(len(self._vocabulary) + 1))
        self._weights = self._weigh(owners, frequencies, lengths)

    def scores(self, terms: Iterable[str]) -> Scores:
        """One score a row; 0 where no term stands."""
        scores = np.zeros(self._size, dtype=np.float32)
        for term in set(terms):
            number = self._vocabulary.get(term)
            if number is not None:
                postings = slice(self._bounds[number], self._bounds[number + 1])
                scores[self._rows[postings]] += self._weights[postings]
        return scores

    def _weigh(
        self, owners: npt.NDArray[np.int64], frequencies: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
    ) -> Scores:
        holders = np.diff(self._bounds)
        idf = np.log1p((self._size - holders + 0.5) / (holders + 0.5))
        mean = lengths.mean() if self._size else 1.0
        norm = K1 * (1 - B + B * lengths / max(mean, 1e-9))
        weights: Scores = (idf[owners] * frequencies * (K1 + 1) / (frequencies + norm[self._rows])).astype(np.float32)
        return weights
