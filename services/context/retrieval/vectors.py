"""Which of a course's vectors can be searched together."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

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


def ranking(scores: npt.NDArray[np.floating[Any]], floor: float, limit: int) -> npt.NDArray[np.intp]:
    """The rows that score above `floor`, best first, at most `limit`; equal ones in the order of rows."""
    rows = (scores > floor).nonzero()[0]
    values = scores[rows]
    if len(rows) > limit:  # only those that may be among the best are sorted
        kept = values >= np.partition(values, -limit)[-limit]
        rows, values = rows[kept], values[kept]
    return rows[(-values).argsort(kind="stable")[:limit]]
