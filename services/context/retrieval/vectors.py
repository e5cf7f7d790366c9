"""Exact search by the dot product of unit vectors."""

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


class Vectors:
    """The vectors of passages by row; rows without one are zero and never found."""

    def __init__(self, model: str, matrix: Vector, present: npt.NDArray[np.bool_]) -> None:
        self.model = model
        self._matrix = matrix
        self._present = present

    @property
    def complete(self) -> bool:
        return bool(self._present.all())

    def scores(self, query: Vector) -> Vector:
        """The cosine of each row with the query, or -1 for rows without a vector."""
        if not self._present.any() or query.shape[0] != self._matrix.shape[1]:
            return np.full(len(self._present), -1, dtype=np.float32)
        return np.where(self._present, self._matrix @ query, np.float32(-1))


def ranking(scores: Vector, floor: float, limit: int) -> list[int]:
    """The rows that score above `floor`, best first, at most `limit`; equal ones in the order of rows."""
    best = np.argsort(-scores, kind="stable")[:limit]
    return [int(row) for row in best if scores[row] > floor]
