from collections.abc import Sequence

import numpy as np

from services.context.model import Course, CourseKey, SourceContext, Vector
from services.context.retrieval.vectors import model_of, ranking, values_of


class ExactIndexes:
    """Indexes in this process, which compare a query with every passage of its course."""

    async def open(self, course: Course, contexts: Sequence[SourceContext]) -> "ExactIndex":
        model = model_of(contexts)
        return ExactIndex(model, values_of(contexts, model), sum(len(context.passages) for context in contexts))

    async def drop(self, key: CourseKey) -> None:
        pass  # an index goes with the knowledge that it belongs to


class ExactIndex:
    """The vectors of a course by row; rows without one are never found."""

    def __init__(self, model: str, values: dict[int, bytes], rows: int) -> None:
        width = len(next(iter(values.values()), b"")) // 4
        self._model = model
        self._matrix = np.zeros((rows, width), dtype=np.float32)
        self._present = np.zeros(rows, dtype=np.bool_)
        for row, value in values.items():
            self._matrix[row] = np.frombuffer(value, dtype=np.float32)
            self._present[row] = True

    async def nearest(self, query: Vector, limit: int, within: range | None = None) -> Sequence[int]:
        values = np.frombuffer(query.values, dtype=np.float32)
        if query.model != self._model or values.shape[0] != self._matrix.shape[1]:
            return ()
        found = self._present if within is None else self._present & _mask(within, len(self._present))
        rows: list[int] = ranking(np.where(found, self._matrix @ values, np.float32(-2)), -2, limit).tolist()
        return rows


def _mask(within: range, rows: int) -> "np.typing.NDArray[np.bool_]":
    mask = np.zeros(rows, dtype=np.bool_)
    mask[within.start : within.stop] = True
    return mask
