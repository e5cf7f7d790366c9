"""Verdicts on sentences: what a source says of them, by their words and, where these don't settle it, by their meaning.

The limits were chosen on one part of a labelled set and judged on the other (`python -m bench support`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.gateway.model import Support
from services.gateway.support.clauses import Clause
from services.gateway.support.sources import Source, Stretch
from services.gateway.support.words import Comparison, compared

# Languages in which numbers, names, opposites and denials are told: elsewhere a likeness may hide what differs.
WELL_READ = frozenset({"english", "german", "spanish"})
# Cosine of a sentence and a stretch that says it in other words, and of one that speaks of the same.
SAME_MEANING, SAME_MATTER = 0.90, 0.87
# A sentence that is copied but for a few words says something else by these; one in other words shares fewer.
LEAST_SHARED, MOST_SHARED = 0.3, 0.7
FEWEST_TERMS = 3
PART = 0.4
# Shared words count beside the meaning where stretches mean about the same.
WEIGHT_OF_WORDS = 0.1

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a source says of a sentence, and where; `settled` where its meaning can't change that."""

    support: Support
    source: Source
    stretch: Stretch | None = None
    settled: bool = True


ORDER = (Support.NOT_FOUND, Support.PARTLY, Support.SUPPORTED)


def by_words(claim: Clause, source: Source) -> Verdict:
    """Supported where the source has the sentence nearly word for word; partly where it has many of its words."""
    best: tuple[Comparison, Stretch] | None = None
    for stretch in source.stretches:
        found = compared(claim, stretch.says)
        if found.copied:
            return Verdict(Support.SUPPORTED, source, stretch)
        if found.share and (best is None or found.share > best[0].share):
            best = found, stretch
    if best is None:
        return Verdict(Support.NOT_FOUND, source, settled=False)
    support = Support.PARTLY if best[0].share >= PART else Support.NOT_FOUND
    return Verdict(support, source, best[1], settled=False)


def by_meaning(claim: Clause, language: str, source: Source, cosines: Vectors) -> Verdict:
    """As `by_words`, with the likeness of the sentence to each of the source's stretches."""
    words = by_words(claim, source)
    if words.settled or not len(cosines):
        return words
    found = [compared(claim, stretch.says) for stretch in source.stretches]
    best = int(np.argmax(cosines + WEIGHT_OF_WORDS * np.array([each.share for each in found])))
    stretch, likeness = source.stretches[best], float(cosines[best])
    if likeness >= SAME_MEANING and _may_say(claim, language, source, found[best]):
        return Verdict(Support.SUPPORTED, source, stretch)
    if likeness >= SAME_MATTER or found[best].share >= PART:
        return Verdict(Support.PARTLY, source, stretch)
    return words


def _may_say(claim: Clause, language: str, source: Source, found: Comparison) -> bool:
    if found.conflict or source.language not in WELL_READ or len(claim.content) < FEWEST_TERMS:
        return False
    least = LEAST_SHARED if language == source.language else 0.0  # other languages share numbers and names alone
    return least <= found.share < MOST_SHARED
