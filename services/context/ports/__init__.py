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
    PopularityStore,
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
    "PopularityStore",
    "QuizStore",
    "SourceStore",
    "VectorIndex",
    "VectorIndexes",
    "VectorStore",
    "VideoStore",
]
