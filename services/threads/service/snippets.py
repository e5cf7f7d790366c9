"""Found words in their surroundings, marked, as HTML that can't carry anything else."""

import html
import unicodedata
from collections.abc import Iterator

import regex

from kit.words.terms import folded, is_cut_in_pairs, places_of_runs
from services.threads.model import Run, sought, turn_terms
from services.threads.model.words import stemmed_as, terms_of_run

SNIPPET_LENGTH = 240
LEAD = 60
# A letter with the marks on it; jamo of one syllable are composed before.
_CLUSTER = regex.compile(r"\P{M}\p{M}*|\p{M}+")


class Highlighter:
    """Marks what a query finds: the terms that turns are found by, regardless of case, accents and form of Unicode."""

    def __init__(self, query: str) -> None:
        self.sought = sought(query)
        self._words = frozenset[str]().union(*(run.terms for run in self.sought.runs if run.is_word))
        self._stretches = [run for run in self.sought.runs if not run.is_word]

    def count_in(self, text: str) -> float:
        """How much of the query the text has."""
        terms = frozenset(turn_terms(text))
        return sum(run.share_in(terms) for run in self.sought.runs)

    def snippet(self, text: str) -> str:
        """The surroundings of the first find, with all finds in it between `<mark>` and `</mark>`."""
        text = unicodedata.normalize("NFC", text)
        finds = list(self._finds(text))
        start = _word_start(text, max(0, finds[0][0] - LEAD)) if finds else 0
        end = _word_end(text, min(len(text), start + SNIPPET_LENGTH))
        shown = _marked(text, start, end, finds)
        return ("…" if start else "") + shown + ("…" if end < len(text) else "")

    def _finds(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the finds stand in a text, in order."""
        plain, clusters = _folded_with_places(text)
        languages = stemmed_as(text)
        for start, end in places_of_runs(plain):
            run = plain[start:end]
            if is_cut_in_pairs(run):
                yield from ((clusters[start + a][0], clusters[start + b - 1][1]) for a, b in self._within(run))
            elif any(term in self._words for language in languages for term in terms_of_run(run, language)):
                yield clusters[start][0], clusters[end - 1][1]

    def _within(self, run: str) -> Iterator[tuple[int, int]]:
        """The parts of a stretch without spaces whose terms are sought, each as long as it goes on."""
        marked = [False] * len(run)
        for sought_run in self._stretches:
            _mark(run, sought_run, marked)
        start = 0
        while start < len(run):
            end = start
            while end < len(run) and marked[end]:
                end += 1
            if end > start:
                yield start, end
            start = max(end, start + 1)


def _mark(run: str, sought_run: Run, marked: list[bool]) -> None:
    """Marks the letters of a stretch that belong to terms of a run."""
    for term in sought_run.terms:
        at = run.find(term)
        while at >= 0:
            marked[at : at + len(term)] = [True] * len(term)
            at = run.find(term, at + 1)


def _folded_with_places(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The folded text, and for each of its letters where the letter with its marks stands in the text."""
    parts, places, at = list[str](), list[tuple[int, int]](), 0
    for cluster in _CLUSTER.findall(text):
        parts.append(folded(cluster))
        places += [(at, at + len(cluster))] * len(parts[-1])
        at += len(cluster)
    return "".join(parts), places


def _marked(text: str, start: int, end: int, finds: list[tuple[int, int]]) -> str:
    parts, done = [], start
    for first, last in finds:
        if done <= first and last <= end:
            parts += [html.escape(text[done:first]), f"<mark>{html.escape(text[first:last])}</mark>"]
            done = last
    return "".join(parts) + html.escape(text[done:end])


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
