"""Whether words alone choose the passages of a question, so that its meaning need not be looked up."""

import numpy as np

from services.context.retrieval.bm25 import Matched

# Of the weight of the question's words. Where words went wrong the best passage had 0.29 of it at the most.
SHARE = 0.5
# As many as are read; where more hold as much, words do not choose among them.
FEW = 5


def settled(words: Matched, share: float = SHARE) -> bool:
    """Whether the best passage holds most of what the question says, and only a few others hold as much.

    A question in other words than the lecture's, or in another language, has words that stand nowhere: they count most.
    """
    if not len(words.scores) or words.shares[words.scores.argmax()] < share:
        return False
    return bool(np.count_nonzero(words.shares >= share) <= FEW)
