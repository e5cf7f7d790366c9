"""Where an answer stands in its sources: what it cites or quotes is looked up, set to the second, or left out."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from kit.words.quotes import Said
from kit.words.terms import words
from services.gateway.model import Citation, Cue, Passage

MARKER = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
QUOTED = re.compile(r"[\"\u201c\u201e\u00ab]([^\"\u201c\u201d\u201e\u00ab\u00bb]{12,400})[\"\u201d\u00bb\u201c]")
SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
WINDOW_CUES = 3
MIN_WORD = 4
MIN_QUOTE_WORDS = 3
SHOWN_QUOTE = 280
FALLBACK_CITATIONS = 2
# Passages of the lectures that are asked about now; about 15 KB each.
PASSAGES_KEPT = 1024


@dataclass(frozen=True)
class _Source:
    """A passage made ready to be cited, each part of it when it is first needed."""

    passage: Passage

    @cached_property
    def said(self) -> Said:
        return Said([cue.text for cue in self.passage.cues] or [self.passage.text])

    @cached_property
    def content(self) -> Sequence[frozenset[str]]:
        """The words of each cue that tell what it is about."""
        return [_content_words(cue.text) for cue in self.passage.cues]


# Many turns are about the same few passages.
_source_of = lru_cache(maxsize=PASSAGES_KEPT)(_Source)


def candidates(passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """The passages as citations that the model may use, numbered from 1."""
    return tuple(_whole(passage, number) for number, passage in enumerate(passages, 1))


def cited(answer: str, question: str, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """The citations of an answer, each once and in the order of the text.

    Markers such as `[2]` and quoted words that no source has are left out. An answer that cites nothing gets the places
    of the best sources that are nearest to the question, with index 0; `passages` come best first.
    """
    found = [*_by_markers(answer, passages), *_by_quotes(answer, passages)]
    return tuple(_distinct(found)) or tuple(_nearest(answer, question, passages))


def _by_markers(answer: str, passages: Sequence[Passage]) -> Iterable[Citation]:
    seen: set[int] = set()
    for sentence in SENTENCE.findall(_with_markers_inside(answer)):
        for number in (int(n) for marker in MARKER.findall(sentence) for n in marker.split(",")):
            if 0 < number <= len(passages) and number not in seen:
                seen.add(number)
                yield _best_place(passages[number - 1], _content_words(MARKER.sub("", sentence)), number)


def _by_quotes(answer: str, passages: Sequence[Passage]) -> Iterable[Citation]:
    for quote in QUOTED.findall(answer):
        quoted = words(quote)
        if len(quoted) < MIN_QUOTE_WORDS:
            continue
        for number, passage in enumerate(passages, 1):
            place = _find(quoted, passage)
            if place is not None:
                yield _citation(passage, quote.strip(), place, number)
                break


def _nearest(answer: str, question: str, passages: Sequence[Passage]) -> Iterable[Citation]:
    asked, said = _content_words(question), _content_words(answer)
    for passage in passages[:FALLBACK_CITATIONS]:
        yield _best_place(passage, asked or said, 0)


def _best_place(passage: Passage, wanted: frozenset[str], number: int) -> Citation:
    """The few cues of the passage that share most words with what was said."""
    if not passage.cues:
        return _whole(passage, number)
    shared = [words & wanted for words in _source_of(passage).content]
    windows = range(max(1, len(shared) - WINDOW_CUES + 1))
    best = max(windows, key=lambda at: len(frozenset().union(*shared[at : at + WINDOW_CUES])))
    cues = passage.cues[best : best + WINDOW_CUES]
    return _citation(passage, " ".join(cue.text for cue in cues), cues, number)


def _find(quoted: Sequence[str], passage: Passage) -> tuple[Cue, ...] | None:
    """The cues that hold the words in a row; an empty tuple where the source has no times."""
    place = _source_of(passage).said.place_of(quoted)
    return None if place is None else passage.cues[place.start : place.stop]


def _citation(passage: Passage, quote: str, cues: Sequence[Cue], number: int) -> Citation:
    start, end = (cues[0].start, cues[-1].end) if cues else (passage.start, passage.end)
    return Citation(
        quote=quote,
        title=passage.title,
        video_url=passage.video_url,
        start=start,
        end=end,
        document=passage.document,
        page=passage.page,
        verified=True,
        index=number,
    )


@lru_cache(maxsize=PASSAGES_KEPT)
def _whole(passage: Passage, number: int) -> Citation:
    quote = passage.text if len(passage.text) <= SHOWN_QUOTE else passage.text[:SHOWN_QUOTE].rpartition(" ")[0]
    return Citation(
        quote=quote,
        title=passage.title,
        video_url=passage.video_url,
        start=passage.start,
        end=passage.end,
        document=passage.document,
        page=passage.page,
        verified=True,
        index=number,
    )


def _distinct(citations: Iterable[Citation]) -> Iterable[Citation]:
    seen: set[tuple[str, str, float | None]] = set()
    for citation in citations:
        key = (citation.video_url or citation.document, citation.quote, citation.start)
        if key not in seen:
            seen.add(key)
            yield citation


def _with_markers_inside(answer: str) -> str:
    """Moves a marker that follows a full stop into the sentence that it belongs to."""
    return re.sub(r"([.!?])\s*((?:\[[\d,\s]+\]\s*)+)", r" \2\1 ", answer)


def _content_words(text: str) -> frozenset[str]:
    return frozenset(word for word in words(text) if len(word) >= MIN_WORD)
