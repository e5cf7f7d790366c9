"""Passages of whole sentences, each beginning with the end of the one before."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from kit.words.scripts import is_dense, tokens
from kit.words.sentences import Span, sentences
from services.context.model import Cue, Page, Passage

# Letters. About 150 words of spoken English; scripts without spaces say as much in fewer.
TARGET = 800
TARGET_DENSE = 320
OVERLAP = 0.25


@dataclass(frozen=True, slots=True)
class Spoken:
    """A transcript as one text, with the letter at which each cue begins."""

    text: str
    cues: Sequence[Cue]
    starts: Sequence[int]

    def within(self, span: Span) -> Sequence[Cue]:
        """The cues that any letter of the span stands in."""
        return self.cues[self.cue_at(span.start) : self.cue_at(span.end - 1) + 1]

    def cue_at(self, letter: int) -> int:
        return bisect_right(self.starts, letter) - 1


def passages(course: str, video_url: str, cues: Sequence[Cue]) -> tuple[Passage, ...]:
    """The passages of a transcript, in order. Their ids change where their words or times do."""
    spoken = joined(cues)
    seen = Counter[tuple[int | None, str]]()
    return tuple(_passage(course, video_url, spoken, span, seen) for span in _windows(spoken))


def paged_passages(course: str, document: str, pages: Sequence[Page]) -> tuple[Passage, ...]:
    """The passages of a document, in order. Each ends with its page at the latest: what it says stands there."""
    seen = Counter[tuple[int, str]]()
    return tuple(_page_passage(course, document, page.number, text, seen) for page in pages for text in _cut(page.text))


def passage_id(course: str, source: str, place: int | None, text: str, repeat: int = 0) -> str:
    """`repeat` tells apart the same words at the same place, as in a text without times that says them twice."""
    digest = blake2b(digest_size=10)
    for part in (course, source, str(place), text, str(repeat)):
        digest.update(part.encode() + b"\x00")
    return digest.hexdigest()


def joined(cues: Sequence[Cue]) -> Spoken:
    """The cues' words as one text."""
    parts, starts, length = list[str](), list[int](), 0
    for cue in cues:
        starts.append(length)
        gap = "\n" if cue.start is None else _gap(cue.text)
        parts.append(cue.text + gap)
        length += len(cue.text) + len(gap)
    return Spoken("".join(parts), cues, starts)


def beginning(passage: Passage, budget: int) -> Passage | None:
    """As many of its first cues, or words of a page, as the tokens reach, under its own id; None where not even one."""
    cues, words = passage.cues, passage.text.split()

    def said(count: int) -> str:
        return " ".join(joined(cues[:count]).text.split() if cues else words[:count])

    count = bisect_right(range(1, len(cues or words) + 1), budget, key=lambda count: tokens(said(count)))
    if not count:
        return None
    cut = replace(passage, text=said(count), cues=cues[:count])
    return replace(cut, end=cut.cues[-1].end) if cues else cut


def _gap(text: str) -> str:
    return "" if is_dense(text[-3:]) else " "


def _windows(spoken: Spoken) -> Iterator[Span]:
    target = TARGET_DENSE if is_dense(spoken.text) else TARGET
    window: list[Span] = []
    fresh = 0
    for sentence in sentences(spoken.text, spoken.starts):
        window.append(sentence)
        fresh += 1
        if _length(window) >= target:
            yield Span(window[0].start, window[-1].end)
            window, fresh = _overlap(window, target), 0
    if fresh:
        yield Span(window[0].start, window[-1].end)


def _overlap(window: list[Span], target: int) -> list[Span]:
    """The last sentence or two, unless they are long."""
    return next((tail for tail in (window[-2:], window[-1:]) if _length(tail) <= target * OVERLAP), [])


def _length(window: Sequence[Span]) -> int:
    return window[-1].end - window[0].start


def _passage(course: str, video_url: str, spoken: Spoken, span: Span, seen: Counter[tuple[int | None, str]]) -> Passage:
    text = " ".join(spoken.text[span.start : span.end].split())
    cues = tuple(spoken.within(span))
    start, end = cues[0].start, cues[-1].end
    timed = cues if start is not None else ()
    name = passage_id(course, video_url, start, text, seen[start, text])
    seen[start, text] += 1
    return Passage(name, text, start, end, timed)


def _cut(text: str) -> Iterator[str]:
    said = joined([Cue(None, None, text)])
    for span in _windows(said):
        if words := " ".join(said.text[span.start : span.end].split()):
            yield words


def _page_passage(course: str, document: str, page: int, text: str, seen: Counter[tuple[int, str]]) -> Passage:
    name = passage_id(course, document, page, text, seen[page, text])
    seen[page, text] += 1
    return Passage(name, text, page=page)
