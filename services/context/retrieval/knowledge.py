"""All that is known of a course at one version, ready to be searched."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from services.context.model import Course, Cue, Passage, Video, VideoContext
from services.context.ports import VectorIndex
from services.context.retrieval.bm25 import Bm25
from services.context.retrieval.terms import terms


@dataclass(frozen=True)
class Knowledge:
    """A course's passages in rows, video by video, with the indexes over them."""

    course: Course
    videos: tuple[Video, ...]
    passages: tuple[Passage, ...]
    owners: tuple[Video, ...]
    words: Bm25
    vectors: VectorIndex | None
    unembedded: frozenset[int]
    complete: bool
    _cues: dict[str, tuple[Cue, ...]] = field(default_factory=dict)

    def video(self, url: str) -> Video | None:
        return self._videos_by_url.get(url)

    def video_of(self, row: int) -> Video:
        return self.owners[row]

    def rows_of(self, video: Video) -> range:
        return self._rows[video.id]

    def cues_of(self, video: Video) -> Sequence[Cue]:
        """The video's timed cues, each once; passages share cues where they overlap."""
        cues = self._cues.get(video.id)
        if cues is None:
            cues = tuple({cue: None for row in self.rows_of(video) for cue in self.passages[row].cues})
            self._cues[video.id] = cues
        return cues

    def query_terms(self, query: str) -> set[str]:
        """The query's terms in every language that is spoken in the course."""
        return {term for language in self._languages for term in terms(query, language)}

    @cached_property
    def _videos_by_url(self) -> dict[str, Video]:
        return {video.url: video for video in self.videos}

    @cached_property
    def _rows(self) -> dict[str, range]:
        ends = list(accumulate(video.passage_count for video in self.videos))
        return {video.id: range(end - video.passage_count, end) for video, end in zip(self.videos, ends, strict=True)}

    @cached_property
    def _languages(self) -> frozenset[str]:
        return frozenset(video.language for video in self.videos)


def build(course: Course, contexts: Sequence[VideoContext], vectors: VectorIndex | None) -> Knowledge:
    """Indexes the words of all videos of a course. Takes a while for long ones; run it in a thread.

    Without an index of vectors, words alone find passages, and the knowledge counts as incomplete.
    """
    documents = [terms(passage.text, context.video.language) for context in contexts for passage in context.passages]
    every = (vector for context in contexts for vector in context.vectors)
    unembedded = frozenset(row for row, vector in enumerate(every) if vector is None)
    return Knowledge(
        course=course,
        videos=tuple(context.video for context in contexts),
        passages=tuple(passage for context in contexts for passage in context.passages),
        owners=tuple(context.video for context in contexts for _ in context.passages),
        words=Bm25(documents),
        vectors=vectors,
        unembedded=unembedded,
        complete=vectors is not None and not unembedded,
    )
