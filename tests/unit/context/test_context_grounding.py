"""Grounding, its shelf of knowledge and its vectors, on the adapters in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from kit.auth.caller import Caller, Role
from kit.errors import InvalidArgument, LecternError, NotFound, Unavailable
from services.context.adapters.exact_index import ExactIndexes
from services.context.adapters.hashing_embedder import HashingEmbedder
from services.context.adapters.memory_cache import MemoryContextCache
from services.context.adapters.memory_stores import (
    MemoryCourses,
    MemoryFeed,
    MemoryPopularity,
    MemoryVectors,
    MemoryVideos,
    Shelves,
)
from services.context.model import CourseKey, Head, Vector, Video, VideoContext
from services.context.passages.scripts import tokens
from services.context.ports import Embedded
from services.context.service.courses import Courses, NewCourse
from services.context.service.grounding import Context, Grounding, Question
from services.context.service.indexing import Indexing
from services.context.service.loading import Loader
from services.context.service.popularity import Popularity
from services.context.service.preloading import Preloading
from services.context.service.queries import PAUSE_AFTER_FAILURE, QueryVectors
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


class CountedVideos(MemoryVideos):
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

    async def contexts(self, key: CourseKey, videos: Sequence[Video]) -> Sequence[VideoContext] | None:
        self.builds += 1
        found = await super().contexts(key, videos)
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
    videos_store: CountedVideos
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
    courses_store, videos_store, vectors = MemoryCourses(shelves), CountedVideos(shelves), MemoryVectors(shelves)
    cache, feed, embedder = MemoryContextCache(clock=clock), MemoryFeed(shelves), GatedEmbedder()
    embedder.open.set()
    indexes = ExactIndexes()
    loader = Loader(videos_store, cache, indexes, seconds=3600, incomplete_seconds=30)
    shelf = Shelf(loader, courses_store, feed, passages=room, observe=seen.append, clock=clock)
    queries = QueryVectors(embedder, clock=clock)
    search, popularity = Search(queries, budget=0.01), Popularity(MemoryPopularity())
    courses = Courses(courses_store, shelf, cache, indexes)
    grounding = Grounding(shelf, search, popularity)
    indexing = Indexing(vectors, courses_store, cache, embedder, seconds=60, retry_seconds=1)
    rig = Rig(
        shelves,
        videos_store,
        cache,
        feed,
        embedder,
        clock,
        shelf,
        courses,
        Videos(courses, videos_store, shelf, imported=indexing.wake),
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


async def test_the_passage_that_answers_comes_first_and_the_budget_holds(rig: Rig) -> None:
    url = await rig.bring("one", *SENTENCES)
    for budget in (400, 700, 3000):
        built = await rig.ask("what about item31?", video_url=url, position=200_000, budget=budget)
        assert "item31." in built.passages[0].passage.text
        assert built.neighbourhood
        everything = [found.passage.text for found in [*built.passages, built.neighbourhood]]
        assert sum(map(tokens, everything)) <= budget
        assert tokens(built.neighbourhood.passage.text) <= budget / 3
        ids = [found.passage.id for found in built.passages]
        assert len(ids) == len(set(ids))


async def test_the_neighbourhood_is_what_is_said_around_the_position(rig: Rig) -> None:
    url = await rig.bring("one", *(f"Sentence {n}." for n in range(60)))
    built = await rig.ask("sentence", video_url=url, position=300_000)
    assert built.neighbourhood
    passage = built.neighbourhood.passage
    assert passage.text == " ".join(f"Sentence {n}." for n in range(25, 32))
    assert (passage.start, passage.end, len(passage.cues)) == (250_000, 320_000, 7)
    assert (await rig.ask("sentence", video_url=url)).neighbourhood is None
    assert (await rig.ask("sentence", video_url=url, position=9_000_000)).neighbourhood is None


async def test_the_video_on_screen_comes_first_where_both_fit_and_not_where_another_fits_better(rig: Rig) -> None:
    here = await rig.bring("here", "A guitar string swings in loops.", "Something about boats.")
    there = await rig.bring("there", "A guitar string swings in loops.", "Only here a theremin is played by hand.")
    for url in (here, there):
        built = await rig.ask("How does a guitar string swing?", video_url=url)
        assert built.passages[0].video.url == url
        assert built.video
        assert built.video.url == url
    built = await rig.ask("Who plays the theremin by hand?", video_url=here)
    assert built.passages[0].video.url == there


async def test_a_question_that_names_nothing_gets_the_beginning(rig: Rig) -> None:
    url = await rig.bring("one", *SENTENCES)
    built = await rig.ask("¿?", video_url=url)
    assert built.passages[0].passage.start == 0


async def test_a_long_question_is_searched_by_its_beginning(rig: Rig) -> None:
    await rig.bring("one", *SENTENCES)
    built = await rig.ask("what about item31? " + "really? " * 10_000)
    assert "item31." in built.passages[0].passage.text


async def test_unreasonable_questions_are_refused(rig: Rig) -> None:
    with pytest.raises(InvalidArgument):
        await rig.ask("a", budget=-1)
    with pytest.raises(InvalidArgument):
        await rig.ask("a", position=-1)


async def test_what_is_at_hand_is_built_once_and_anew_after_each_change(rig: Rig) -> None:
    url = await rig.bring("one", "Waves carry energy.")
    first = await rig.ask("waves")
    for _ in range(3):
        assert (await rig.ask("waves")).course.version == first.course.version
    assert (rig.videos_store.builds, rig.seen) == (1, ["miss", "hit", "hit", "hit"])

    await rig.bring("one", "Strings swing.")
    second = await rig.ask("waves")
    assert second.course.version != first.course.version
    assert [found.passage.text for found in second.passages] == ["Strings swing."]
    assert second.passages[0].video.url == url


async def test_a_thousand_clients_on_a_cold_course_build_it_once(rig: Rig) -> None:
    await rig.bring("one", *SENTENCES)
    rig.videos_store.open.clear()
    asks = [asyncio.create_task(rig.ask("item7")) for _ in range(1000)]
    await until(lambda: rig.videos_store.builds > 0)
    asks[0].cancel()
    rig.videos_store.open.set()
    built = await asyncio.gather(*asks[1:])
    assert all("item7." in context.passages[0].passage.text for context in built)
    assert (rig.videos_store.builds, rig.videos_store.heads) == (1, 1)


async def test_what_was_read_before_a_change_is_not_kept_after_it(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    rig.videos_store.open.clear()
    early = asyncio.create_task(rig.ask("waves"))
    await until(lambda: rig.videos_store.builds > 0)
    await rig.bring("one", "Strings swing.")
    rig.videos_store.open.set()
    await early
    late = await rig.ask("waves")
    assert late.passages[0].passage.text == "Strings swing."


async def test_without_news_of_changes_versions_are_checked(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    await rig.ask("waves")
    rig.feed.current = False
    rig.shelves.listeners.clear()  # the news does not arrive
    await rig.ask("waves")
    assert rig.videos_store.builds == 1
    course = rig.shelves.courses[KEY]
    rig.shelves.courses[KEY] = replace(course, title="Changed", revision=course.revision + 1)
    assert (await rig.ask("waves")).course.title == "Changed"
    del rig.shelves.courses[KEY]
    with pytest.raises(NotFound):
        await rig.ask("waves")


async def test_knowledge_is_renewed_early_while_the_old_serves(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    await rig.indexing.sweep()
    await rig.ask("waves")
    builds = rig.videos_store.builds
    rig.clock.now += 3599
    rig.videos_store.open.clear()
    assert (await rig.ask("waves")).passages
    await until(lambda: rig.videos_store.builds > builds)
    rig.videos_store.open.set()
    assert rig.videos_store.builds == builds + 1


async def test_the_shelf_holds_no_more_than_it_may() -> None:
    async with rig_of(room=2) as rig:
        await rig.bring("one", "Waves carry energy.")
        await rig.courses.create(TEACHER, NewCourse("Other", "other"))
        await rig.courses.create(TEACHER, NewCourse("Third", "third"))
        for course in ("waves", "other", "waves", "third", "waves", "other"):
            await rig.grounding.knowledge(STUDENT, course)
    assert rig.seen == ["miss", "miss", "hit", "miss", "hit", "miss"]


async def test_what_another_instance_builds_is_waited_for(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    head = await rig.videos_store.head(KEY)
    assert head
    async with rig.cache.building(head.course):
        ask = asyncio.create_task(rig.ask("waves"))
        await until(lambda: rig.videos_store.heads == 2)
        contexts = await MemoryVideos(rig.shelves).contexts(KEY, head.videos)
        assert contexts
        await rig.cache.put(head.course, contexts, 60)
        assert (await ask).passages
    assert rig.videos_store.builds == 0


async def test_vectors_join_where_words_find_nothing(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    await rig.indexing.sweep()
    built = await rig.ask("Zyzzyva?")
    assert [found.score > 0 for found in built.passages] == [True]


async def test_a_slow_vector_is_not_waited_for_and_serves_the_next(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    await rig.indexing.sweep()
    rig.embedder.open.clear()
    calls = rig.embedder.inner.calls
    slow = await rig.ask("Zyzzyva?")
    assert [found.score for found in slow.passages] == [0]
    rig.embedder.open.set()
    await until(lambda: rig.embedder.inner.calls > calls)
    built = await rig.ask("Zyzzyva?")
    assert built.passages[0].score > 0
    assert rig.embedder.inner.calls == calls + 1


async def test_an_embedder_that_fails_is_left_alone_for_a_while(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    rig.embedder.error = Unavailable("away")
    for _ in range(3):
        assert (await rig.ask("waves")).passages
    assert rig.embedder.inner.calls == 1
    rig.clock.now += PAUSE_AFTER_FAILURE
    await rig.ask("waves")
    assert rig.embedder.inner.calls == 2


async def test_words_answer_while_no_index_of_vectors_can_be_opened(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable("away")

    await rig.bring("one", "Waves carry energy.")
    await rig.indexing.sweep()
    with monkeypatch.context() as patch:
        patch.setattr(ExactIndexes, "open", away)
        assert (await rig.ask("waves")).passages[0].passage.text == "Waves carry energy."
    rig.clock.now += 31
    assert (await rig.ask("Zyzzyva?")).passages[0].score > 0


async def test_another_model_embeds_everything_again(rig: Rig) -> None:
    await rig.bring("one", *SENTENCES)
    await rig.indexing.sweep()
    assert {vector.model for vector in rig.shelves.vectors.values()} == {"hashing"}
    calls = rig.embedder.inner.calls
    await rig.indexing.sweep()
    assert rig.embedder.inner.calls == calls + 1, "nothing but the question which model it is"

    rig.embedder.inner.model = "better"
    unmatched = await rig.ask("Zyzzyva?")
    assert [found.score for found in unmatched.passages[:1]] == [0], "vectors of two models are not compared"
    await rig.indexing.sweep()
    assert {vector.model for vector in rig.shelves.vectors.values()} == {"better"}
    assert (await rig.ask("Zyzzyva?")).passages[0].score > 0


async def test_a_model_that_changes_in_the_middle_stops_the_sweep(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    embed = rig.embedder.inner.embed

    async def fickle(*given: Any, query: bool) -> Embedded:
        made = await embed(*given, query=query)
        rig.embedder.inner.model = "another"
        return made

    rig.embedder.embed = fickle  # type: ignore[assignment, method-assign]
    with pytest.raises(Unavailable):
        await rig.indexing.sweep()
    assert rig.shelves.vectors == {}
    await rig.indexing.sweep()
    assert {vector.model for vector in rig.shelves.vectors.values()} == {"another"}


async def test_a_course_that_another_instance_embeds_is_left_to_it(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    rig.indexing._vectors = claimed = MemoryVectors(rig.shelves)
    async with claimed.claim(KEY, 60):
        assert not await rig.indexing.sweep(), "something is left"
    assert rig.shelves.vectors == {}
    assert await rig.indexing.sweep()
    assert isinstance(next(iter(rig.shelves.vectors.values())), Vector)


async def test_popular_courses_are_preloaded_by_how_often_they_are_asked_about(rig: Rig) -> None:
    await rig.bring("one", "Waves carry energy.")
    for course in ("gone", "quiet"):
        await rig.courses.create(TEACHER, NewCourse(course, course))
        await rig.grounding.build(STUDENT, Question(course, "anything"))
    for _ in range(3):
        await rig.ask("waves")
    await rig.courses.delete(TEACHER, "gone")
    preloaded = await rig.preloading.popular(TEACHER, 10)
    assert [key.course for key in preloaded.courses] == ["waves", "quiet"]
    assert preloaded.videos == 1
    assert [key.course for key in (await rig.preloading.popular(TEACHER, 1)).courses] == ["waves"]
