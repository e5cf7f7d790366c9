"""Passages made ready to bear sentences: as clauses, each with the cues that it stands in."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from kit.words.languages import language_of
from kit.words.quotes import Said
from kit.words.scripts import is_dense
from kit.words.sentences import sentences
from services.gateway.model import Cue, Passage
from services.gateway.support.clauses import Clause, border_spans, clauses, joined

WINDOW_CUES = 3
# Longer clauses than so many cues are captions without punctuation.
LONGEST_CLAUSE_CUES = 3
# Passages of the lectures that are asked about now; about 30 KB each.
PASSAGES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Stretch:
    """Parts of a passage, from one up to another: cues of a lecture, sentences of a document."""

    first: int
    last: int

    def to(self, other: "Stretch") -> "Stretch":
        return Stretch(min(self.first, other.first), max(self.last, other.last))


@dataclass(frozen=True, slots=True)
class Unit:
    """A clause of a source, and where it stands."""

    clause: Clause
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class Window:
    """A few parts side by side, by the terms that they hold."""

    content: frozenset[str]
    stretch: Stretch

    @property
    def size(self) -> int:
        return self.stretch.last - self.stretch.first + 1


class Source:
    """A passage that sentences are held against, each part of it made when it is first needed."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage

    @cached_property
    def language(self) -> str:
        return language_of(self.passage.text)

    @cached_property
    def parts(self) -> Sequence[str]:
        """The words of its cues; of a document its sentences."""
        if self.passage.cues:
            return [cue.text for cue in self.passage.cues]
        text = self.passage.text
        return [text[span.start : span.end].strip() for span in sentences(text, ())]

    @cached_property
    def said(self) -> Said:
        return Said(self.parts)

    @cached_property
    def units(self) -> Sequence[Unit]:
        return list(_units(self.parts, self.language))

    @cached_property
    def content(self) -> frozenset[str]:
        return frozenset().union(*(unit.clause.content for unit in self.units))

    @cached_property
    def windows(self) -> Sequence[Window]:
        said = [joined(clauses(part, self.language)).content for part in self.parts]
        return [
            Window(frozenset().union(*said[first : first + size]), Stretch(first, first + size - 1))
            for size in range(1, WINDOW_CUES + 1)
            for first in range(len(said) - size + 1)
        ]

    def cues(self, stretch: Stretch) -> Sequence[Cue]:
        """The cues of the stretch; none where the source has no times."""
        return self.passage.cues[stretch.first : stretch.last + 1]

    def words(self, stretch: Stretch) -> str:
        return " ".join(self.parts[stretch.first : stretch.last + 1])


# Many turns are about the same few passages.
source_of = lru_cache(maxsize=PASSAGES_KEPT)(Source)


def _units(parts: Sequence[str], language: str) -> Iterator[Unit]:
    """Clauses as they go on from cue to cue."""
    gap = "" if parts and is_dense(parts[0]) else " "
    text, starts = gap.join(parts), list[int]()
    length = 0
    for part in parts:
        starts.append(length)
        length += len(part) + len(gap)
    for start, end in border_spans(text):
        first, last = bisect_right(starts, start) - 1, bisect_right(starts, max(start, end - 1)) - 1
        if last - first >= LONGEST_CLAUSE_CUES:
            for at in range(first, last + 1):
                yield from _unit(parts[at], language, Stretch(at, at))
        else:
            yield from _unit(text[start:end], language, Stretch(first, last))


def _unit(text: str, language: str, stretch: Stretch) -> Iterator[Unit]:
    if found := clauses(text, language):
        yield Unit(joined(found), stretch)
