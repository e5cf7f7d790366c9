"""What the context service needs of the outside, in its own terms."""

from services.context.ports.knowledge import (
    Blobs,
    ChangeFeed,
    ContextCache,
    CourseStore,
    DocumentStore,
    Embedded,
    Embedder,
    PageReader,
    PageRecogniser,
    PopularityStore,
    ReadingInterrupted,
    SourceStore,
    VectorIndex,
    VectorIndexes,
    VectorStore,
    VideoStore,
)
from services.context.ports.teaching import (
    OutlineStore,
    QuizStore,
)

__all__ = [
    "Blobs",
    "ChangeFeed",
    "ContextCache",
    "CourseStore",
    "DocumentStore",
    "Embedded",
    "Embedder",
    "OutlineStore",
    "PageReader",
    "PageRecogniser",
    "PopularityStore",
    "QuizStore",
    "ReadingInterrupted",
    "SourceStore",
    "VectorIndex",
    "VectorIndexes",
    "VectorStore",
    "VideoStore",
]
