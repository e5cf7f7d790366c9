r"""Whether what a page gives are words: fonts may not say which letters they show, and then text is a cipher.

Such a page comes as glyph names, as letters without a meaning, as letters of many scripts at once, or as other letters
in the place of its own (`7RGD\ ZH VWXG\` for `Today we study`). The last is told by pairs of letters: in words of any
language most of those that follow one another are among a few hundred; in shifted letters most are not.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.context.model import RawPage
from services.context.passages.letters import USUAL_PAIRS, USUAL_SIGNS, plain, script_of

# Shares of letters and other signs that are not spaces.
MEANINGLESS_SHARE = 0.15
NAMED_SHARE = 0.3
STRANGE_SCRIPTS_SHARE = 0.2
USUAL_SIGNS_SHARE = 0.08
MARKED_SHARE = 0.55
# A page is doubted where its fonts do not say what half of its letters are.
UNSAID_SHARE = 0.5
# Usual pairs among all: fewer in words that are doubted mean a cipher sooner than in others.
USUAL_SHARE = 0.5
USUAL_SHARE_IN_DOUBT = 0.7
# So many pairs, or letters, tell something.
FEWEST_PAIRS = 120
FEWEST_PAIRS_IN_DOUBT = 12
FEWEST_PAIRS_AMONG_SIGNS = 30
FEWEST_LETTERS = 60

_GLYPH_NAMES = re.compile(
    r"/(?:g|G|c|C|cid|glyph|gid|index|uni|a)\d{1,5}\b|/uni[0-9A-F]{4}|\(cid:\d{1,5}\)|/[A-Z]\d{2}\b"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_MEANINGLESS = frozenset({"Cc", "Co", "Cn", "Cs"})
_SPACES = re.compile(r"\s+")
REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Pairs:
    """How many pairs of letters a text has, and how many of them are usual."""

    count: int
    usual: int

    @property
    def share(self) -> float:
        return self.usual / self.count if self.count else 1.0


def garbled(pages: Sequence[RawPage]) -> list[bool]:
    """For each page whether its text is no text. What is too short to tell is as the other doubted pages are."""
    in_doubt = [page.unsaid >= UNSAID_SHARE for page in pages]
    doubted = pairs_of(" ".join(page.text for page, doubt in zip(pages, in_doubt, strict=True) if doubt))
    together = _is_cipher(doubted, doubt=True)
    return [_is_garbled(page.text, doubt, together) for page, doubt in zip(pages, in_doubt, strict=True)]


def pairs_of(text: str) -> Pairs:
    """Of scripts whose pairs are known; those of others are not counted."""
    counted = Counter[str]()
    for word in _WORD.findall(plain(text)):
        counted.update(map(str.__add__, word, word[1:]))
    count = usual = 0
    for pair, times in counted.items():
        known = USUAL_PAIRS.get(script_of(pair[0]))
        if known is not None:
            count += times
            usual += times if pair in known else 0
    return Pairs(count, usual)


def _is_garbled(text: str, doubt: bool, together: bool) -> bool:
    dense = _SPACES.sub("", text)
    if not dense:
        return False
    if _named(dense) > NAMED_SHARE or _is_soup(dense):
        return True
    pairs = pairs_of(text)
    if _meaningless(dense) > MEANINGLESS_SHARE:  # words among signs, as under notes of music, are words
        return pairs.count < FEWEST_PAIRS_AMONG_SIGNS or pairs.share < USUAL_SHARE_IN_DOUBT
    if doubt and _has_strange_signs(dense):
        return True
    return together if doubt and pairs.count < FEWEST_PAIRS else _is_cipher(pairs, doubt=doubt)


def _is_cipher(pairs: Pairs, *, doubt: bool) -> bool:
    fewest, share = (FEWEST_PAIRS_IN_DOUBT, USUAL_SHARE_IN_DOUBT) if doubt else (FEWEST_PAIRS, USUAL_SHARE)
    return pairs.count >= fewest and pairs.share < share


def _meaningless(dense: str) -> float:
    """The share of signs that stand for no letter: controls, places that fonts use as they like, replacements."""
    if dense.isascii() and dense.isprintable():
        return 0.0
    strange = sum(sign == REPLACEMENT or unicodedata.category(sign) in _MEANINGLESS for sign in dense)
    return strange / len(dense)


def _named(dense: str) -> float:
    """The share that are names of glyphs."""
    if "/" not in dense and "(cid:" not in dense:
        return 0.0
    return sum(map(len, _GLYPH_NAMES.findall(dense))) / len(dense)


def _has_strange_signs(dense: str) -> bool:
    """Whether what looks like Chinese, Japanese or Korean has none of the signs that every text there has."""
    signs = [] if dense.isascii() else [sign for sign in dense if script_of(sign) == "CJK"]
    if len(signs) < FEWEST_LETTERS or 2 * len(signs) < len(dense):
        return False
    return sum(sign in USUAL_SIGNS for sign in signs) < USUAL_SIGNS_SHARE * len(signs)


def _is_soup(dense: str) -> bool:
    """Letters of many scripts, or almost all of them with marks: no language is written so."""
    if dense.isascii():
        return False
    letters = Counter(filter(str.isalpha, dense))
    count = letters.total()
    if count < FEWEST_LETTERS:
        return False
    scripts = Counter[str]()
    for letter, times in letters.items():
        scripts[script_of(letter)] += times
    strange = count - sum(times for _, times in scripts.most_common(2))
    latin = scripts["LATIN"]
    marked = sum(times for letter, times in letters.items() if letter > "\x7f" and script_of(letter) == "LATIN")
    return strange > STRANGE_SCRIPTS_SHARE * count or (latin * 2 > count and marked > MARKED_SHARE * latin)
