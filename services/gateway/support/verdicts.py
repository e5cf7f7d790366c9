"""Verdicts on sentences: what a source says of them, by their words and, where these don't settle it, by their meaning.

The limits were chosen on one part of a labelled set and judged on the other (`python -m bench support`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.gateway.model import Support
from services.gateway.support.clauses import Clause
from services.gateway.support.sources import Source, Stretch
from services.gateway.support.words import conflicts, is_copy, shared_part

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
    best, chosen = 0.0, None
    for stretch in source.stretches:
        share = shared_part(claim, stretch.says)
        if share == 1.0 and is_copy(claim, stretch.says):
            return Verdict(Support.SUPPORTED, source, stretch, share, copied=True)
        if share > best:
            best, chosen = share, stretch
    return Verdict(Support.PARTLY if best >= PART else Support.NOT_FOUND, source, chosen, best)


def by_meaning(claim: Clause, language: str, words: Verdict, cosines: Vectors, share: float) -> Verdict:
    """As `words`, with the likeness of the sentence to each of the source's stretches.

    `share` is how much of the sentence's terms any source has in one place at the most.
    """
    source = words.source
    if words.copied or not len(cosines):
        return words
    shares = [shared_part(claim, stretch.says) for stretch in source.stretches[: len(cosines)]]
    best = int(np.argmax(cosines + WEIGHT_OF_WORDS * np.array(shares)))
    stretch, likeness = source.stretches[best], float(cosines[best])
    in_other_words = share < MOST_SHARED and likeness >= SAME_MEANING.get(source.language, NEVER)
    # Other languages share numbers and names alone.
    least = LEAST_SHARED if language == source.language else 0.0
    enough = shares[best] >= least and len(claim.content) >= FEWEST_TERMS
    if in_other_words and enough and not conflicts(claim, stretch.says):
        return Verdict(Support.SUPPORTED, source, stretch, words.share)
    if likeness >= SAME_MATTER or shares[best] >= PART:
        return Verdict(Support.PARTLY, source, stretch, words.share)
    return words
