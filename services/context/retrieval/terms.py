"""Texts as the terms that they are found by: folded, stemmed, and pairs of letters where words have no spaces."""

import re
import threading
import unicodedata
from functools import lru_cache
from typing import Protocol

import snowballstemmer

from services.context.passages.scripts import DENSE

LONGEST_WORD = 40
_WORD = re.compile(rf"[{DENSE}]+|[^\W_{DENSE}]+(?:['’][^\W_{DENSE}]+)*")
_DENSE_START = re.compile(f"[{DENSE}]")
_ACCENTS = re.compile("[\u0300-\u036f]")


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


def terms(text: str, language: str) -> list[str]:
    """The terms of a text in a language; unknown languages are folded only."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return [term for word in _WORD.findall(folded) for term in _terms_of(word, language)]


@lru_cache(maxsize=100_000)
def _terms_of(word: str, language: str) -> tuple[str, ...]:
    if not _DENSE_START.match(word):
        return (_stemmed(word[:LONGEST_WORD], language),)
    return tuple(word[at : at + 2] for at in range(len(word) - 1)) or (word,)


def _stemmed(word: str, language: str) -> str:
    stemmer = _stemmer(language)
    if stemmer is not None:
        with _STEMMING:
            word = stemmer.stemWord(word)
    decomposed = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed))


# Stemmers keep the word that they are at work on, and indexes are built in threads.
_STEMMING = threading.Lock()


@lru_cache(maxsize=32)
def _stemmer(language: str) -> _Stemmer | None:
    if language not in snowballstemmer.algorithms():
        return None
    stemmer: _Stemmer = snowballstemmer.stemmer(language)
    return stemmer
