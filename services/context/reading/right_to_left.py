"""Spaces of text that runs from right to left: where none is drawn, pdfium finds them in the other direction alone."""

import re
from collections.abc import Iterator

import pypdfium2
from pypdfium2 import raw

_LETTERS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_LETTER, _RUN = re.compile(f"[{_LETTERS}]"), re.compile(f"[{_LETTERS}]+")
APART = "\uffff"
_MARKED_RUN = re.compile(f"[{_LETTERS}{APART}]+")
# In letters. Words of Arabic, Persian and Hebrew have four or five; one that is longer than this lacks spaces.
LONGEST_WORD = 14
# Of the height of the letters: letters of a word touch, or lie over one another.
GAP = 0.03


def spaced(page: pypdfium2.PdfTextPage, said: str) -> str:
    """The text, with a space within runs that are too long for a word, wherever two of their letters stand apart."""
    if max(map(len, _RUN.findall(said)), default=0) <= LONGEST_WORD:
        return said
    return _MARKED_RUN.sub(_spaced, "".join(_letters(page)))


def _spaced(run: re.Match[str]) -> str:
    whole = run[0].replace(APART, "")
    return run[0].replace(APART, " ") if len(whole) > LONGEST_WORD else whole


def _letters(page: pypdfium2.PdfTextPage) -> Iterator[str]:
    left, before = 0.0, ""
    box = raw.FS_RECTF()
    for at in range(page.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(page, at))
        raw.FPDFText_GetLooseCharBox(page, at, box)
        if _LETTER.match(before) and _LETTER.match(letter) and left - box.right > GAP * (box.top - box.bottom):
            yield APART
        yield letter
        left, before = box.left, letter
