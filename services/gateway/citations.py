"""Where an answer stands in its sources: what it cites or quotes is looked up, set to the second, or left out."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kit.quoting import place_of, words_of
from services.gateway.model import Citation, Cue, Passage

MARKER = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
QUOTED = re.compile(r"[\"\u201c\u201e\u00ab]([^\"\u201c\u201d\u201e\u00ab\u00bb]{12,400})[\"\u201d\u00bb\u201c]")
SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
WINDOW_CUES = 3
MIN_WORD = 4
MIN_QUOTE_WORDS = 3
SHOWN_QUOTE = 280
FALLBACK_CITATIONS = 2


@dataclass(frozen=True, slots=True)
class _Window:
    """Neighbouring cues of a passage, as one quote."""

    cues: tuple[Cue, ...]
    words: frozenset[str]

    @property
    def text(self) -> str:
        return " ".join(cue.text for cue in self.cues)


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
        words = words_of(quote)
        if len(words) < MIN_QUOTE_WORDS:
            continue
        for number, passage in enumerate(passages, 1):
            place = _find(words, passage)
            if place is not None:
                yield _citation(passage, quote.strip(), place, number)
                break


def _nearest(answer: str, question: str, passages: Sequence[Passage]) -> Iterable[Citation]:
    asked, said = _content_words(question), _content_words(answer)
    for passage in passages[:FALLBACK_CITATIONS]:
        yield _best_place(passage, asked or said, 0)


def _best_place(passage: Passage, wanted: frozenset[str], number: int) -> Citation:
    """The few cues of the passage that share most words with what was said."""
    windows = [_window(passage.cues[i : i + WINDOW_CUES]) for i in range(max(1, len(passage.cues) - WINDOW_CUES + 1))]
    if not passage.cues or not windows:
        return _whole(passage, number, verified=True)
    best = max(windows, key=lambda window: len(window.words & wanted))
    return _citation(passage, best.text, best.cues, number)


def _window(cues: Sequence[Cue]) -> _Window:
    return _Window(tuple(cues), _content_words(" ".join(cue.text for cue in cues)))


def _find(words: Sequence[str], passage: Passage) -> tuple[Cue, ...] | None:
    """The cues that hold the words in a row; an empty tuple where the source has no times."""
    place = place_of(words, [cue.text for cue in passage.cues] or [passage.text])
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


def _whole(passage: Passage, number: int, *, verified: bool = True) -> Citation:
    quote = passage.text if len(passage.text) <= SHOWN_QUOTE else passage.text[:SHOWN_QUOTE].rpartition(" ")[0]
    return Citation(
        quote=quote,
        title=passage.title,
        video_url=passage.video_url,
        start=passage.start,
        end=passage.end,
        document=passage.document,
        page=passage.page,
        verified=verified,
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
    return frozenset(word for word in words_of(text) if len(word) >= MIN_WORD)
