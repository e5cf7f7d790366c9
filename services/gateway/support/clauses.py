"""What clauses say, as far as their words tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import regex
from stopwordsiso import stopwords
from text_to_num import alpha2digit

from kit.words.scripts import is_dense
from kit.words.terms import folded, runs, terms_of_word, words
from services.gateway.support import lexicon
from services.gateway.support.lexicon import Side

_BORDER = regex.compile(r"(?<!\d)[,;:](?!\d)|(?<=\d)[,;:](?=\s)|[.!?…](?=\s|$)|[，、。；：！？｡।॥؟،؛]|\s[-–—]\s|\n")
_FRACTION = regex.compile(r"(?<=\d)[.,](?=\d)")
_NUMBER = regex.compile(r"\d")
_NAME = regex.compile(r"(?<=[^\s.!?:\"“«(\[]\s)\p{Lu}[\p{L}\p{M}]+")
_CONTRACTED = ("n't", "n’t")


@dataclass(frozen=True)
class Clause:
    """The terms of a clause that tell what it is about, in their order, and what makes it mean something else.

    `firm` terms are numbers and names, for which no other word can stand; `sides` are those of opposites that it takes.
    Each of `denials` holds the terms beside a word that denies. `words` are all of them, common ones too, where
    the language's numbers can't be read: there they may be among the common ones.
    """

    terms: tuple[str, ...]
    firm: frozenset[str]
    sides: frozenset[Side]
    denials: tuple[frozenset[str], ...]
    words: tuple[str, ...] = ()

    @cached_property
    def content(self) -> frozenset[str]:
        return frozenset(self.terms)


def clauses(text: str, language: str) -> tuple[Clause, ...]:
    """The clauses of a text that say something; numbers in words count as numbers where the language's can be read."""
    return tuple(
        clause for part in _BORDER.split(_with_digits(text, language)) if (clause := _clause(part, language)).terms
    )


def joined(parts: Sequence[Clause]) -> Clause:
    """Several clauses read as one."""
    return Clause(
        tuple(term for part in parts for term in part.terms),
        frozenset().union(*(part.firm for part in parts)),
        frozenset().union(*(part.sides for part in parts)),
        tuple(denied for part in parts for denied in part.denials),
        tuple(word for part in parts for word in part.words),
    )


def _with_digits(text: str, language: str) -> str:
    iso = lexicon.ISO.get(language, "")
    return alpha2digit(text, iso, threshold=0) if iso in lexicon.NUMBERS_SAID else text


def _clause(text: str, language: str) -> Clause:
    text = _FRACTION.sub("p", text)  # so that a fraction stays one word
    found, denials = list[str](), list[int]()
    for word in runs(folded(text)):
        if _denies(word, language):
            denials.append(len(found))
        elif not _says_nothing(word, language):
            found += (term for term in terms_of_word(word, language) if not lexicon.is_glue(term))
    sides = lexicon.SIDES.get(language, {})
    return Clause(
        tuple(found),
        _firm(found, text, language),
        frozenset(sides[term] for term in found if term in sides),
        tuple(frozenset(found[max(0, at - 1) : at + 1]) for at in denials)
        + (frozenset(found),) * _denials_inside(text, language),
        () if lexicon.ISO.get(language, "") in lexicon.NUMBERS_SAID else tuple(words(text)),
    )


def _firm(found: Sequence[str], text: str, language: str) -> frozenset[str]:
    names = {term for name in _names(text, language) for term in terms_of_word(folded(name), language)}
    return frozenset(term for term in found if term in names or _NUMBER.search(term))


def _names(text: str, language: str) -> Sequence[str]:
    """Words that are written large although no sentence begins with them; in German all nouns are."""
    found: list[str] = [] if language == "german" else _NAME.findall(text)
    return found


def _denies(word: str, language: str) -> bool:
    return word in lexicon.DENYING.get(language, ()) or word.endswith(_CONTRACTED)


def _denials_inside(text: str, language: str) -> int:
    pattern = lexicon.DENYING_INSIDE.get(language)
    return len(pattern.findall(text)) if pattern else 0


def _says_nothing(word: str, language: str) -> bool:
    """Whether a word is among the most common, and neither a number nor one of two opposites."""
    if is_dense(word) or word in lexicon.OPPOSED_WORDS.get(language, ()):
        return False
    return word in _common(language) or (len(word) == 1 and word.isascii() and not word.isdigit())


@lru_cache(maxsize=64)
def _common(language: str) -> frozenset[str]:
    iso = lexicon.ISO.get(language, "")
    return frozenset(word for word in stopwords(iso) if not word.isdigit()) if iso else frozenset()
