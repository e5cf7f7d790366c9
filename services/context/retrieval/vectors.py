"""Which of a course's vectors can be searched together."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from services.context.model import SourceContext


def model_of(contexts: Sequence[SourceContext]) -> str:
    """The model that made most of the vectors; while a course is embedded again there are two. Empty without any."""
    models = Counter(vector.model for context in contexts for vector in context.vectors if vector)
    return models.most_common(1)[0][0] if models else ""


def values_of(contexts: Sequence[SourceContext], model: str) -> dict[int, bytes]:
    """The vectors of that model by row, where passages are counted through all contexts."""
    vectors = (vector for context in contexts for vector in context.vectors)
    return {row: vector.values for row, vector in enumerate(vectors) if vector and vector.model == model}


def ranking(scores: npt.NDArray[np.float32], floor: float, limit: int) -> list[int]:
    """The rows that score above `floor`, best first, at most `limit`; equal ones in the order of rows."""
    best = np.argsort(-scores, kind="stable")[:limit]
    return [int(row) for row in best if scores[row] > floor]
