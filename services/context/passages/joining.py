"""Words that the end of a line cut, whole again; letters in one form."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

SOFT = "\u00ad"
# How pdfium tells of a hyphen at the end of a line, which it leaves out together with the end.
CUT = "\ufffe"
# What looks like a letter and is several: ligatures of Latin and Armenian, digraphs, and the forms of Arabic letters.
_LIGATURES = re.compile("[\ufb00-\ufb06\ufb13-\ufb17\u0132\u0133\u01c4-\u01cc\u01f1-\u01f3\ufb50-\ufdfb\ufe70-\ufefc]")
# Signs that fonts of symbols use for bullets, and controls.
_NO_SIGNS = re.compile("[\ue000-\uf8ff\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff]")
_HYPHENS = "-\u2010\u058a"
# Looked for at the beginnings of words alone: from within a long one, each letter would read the rest again.
_CUT_WORD = re.compile(
    rf"(?P<before>(?<![^\W\d_])[^\W\d_]++(?:['\u2019][^\W\d_]++)?+|[\d_])"
    rf"(?P<sign>{CUT}[ \t]*+\n?+|[{_HYPHENS}]{SOFT}?\n)(?P<after>\w+)"
)
# Accents that were drawn by themselves, before their letter, as TeX does with its older fonts.
_ACCENTS = {
    "\u00b4": "\u0301",
    "\u00a8": "\u0308",
    "\u02c6": "\u0302",
    "\u02dc": "\u0303",
    "\u00b8": "\u0327",
    "\u02c7": "\u030c",
}
_ACCENTED = re.compile(f"([{''.join(_ACCENTS)}])([^\\W\\d_])")
_SOFT_BREAK = re.compile(rf"{SOFT}\s*\n\s*|{SOFT}")
_HYPHENATED = re.compile(rf"(?<![^\W_])[^\W_]++[{_HYPHENS}][^\W_]++")
_WORD = re.compile(r"[^\W_]+")
# A hyphen before these stands for the rest of a word that comes later: `Vor- und Nachteile`.
_JOINING = "und oder bzw sowie and or et ou y og eller och en of e o i и или та або"
_AND = frozenset(_JOINING.split())


def normal(text: str) -> str:
    """Composed letters, ligatures as their letters, and no signs that mean nothing."""
    if text.isascii() and text.isprintable():
        return text
    text = _LIGATURES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return unicodedata.normalize("NFC", _ACCENTED.sub(_accented, _NO_SIGNS.sub(" ", text)))


def _accented(found: re.Match[str]) -> str:
    """The letter with its accent, where there is such a letter."""
    letter = unicodedata.normalize("NFC", found[2] + _ACCENTS[found[1]])
    return letter if len(letter) == 1 else found[0]


class Hyphens:
    """Joins what ends of lines cut in two. Whether a hyphen is part of the word, other places of the text tell."""

    def __init__(self, text: str) -> None:
        self._hyphenated, self._whole = Counter[str](), Counter[str]()
        if CUT in text or any(f"{sign}\n" in text for sign in _HYPHENS):
            self._hyphenated.update(word.lower() for word in _HYPHENATED.findall(text))
            self._whole.update(word.lower() for word in _WORD.findall(text))

    def flowing(self, lines: Sequence[str]) -> str:
        """The lines as one."""
        text = _SOFT_BREAK.sub("", "\n".join(lines))
        return " ".join(_CUT_WORD.sub(self._joined, text).replace(CUT, "-").split())

    def _joined(self, cut: re.Match[str]) -> str:
        before, after = cut["before"], cut["after"]
        if after.lower() in _AND:
            return f"{before}- {after}"
        return f"{before}-{after}" if self._is_hyphenated(before, after) else f"{before}{after}"

    def _is_hyphenated(self, before: str, after: str) -> bool:
        if after[0].isdigit() or not before[-1].isalpha():
            return True
        as_one, as_two = self._whole[f"{before}{after}".lower()], self._hyphenated[f"{before}-{after}".lower()]
        if as_one != as_two:
            return as_two > as_one
        return after[0].isupper()
