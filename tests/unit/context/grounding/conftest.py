"""Grounding, its shelf of knowledge and its vectors, on the adapters in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from kit.auth.caller import Caller, Role
from kit.errors import LecternError
from services.context.adapters.exact_index import ExactIndexes
from services.context.adapters.hashing_embedder import HashingEmbedder
from services.context.adapters.memory_cache import MemoryContextCache
from services.context.adapters.memory_documents import MemorySources
from services.context.adapters.memory_stores import (
    MemoryCourses,
    MemoryFeed,
    MemoryPopularity,
    MemoryVectors,
    MemoryVideos,
    Shelves,
)
from services.context.model import CourseKey, Head, Source, SourceContext
from services.context.ports import Embedded
from services.context.service.courses import Courses, NewCourse
from services.context.service.grounding import Context, Grounding, Question
from services.context.service.indexing import Indexing
from services.context.service.loading import Loader
from services.context.service.popularity import Popularity
from services.context.service.preloading import Preloading
from services.context.service.queries import QueryVectors
from services.context.service.search import Search
from services.context.service.shelf import Shelf
from services.context.service.videos import Transcript, Videos

TEACHER = Caller("default", "tess", frozenset({Role.TEACHER}))
STUDENT = Caller("default", "ada")
KEY = CourseKey("default", "waves")


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class CountedSources(MemorySources):
    """Counts builds, and lets a test stand in their way."""

    def __init__(self, shelves: Shelves) -> None:
        super().__init__(shelves)
        self.heads = 0
        self.builds = 0
        self.open = asyncio.Event()
        self.open.set()

    async def head(self, key: CourseKey) -> Head | None:
        self.heads += 1
        return await super().head(key)

    async def contexts(self, key: CourseKey, sources: Sequence[Source]) -> Sequence[SourceContext] | None:
        self.builds += 1
        found = await super().contexts(key, sources)
        await self.open.wait()
        return found


@dataclass
class GatedEmbedder:
    """An embedder that answers when told to, or fails."""

    inner: HashingEmbedder = field(default_factory=HashingEmbedder)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    error: LecternError | None = None

    async def embed(self, caller: Caller, texts: Sequence[str], course: CourseKey, *, query: bool) -> Embedded:
        if self.error:
            self.inner.calls += 1
            raise self.error
        await self.open.wait()
        return await self.inner.embed(caller, texts, course, query=query)


@dataclass
class Rig:
    shelves: Shelves
    sources: CountedSources
    cache: MemoryContextCache
    feed: MemoryFeed
    embedder: GatedEmbedder
    clock: Clock
    shelf: Shelf
    courses: Courses
    videos: Videos
    grounding: Grounding
    indexing: Indexing
    popularity: Popularity
    preloading: Preloading
    seen: list[str]

    async def bring(self, name: str, *sentences: str) -> str:
        """Imports a video of these sentences, ten seconds each; its address."""
        cues = [
            f"{n // 6:02}:{n % 6}0.000 --> {(n + 1) // 6:02}:{(n + 1) % 6}0.000\n{sentence}"
            for n, sentence in enumerate(sentences)
        ]
        url = f"https://v.example/{name}.mp4"
        transcript = Transcript("waves", url, "WEBVTT\n\n" + "\n\n".join(cues), title=name)
        await self.videos.bring(TEACHER, transcript)
        return url

    async def ask(self, text: str, **fields: Any) -> Context:
        return await self.grounding.build(STUDENT, Question("waves", text, **fields))


@asynccontextmanager
async def rig_of(room: int = 10_000) -> AsyncIterator[Rig]:
    shelves, clock, seen = Shelves(), Clock(), list[str]()
    courses_store, sources, vectors = MemoryCourses(shelves), CountedSources(shelves), MemoryVectors(shelves)
    cache, feed, embedder = MemoryContextCache(clock=clock), MemoryFeed(shelves), GatedEmbedder()
    embedder.open.set()
    indexes = ExactIndexes()
    loader = Loader(sources, cache, indexes, seconds=3600, incomplete_seconds=30)
    shelf = Shelf(loader, courses_store, feed, passages=room, observe=seen.append, clock=clock)
    queries = QueryVectors(embedder, clock=clock)
    search, popularity = Search(queries, budget=0.01), Popularity(MemoryPopularity())
    courses = Courses(courses_store, shelf, cache, indexes)
    grounding = Grounding(shelf, search, popularity)
    indexing = Indexing(vectors, courses_store, cache, embedder, seconds=60, retry_seconds=1)
    rig = Rig(
        shelves,
        sources,
        cache,
        feed,
        embedder,
        clock,
        shelf,
        courses,
        Videos(courses, MemoryVideos(shelves), shelf, imported=indexing.wake),
        grounding,
        indexing,
        popularity,
        Preloading(grounding, popularity),
        seen,
    )
    await courses.create(TEACHER, NewCourse("Waves", "waves"))
    yield rig
    await shelf.close()
    await queries.close()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rig_of() as rig:
        yield rig


async def until(condition: Callable[[], bool]) -> None:
    """Lets the loop run until the condition holds."""
    for _ in range(1_000_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("the condition never held")


FILLER = "This sentence stands here for nothing but its considerable and quite tiresome length, again and again."
SENTENCES = [f"{FILLER} Number {n} is special to item{n}." for n in range(60)]
