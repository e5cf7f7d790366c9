"""Where sentences end, in any language that marks it, and somewhere sensible where nothing marks it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kit.words.scripts import is_dense

LONGEST = 400
LONGEST_DENSE = 160
_END = re.compile(r"(?<![.!?…։؟۔।॥])[.!?…։؟۔।॥]++[\"'”’»)\]]*+\s++|[。！？｡]++[」』”’）]*+\s*+")
_ABBREVIATED = (
    "dr mr mrs ms prof st vs etc fig no nr vol pp ca cf al e.g i.e z.b d.h u.a bzw usw sog ggf evtl "
    "p.ex ej p.ej sr sra m mme mlle art eq approx inc jr dott sig т.е т.д т.п им"
)
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
_LAST_WORD = re.compile(r"[^\s(\[\"'„“«]{1,12}$")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, from a letter up to another."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def sentences(text: str, seams: Sequence[int]) -> Iterator[Span]:
    """The sentences of a text; one that is too long is cut, best at a seam, where one cue gives way to the next."""
    longest = LONGEST_DENSE if is_dense(text) else LONGEST
    start = seam = 0
    for end in ends(text):
        while end - start > longest:
            while seam < len(seams) and seams[seam] <= start + longest // 3:
                seam += 1
            cut = _cut(text, start, longest, seams, seam)
            yield Span(start, cut)
            start = cut
        if start < end:
            yield Span(start, end)
        start = end


def ends(text: str) -> Iterator[int]:
    for match in _END.finditer(text):
        if not _goes_on(text, match):
            yield match.end()
    yield len(text)


def _goes_on(text: str, match: re.Match[str]) -> bool:
    """Whether the point belongs to an abbreviation, an initial or a number of order."""
    if not match[0].startswith(".") or match.end() >= len(text):
        return False
    if text[match.end()].islower():
        return True
    last = _LAST_WORD.search(text, max(0, match.start() - 13), match.start())
    word = last[0] if last else ""
    return word.lower() in _ABBREVIATIONS or (len(word) == 1 and word.isupper() and word != "I")


def _cut(text: str, start: int, longest: int, seams: Sequence[int], seam: int) -> int:
    """The last seam within reach, else the last space, else as far as may be."""
    last = 0
    while seam < len(seams) and seams[seam] <= start + longest:
        last = seams[seam]
        seam += 1
    if last > start:
        return last
    space = text.rfind(" ", start + longest // 3, start + longest)
    return space + 1 if space > start else start + longest
