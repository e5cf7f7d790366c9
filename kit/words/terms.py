"""Texts as the words that they are made of, and as the terms that they are found by, in every script."""

import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

import regex
import snowballstemmer

from kit.words.scripts import DENSE

LONGEST_WORD = 40
HANGUL = "\u1100-\u11ff\uac00-\ud7fb"

# Vowel signs and other marks are parts of the words that they stand in.
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[{DENSE}]]"
_WORD = regex.compile(rf"[{DENSE}][{DENSE}\p{{M}}]*|{_LETTER}+(?:'{_LETTER}+)*", regex.V1)
_ASCII_WORD = regex.compile("[a-z0-9]+(?:'[a-z0-9]+)*")
_DENSE_START = regex.compile(f"[{DENSE}]")
_HANGUL_START = regex.compile(f"[{HANGUL}]")
# Accents of Latin, Greek and Cyrillic letters, points of Hebrew and Arabic, and the stroke that stretches Arabic words.
_ACCENTS = regex.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]"
)
# Letters that no decomposition takes the stroke from.
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
# What Korean adds to a noun; the longest that fits is taken off.
_PARTICLE = regex.compile(
    "(?<=.)(?:에서는|에게서|으로는|이라는|에서|에게|한테|까지|부터|처럼|보다|마다|으로|이나|이란|라는|께서"
    "|[은는이가을를에의와과도만로나란])$"
)


def folded(text: str) -> str:
    """The text in one form of Unicode, without case."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("’", "'")


def words(text: str) -> list[str]:
    """The words of a text, folded; scripts without spaces letter by letter, so that any stretch of them is a row."""
    return [word for run in runs(folded(text)) for word in (run if _DENSE_START.match(run) else run.split("'"))]


def terms(text: str, language: str) -> list[str]:
    """The terms of a text in a language; unknown languages are folded only.

    Words lose accents and are stemmed; without spaces between words, and in Korean, terms are pairs of letters.
    """
    return [term for run in runs(folded(text)) for term in terms_of_word(run, language)]


@lru_cache(maxsize=100_000)
def terms_of_word(word: str, language: str) -> tuple[str, ...]:
    """The terms of one folded word, or of one stretch of letters without spaces."""
    if _DENSE_START.match(word):
        return _pairs(word)
    if _HANGUL_START.match(word):
        return _pairs(_PARTICLE.sub("", word))
    return (_stemmed(word[:LONGEST_WORD], language),)


def runs(text: str) -> list[str]:
    """The words of a folded text, and its stretches of letters without spaces, whole."""
    found: list[str] = (_ASCII_WORD if text.isascii() else _WORD).findall(text)
    return found


def places_of_runs(text: str) -> Iterator[tuple[int, int]]:
    """Where the runs of a folded text stand: from a letter up to another."""
    for found in (_ASCII_WORD if text.isascii() else _WORD).finditer(text):
        yield found.span()


def is_cut_in_pairs(run: str) -> bool:
    """Whether the terms of a run are pairs of its letters."""
    return bool(_DENSE_START.match(run) or _HANGUL_START.match(run))


def unaccented(word: str) -> str:
    """The word without accents, points and strokes."""
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).translate(_STROKES)


def _pairs(letters: str) -> tuple[str, ...]:
    return tuple(letters[at : at + 2] for at in range(len(letters) - 1)) or (letters,)


def _stemmed(word: str, language: str) -> str:
    stemmer = _stemmer(language)
    if stemmer is not None:
        with _STEMMING:
            word = stemmer.stemWord(word)
    return unaccented(word)


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


# Stemmers keep the word that they are at work on, and indexes are built in threads.
_STEMMING = threading.Lock()


@lru_cache(maxsize=32)
def _stemmer(language: str) -> _Stemmer | None:
    if language not in snowballstemmer.algorithms():
        return None
    stemmer: _Stemmer = snowballstemmer.stemmer(language)
    return stemmer
