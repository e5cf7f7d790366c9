"""All that is known of a course at one version, ready to be searched."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from services.context.model import Course, Cue, Passage, Vector, Video, VideoContext
from services.context.retrieval.bm25 import Bm25
from services.context.retrieval.terms import terms
from services.context.retrieval.vectors import Vectors

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Knowledge:
    """A course's passages in rows, with the indexes over them."""

    course: Course
    videos: tuple[Video, ...]
    passages: tuple[Passage, ...]
    videos_of_rows: npt.NDArray[np.int32]
    words: Bm25
    vectors: Vectors
    _cues: dict[str, tuple[Cue, ...]] = field(default_factory=dict)

    def video(self, url: str) -> Video | None:
        return self._videos_by_url.get(url)

    def video_of(self, row: int) -> Video:
        return self.videos[int(self.videos_of_rows[row])]

    def rows_of(self, video: Video) -> Mask:
        mask: Mask = self.videos_of_rows == self.videos.index(video)
        return mask

    def cues_of(self, video: Video) -> Sequence[Cue]:
        """The video's timed cues, each once; passages share cues where they overlap."""
        cues = self._cues.get(video.id)
        if cues is None:
            rows = np.flatnonzero(self.rows_of(video))
            cues = tuple({cue: None for row in rows for cue in self.passages[row].cues})
            self._cues[video.id] = cues
        return cues

    def query_terms(self, query: str) -> set[str]:
        """The query's terms in every language that is spoken in the course."""
        return {term for language in self._languages for term in terms(query, language)}

    @cached_property
    def _videos_by_url(self) -> dict[str, Video]:
        return {video.url: video for video in self.videos}

    @cached_property
    def _languages(self) -> frozenset[str]:
        return frozenset(video.language for video in self.videos)


def build(course: Course, contexts: Sequence[VideoContext]) -> Knowledge:
    """Indexes the contexts of all videos of a course. Takes a while for long ones; run it in a thread."""
    documents = [terms(passage.text, context.video.language) for context in contexts for passage in context.passages]
    return Knowledge(
        course=course,
        videos=tuple(context.video for context in contexts),
        passages=tuple(passage for context in contexts for passage in context.passages),
        videos_of_rows=np.repeat(
            np.arange(len(contexts), dtype=np.int32), [len(context.passages) for context in contexts]
        ),
        words=Bm25(documents),
        vectors=_vectors([vector for context in contexts for vector in context.vectors]),
    )


def _vectors(vectors: Sequence[Vector | None]) -> Vectors:
    """Those of the model that made most of them; while a course is embedded again there are two."""
    models = Counter(vector.model for vector in vectors if vector)
    model = models.most_common(1)[0][0] if models else ""
    rows = {row: vector.values for row, vector in enumerate(vectors) if vector and vector.model == model}
    width = len(next(iter(rows.values()), b"")) // 4
    matrix = np.zeros((len(vectors), width), dtype=np.float32)
    present = np.zeros(len(vectors), dtype=np.bool_)
    for row, values in rows.items():
        matrix[row] = np.frombuffer(values, dtype=np.float32)
        present[row] = True
    return Vectors(model, matrix, present)
