"""Which sources are about a query's words, and where in them a word is introduced.

A lecture that names its successor ("Next time: resonance") is as full of that word as the passage that explains it.
But the word stands in one passage of the one lecture, and in many of the other, whose title may have it, too; and what
a word means is said where it comes first.
"""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

# Measured by `bench retrieval`: were all of a query's words in one source, its passages would be raised by this share.
SOURCE_LIFT = 0.3
# A title counts as so many passages that hold its words.
TITLE_PASSAGES = 2
# Of a source that has a word in some passages, the first few are raised by so much.
FIRST_LIFT = 0.2
FIRST_PASSAGES = 2
FEWEST_PASSAGES = 3

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]


class Emphasis:
    """Lifts rows by their sources; made once for a course."""

    def __init__(self, owners: Sequence[int], titles: Sequence[Collection[str]]) -> None:
        """`owners` is the number of each row's source, `titles` are the terms of each source's title."""
        self._owners = np.asarray(owners, dtype=np.int64)
        self._titles: dict[str, list[int]] = {}
        for source, title in enumerate(titles):
            for term in set(title):
                self._titles.setdefault(term, []).append(source)
        self._sources = len(titles)

    def lifts(self, held: Sequence[tuple[str, float, Rows]]) -> Floats:
        """A factor of at least 1 for each row; `held` are the query's terms with their weights and rows."""
        if not held:
            return np.ones(len(self._owners))
        about = np.sum([weight * self._shares(term, rows) for term, weight, rows in held], axis=0)
        whole = sum(weight for _, weight, _ in held)
        factors: Floats = (1 + SOURCE_LIFT * about / whole)[self._owners]
        _, _, rarest = max(held, key=lambda each: each[1])
        factors[self._first(rarest)] *= 1 + FIRST_LIFT
        return factors

    def _shares(self, term: str, rows: Rows) -> Floats:
        """Of all that is said with a term, how much each source says."""
        counts = np.bincount(self._owners[rows], minlength=self._sources).astype(np.float64)
        counts[self._titles.get(term, [])] += TITLE_PASSAGES
        shares: Floats = counts / counts.sum()
        return shares

    def _first(self, rows: Rows) -> list[int]:
        """The first passages of each source that has the term in several."""
        by_source: dict[int, list[int]] = {}
        for row in np.sort(rows).tolist():
            by_source.setdefault(int(self._owners[row]), []).append(row)
        return [row for each in by_source.values() if len(each) >= FEWEST_PASSAGES for row in each[:FIRST_PASSAGES]]
