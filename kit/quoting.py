"""Where a quote stands in its source: case, space and punctuation do not count."""

import re
import unicodedata
from collections.abc import Sequence

_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def place_of(quote: Sequence[str], texts: Sequence[str]) -> range | None:
    """The texts, read one after another, in which these words stand in a row; None where they do not."""
    owned = [(word, at) for at, text in enumerate(texts) for word in words_of(text)]
    said, length = [word for word, _ in owned], len(quote)
    for start in range(len(said) - length + 1 if length else 0):
        if said[start : start + length] == list(quote):
            return range(owned[start][1], owned[start + length - 1][1] + 1)
    return None
