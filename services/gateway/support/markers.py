"""Where an answer cites: `[2]`, `[1, 3]` or `【2】` in its prose, unless the brackets mean something else."""

from collections.abc import Iterator
from dataclasses import dataclass

import regex

_MARKER = regex.compile(r"[\[【]\s*\^?(?P<numbers>\d{1,3}(?:\s*[,;，、]\s*\d{1,3})*)\s*[\]】]")
_NUMBER = regex.compile(r"\d+")
# A word right before the bracket is a name that is indexed, unless the sentence ends there.
_INDEXED = regex.compile(r"[\p{L}\p{M}\p{N}_)\]]$")
_WORD_OF_PROSE = regex.compile(r"(?<![\p{L}\p{N}_.])(?:\p{L}\p{M}*){4,}$")
_ENDS = regex.compile(r"\s*(?:[.,;:!?)»”\"]|[\[【]\s*\d|$)", regex.MULTILINE)
_DENSE_BEFORE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Hangul}」』”。！？]$")
# Emphasis around a word is no sign of mathematics.
_EMPHASIS = regex.compile(r"[*_]++(?=\s*+$)|(?<=^|\s)[*+\-•]\s*+$")
# What holds numbers in brackets of its own: vectors and lists; of several numbers also intervals.
_HOLDER = regex.compile(
    r"(?:[=∈×≤≥∪∩]|\b(?:interval[ls]?|intervalle|intervall|intervalo|intervallo|range|vectors?|arrays?|lists?|tuples?|sets?"
    r"|matrix|segment|domain|liste|vektor|menge|bereich|vecteur|tableau|ensemble|lista|conjunto|vettore)"
    r"|区间|向量|列表|数组|अंतराल)\s*+$",
    regex.IGNORECASE,
)
_SINGLE_HOLDER = regex.compile(r"(?:[=∈×≤≥]|\b(?:vector|array|list|tuple|liste|vektor|lista)|数组|列表)\s*+$", regex.I)
_WITHIN = regex.compile(r"\b(?:in|on|over|auf|im|dans|sur|en|sobre)\s*+$", regex.IGNORECASE)
_MATHEMATICS = regex.compile(
    r"[=∈∫∑≤≥]|\b(?:[fghxyt]|function|continuous|integra\w*|defined|monoton\w*|increasing|decreasing|derivative|grows"
    r"|funktion|stetig|fonction|continue|función|continua)\b",
    regex.IGNORECASE,
)
_BEFORE = 80


@dataclass(frozen=True, slots=True)
class Marker:
    """Sources that are cited at one place, from a letter up to another; numbered from 1."""

    start: int
    end: int
    numbers: tuple[int, ...]


def markers(answer: str, text: str, sources: int) -> Iterator[Marker]:
    """The markers in `text`, the prose of the answer, that name one of so many sources."""
    for match in _MARKER.finditer(text):
        numbers = tuple(dict.fromkeys(int(number) for number in _NUMBER.findall(match["numbers"])))
        if 0 in numbers or not _cites(answer, match, len(numbers)):
            continue
        if known := tuple(number for number in numbers if number <= sources):
            yield Marker(match.start(), match.end(), known)


def _cites(answer: str, match: "regex.Match[str]", count: int) -> bool:
    before, after = answer[max(0, match.start() - _BEFORE) : match.start()], answer[match.end() : match.end() + 8]
    before = before.rpartition("\n")[2]
    if after.startswith("(") or (after.startswith(":") and not before.strip()):
        return False
    before = _EMPHASIS.sub("", before)
    if _is_held(before, several=count > 1):
        return False
    if match[0].startswith("【") or not _INDEXED.search(before) or before.endswith("]") or _DENSE_BEFORE.search(before):
        return True
    return bool(_WORD_OF_PROSE.search(before) and _ENDS.match(after))


def _is_held(before: str, *, several: bool) -> bool:
    """Whether the brackets belong to an interval, a vector or a list."""
    if not several:
        return bool(_SINGLE_HOLDER.search(before))
    return bool(_HOLDER.search(before) or (_WITHIN.search(before) and _MATHEMATICS.search(before)))
