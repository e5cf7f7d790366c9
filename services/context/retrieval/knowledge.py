"""All that is known of a course at one version, ready to be searched."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from kit.words.scripts import tokens
from kit.words.terms import terms
from services.context.model import Course, Cue, Passage, Source, SourceContext, Video
from services.context.ports import VectorIndex
from services.context.retrieval.bm25 import Bm25, Scores
from services.context.retrieval.emphasis import Emphasis
from services.context.retrieval.question_words import without_question_words


@dataclass(frozen=True, slots=True)
class Track:
    """What is said in a video, cue by cue, and the tokens of each."""

    cues: tuple[Cue, ...]
    tokens: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Knowledge:
    """A course's passages in rows, source by source, with the tokens of each and the indexes over them.

    It never changes, and is equal to nothing but itself, so that more can be kept about it.
    """

    course: Course
    sources: tuple[Source, ...]
    passages: tuple[Passage, ...]
    owners: tuple[Source, ...]
    tokens: tuple[int, ...]
    words: Bm25
    emphasis: Emphasis
    vectors: VectorIndex | None
    unembedded: frozenset[int]
    complete: bool
    _tracks: dict[str, Track] = field(default_factory=dict)

    @property
    def videos(self) -> tuple[Video, ...]:
        return tuple(source for source in self.sources if isinstance(source, Video))

    def video(self, url: str) -> Video | None:
        return self._videos_by_url.get(url)

    def source_of(self, row: int) -> Source:
        return self.owners[row]

    def rows_of(self, source: Source) -> range:
        return self._rows[source.id]

    def track_of(self, video: Video) -> Track:
        """The video's timed cues, each once; passages share cues where they overlap."""
        track = self._tracks.get(video.id)
        if track is None:
            cues = tuple({cue: None for row in self.rows_of(video) for cue in self.passages[row].cues})
            track = self._tracks[video.id] = Track(cues, tuple(tokens(cue.text) for cue in cues))
        return track

    def query_terms(self, query: str) -> set[str]:
        """The query's terms in every language of the course."""
        return {term for language in self._languages for term in terms(query, language)}

    def lifts(self, query: str) -> Scores:
        """A factor for each row, by how much its source is about what the query names.

        Words that questions are put in count as little as they say: in some lectures "what" is rarer than the matter.
        """
        return self.emphasis.lifts(self.words.held(self.query_terms(without_question_words(query))))

    @cached_property
    def _videos_by_url(self) -> dict[str, Video]:
        return {video.url: video for video in self.videos}

    @cached_property
    def _rows(self) -> dict[str, range]:
        ends = list(accumulate(source.passage_count for source in self.sources))
        return {each.id: range(end - each.passage_count, end) for each, end in zip(self.sources, ends, strict=True)}

    @cached_property
    def _languages(self) -> frozenset[str]:
        return frozenset(source.language for source in self.sources)


def build(course: Course, contexts: Sequence[SourceContext], vectors: VectorIndex | None) -> Knowledge:
    """Indexes the words of all sources of a course. Takes a while for long ones; run it in a thread.

    Without an index of vectors, words alone find passages, and the knowledge counts as incomplete.
    """
    passages = tuple(passage for context in contexts for passage in context.passages)
    documents = [terms(passage.text, context.source.language) for context in contexts for passage in context.passages]
    every = (vector for context in contexts for vector in context.vectors)
    unembedded = frozenset(row for row, vector in enumerate(every) if vector is None)
    return Knowledge(
        course=course,
        sources=tuple(context.source for context in contexts),
        passages=passages,
        owners=tuple(context.source for context in contexts for _ in context.passages),
        tokens=tuple(tokens(passage.text) for passage in passages),
        words=Bm25(documents),
        emphasis=Emphasis(
            [number for number, context in enumerate(contexts) for _ in context.passages],
            [terms(context.source.title, context.source.language) for context in contexts],
        ),
        vectors=vectors,
        unembedded=unembedded,
        complete=vectors is not None and not unembedded,
    )
