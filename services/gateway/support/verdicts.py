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

# Cosine of a sentence and a stretch that says it in other words, by the stretch's language. In languages that are not
# named here numbers, names, opposites and denials are not told well enough: a likeness may hide what differs.
SAME_MEANING = {"english": 0.90, "german": 0.90, "spanish": 0.90, "hindi": 0.92, "chinese": 0.95}
NEVER = 2.0
# Of one that speaks of the same.
SAME_MATTER = 0.87
# Where most words are the source's, the others may be what makes a sentence false: likeness does not tell.
# Of sentences in other words it does.
LEAST_SHARED, MOST_SHARED = 0.3, 0.5
FEWEST_TERMS = 3
PART = 0.4
# Shared words count beside the meaning where stretches mean about the same.
WEIGHT_OF_WORDS = 0.1

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a source says of a sentence, and where.

    `share` is how much of the sentence's terms a stretch of it has at the most; `copied` that the sentence stands
    in the source nearly word for word, which its meaning can't change.
    """

    support: Support
    source: Source
    stretch: Stretch | None = None
    share: float = 0.0
    copied: bool = False


ORDER = (Support.NOT_FOUND, Support.PARTLY, Support.SUPPORTED)


def by_words(claim: Clause, source: Source) -> Verdict:
    """Supported where the source has the sentence nearly word for word; partly where it has many of its words."""
    best: tuple[Comparison, Stretch] | None = None
    for stretch in source.stretches:
        found = compared(claim, stretch.says)
        if found.copied:
            return Verdict(Support.SUPPORTED, source, stretch, found.share, copied=True)
        if found.share and (best is None or found.share > best[0].share):
            best = found, stretch
    if best is None:
        return Verdict(Support.NOT_FOUND, source)
    support = Support.PARTLY if best[0].share >= PART else Support.NOT_FOUND
    return Verdict(support, source, best[1], best[0].share)


def by_meaning(claim: Clause, language: str, words: Verdict, cosines: Vectors, share: float) -> Verdict:
    """As `words`, with the likeness of the sentence to each of the source's stretches.

    `share` is how much of the sentence's terms any source has in one place at the most.
    """
    source = words.source
    if words.copied or not len(cosines):
        return words
    found = [compared(claim, stretch.says) for stretch in source.stretches]
    best = int(np.argmax(cosines + WEIGHT_OF_WORDS * np.array([each.share for each in found])))
    stretch, likeness = source.stretches[best], float(cosines[best])
    in_other_words = share < MOST_SHARED and likeness >= SAME_MEANING.get(source.language, NEVER)
    if in_other_words and _may_say(claim, language, source, found[best]):
        return Verdict(Support.SUPPORTED, source, stretch, words.share)
    if likeness >= SAME_MATTER or found[best].share >= PART:
        return Verdict(Support.PARTLY, source, stretch, words.share)
    return words


def _may_say(claim: Clause, language: str, source: Source, found: Comparison) -> bool:
    if found.conflict or len(claim.content) < FEWEST_TERMS:
        return False
    # Other languages share numbers and names alone.
    return found.share >= (LEAST_SHARED if language == source.language else 0.0)
