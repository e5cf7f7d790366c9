"""Found words in their surroundings, marked, as HTML that can't carry anything else."""

import html
import re
import unicodedata
from functools import lru_cache

import snowballstemmer

WORD = re.compile(r"\w+")
SNIPPET_LENGTH = 240
LEAD = 60

_stemmer = snowballstemmer.stemmer("english")


class Highlighter:
    """Marks the words of a query, and words of the same stem, regardless of case and accents."""

    def __init__(self, query: str) -> None:
        self.words = tuple(dict.fromkeys(WORD.findall(query)))
        self._stems = frozenset(stem(word) for word in self.words)

    def count_in(self, text: str) -> int:
        """How many different words of the query the text has."""
        return len({stem(word) for word in WORD.findall(text)} & self._stems)

    def snippet(self, text: str) -> str:
        """The surroundings of the first find, with all finds in it between `<mark>` and `</mark>`."""
        first = next((match.start() for match in WORD.finditer(text) if self._has(match[0])), 0)
        start = _word_start(text, max(0, first - LEAD))
        end = _word_end(text, min(len(text), start + SNIPPET_LENGTH))
        shown = self._marked(text[start:end])
        return ("…" if start else "") + shown + ("…" if end < len(text) else "")

    def _marked(self, text: str) -> str:
        parts, done = [], 0
        for match in WORD.finditer(text):
            if self._has(match[0]):
                parts += [html.escape(text[done : match.start()]), f"<mark>{html.escape(match[0])}</mark>"]
                done = match.end()
        return "".join(parts) + html.escape(text[done:])

    def _has(self, word: str) -> bool:
        return stem(word) in self._stems


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """The word without its ending and accents, by the rules of English."""
    plain = "".join(part for part in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(part))
    return str(_stemmer.stemWord(plain))


def _word_start(text: str, at: int) -> int:
    if at == 0:
        return 0
    space = text.find(" ", at)
    return at if space < 0 or space - at > LEAD // 2 else space + 1


def _word_end(text: str, at: int) -> int:
    if at == len(text):
        return at
    space = text.rfind(" ", 0, at)
    return at if space < at - LEAD // 2 else space
