"""By which terms turns are found, and what a query looks for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

from kit.words.languages import COMMON_WORDS, language_of
from kit.words.terms import folded, is_cut_in_pairs, runs, terms_of_word, unaccented

# Of one turn; the rest of a longer answer is not looked into.
MOST_TERMS = 4000
MOST_RUNS = 16
# Letters of a text whose language can be told.
SURE = 200
# Letters by which it is told.
SAMPLE = 600
# Of a stretch of letters without spaces so many of its pairs must stand in a turn.
LEAST_SHARE = 0.6
_WORDS_OF_ONE_LETTER = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Run:
    """A word of a query, or a stretch of it without spaces.

    Any of the terms of a word finds it: which language a turn is in decided its stem there. A stretch is found by the
    share of its pairs.
    """

    text: str
    terms: frozenset[str]
    is_word: bool

    def share_in(self, terms: frozenset[str]) -> float:
        """How much of it stands there, from 0 to 1."""
        found = len(self.terms & terms)
        return min(found, 1) if self.is_word else found / len(self.terms)


@dataclass(frozen=True, slots=True)
class Sought:
    """What a query looks for: one of its runs at the least, better more."""

    runs: tuple[Run, ...]

    @property
    def terms(self) -> frozenset[str]:
        return frozenset[str]().union(*(run.terms for run in self.runs))

    def score(self, terms: frozenset[str]) -> float:
        """How many of the runs stand there; 0 where none does well enough."""
        shares = [run.share_in(terms) for run in self.runs]
        return sum(shares) if max(shares, default=0) >= LEAST_SHARE else 0.0


def turn_terms(*texts: str) -> list[str]:
    """The different terms of a turn's texts, by the language that they are in."""
    languages = stemmed_as(" ".join(texts))
    terms: dict[str, None] = {}
    for run in (run for text in texts for run in runs(folded(text))):
        for language in languages:
            terms.update(dict.fromkeys(terms_of_run(run, language)))
        if len(terms) >= MOST_TERMS:  # a long answer is not stemmed for what would be cut off
            break
    return list(terms)[:MOST_TERMS]


def stemmed_as(text: str) -> tuple[str, ...]:
    """The languages by whose rules a text is stemmed: its own, and English where too little is said to be sure."""
    language = language_of(text[:SAMPLE]) or "english"
    return (language,) if language == "english" or len(text) > SURE else (language, "english")


def sought(query: str) -> Sought:
    """The runs of a query, without the words that stand everywhere unless there are no others."""
    found = tuple(dict.fromkeys(runs(folded(query))))
    rare = tuple(run for run in found if run not in COMMON_WORDS)
    return Sought(tuple(_run(run) for run in (rare or found)[:MOST_RUNS]))


def _run(text: str) -> Run:
    if is_cut_in_pairs(text):
        return Run(text, frozenset(terms_of_word(text, "")), is_word=False)
    return Run(text, frozenset(_in_all_languages(text)), is_word=True)


@lru_cache(maxsize=4096)
def _in_all_languages(word: str) -> Sequence[str]:
    return tuple(dict.fromkeys(term for language in _languages() for term in terms_of_run(word, language)))


def terms_of_run(run: str, language: str) -> Iterator[str]:
    """Its terms, and those that it has where somebody leaves its accents out; Chinese words may be single letters."""
    yield from terms_of_word(run, language)
    if run.isascii():
        return
    if is_cut_in_pairs(run):
        yield from _WORDS_OF_ONE_LETTER.findall(run)
    elif (bare := unaccented(run)) != run:
        yield from terms_of_word(bare, language)


@lru_cache(maxsize=1)
def _languages() -> tuple[str, ...]:
    return ("", *snowballstemmer.algorithms())
