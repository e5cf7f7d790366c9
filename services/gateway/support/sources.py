"""Passages made ready to bear sentences: stretches of a few cues, each with what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from kit.words.languages import language_of
from kit.words.quotes import Said
from kit.words.scripts import is_dense
from kit.words.sentences import sentences
from services.gateway.model import Cue, Passage
from services.gateway.support.clauses import Clause, clauses, joined

# A sentence of an answer seldom needs more cues side by side.
STRETCH_PARTS = 2
# Passages of the lectures that are asked about now; about 40 KB each.
PASSAGES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Stretch:
    """Parts of a passage side by side, from one up to another: cues of a lecture, sentences of a document."""

    first: int
    last: int
    text: str
    says: Clause


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
    def stretches(self) -> Sequence[Stretch]:
        """Each part, then each few side by side."""
        gap = "" if is_dense(self.passage.text) else " "
        return [
            Stretch(first, first + size - 1, text := gap.join(self.parts[first : first + size]), self._clause(text))
            for size in range(1, STRETCH_PARTS + 1)
            for first in range(len(self.parts) - size + 1)
        ]

    def cues(self, first: int, last: int) -> Sequence[Cue]:
        """The cues from one part up to another; none where the source has no times."""
        return self.passage.cues[first : last + 1]

    def _clause(self, text: str) -> Clause:
        return joined(clauses(text, self.language))


# Many turns are about the same few passages.
source_of = lru_cache(maxsize=PASSAGES_KEPT)(Source)
