"""Where a quote stands in its source: case, space, punctuation and the form of Unicode do not count."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from kit.words.terms import words


class Said:
    """Texts that are read one after another, made ready for many quotes to be looked up in them."""

    def __init__(self, texts: Sequence[str]) -> None:
        rows = [words(text) for text in texts]
        self._ends = list(accumulate(len(each) for each in rows))
        self._row = _row(word for each in rows for word in each)

    def place_of(self, quote: Sequence[str]) -> range | None:
        """The texts in which these words stand in a row; None where they do not."""
        at = self._row.find(_row(quote)) if quote else -1
        if at < 0:
            return None
        first = self._row.count(" ", 0, at)
        return range(bisect_right(self._ends, first), bisect_right(self._ends, first + len(quote) - 1) + 1)


def place_of(quote: Sequence[str], texts: Sequence[str]) -> range | None:
    """The texts, read one after another, in which these words stand in a row; None where they do not."""
    return Said(texts).place_of(quote)


def _row(parts: Iterable[str]) -> str:
    """Words hold no spaces: one between any two, and around them, keeps each whole."""
    return f" {' '.join(parts)} "
