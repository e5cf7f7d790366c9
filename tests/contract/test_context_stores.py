"""What every store of the context service promises, whatever it keeps things in."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import pytest

from kit import mongo
from kit.settings import CommonSettings
from services.context.adapters import mongo_upkeep
from services.context.adapters.memory_documents import MemoryDocuments, MemorySources
from services.context.adapters.memory_stores import (
    MemoryCourses,
    MemoryPopularity,
    MemoryVectors,
    MemoryVideos,
    Shelves,
)
from services.context.adapters.mongo_courses import MongoCourses
from services.context.adapters.mongo_documents import MongoDocuments
from services.context.adapters.mongo_popularity import MongoPopularity
from services.context.adapters.mongo_sources import MongoSources
from services.context.adapters.mongo_vectors import MongoVectors
from services.context.adapters.mongo_videos import MongoVideos
from services.context.model import (
    Course,
    CourseChanges,
    CourseKey,
    CoursePosition,
    Policy,
    Vector,
    Video,
    VideoPosition,
    Visibility,
    sort_key,
)
from services.context.ports import CourseStore, DocumentStore, PopularityStore, SourceStore, VectorStore, VideoStore
from tests.lectures import NOW, a_course, a_lecture

LATER = NOW + timedelta(minutes=1)


@dataclass(frozen=True)
class Stores:
    courses: CourseStore
    videos: VideoStore
    documents: DocumentStore
    sources: SourceStore
    vectors: VectorStore
    popularity: PopularityStore
    tenant: str

    def key(self, course: str = "waves") -> CourseKey:
        return CourseKey(self.tenant, course)

    async def course(self, course: str = "waves", **fields: object) -> Course:
        made = replace(a_course(self.key(course)), **fields)  # type: ignore[arg-type]
        assert await self.courses.create(made)
        return made


@pytest.fixture(params=["memory", "mongodb"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    tenant = f"tenant/{uuid4().hex}"
    if request.param == "memory":
        shelves = Shelves()
        yield Stores(
            MemoryCourses(shelves),
            MemoryVideos(shelves),
            MemoryDocuments(shelves),
            MemorySources(shelves),
            MemoryVectors(shelves),
            MemoryPopularity(),
            tenant,
        )
        return
    async with mongo.connect(CommonSettings(mongodb_uri=request.getfixturevalue("mongodb_uri"))) as client:
        await asyncio.gather(*(mongo_upkeep.ensure_indexes(client) for _ in range(3)))
        yield Stores(
            MongoCourses(client),
            MongoVideos(client),
            MongoDocuments(client),
            MongoSources(client),
            MongoVectors(client),
            MongoPopularity(client),
            tenant,
        )


async def test_a_course_is_created_once(stores: Stores) -> None:
    made = await stores.course(description="About", visibility=Visibility.MEMBERS, policy=Policy.HINTS)
    assert await stores.courses.find(stores.key()) == made
    assert not await stores.courses.create(made)
    assert await stores.courses.find(CourseKey("other", "waves")) is None


async def test_of_many_who_create_the_same_course_one_does(stores: Stores) -> None:
    created = await asyncio.gather(*(stores.courses.create(a_course(stores.key())) for _ in range(10)))
    assert sorted(created) == [False] * 9 + [True]


async def test_every_change_raises_the_revision(stores: Stores) -> None:
    made = await stores.course()
    seen = [made]
    for changed in (
        await stores.courses.change(made.key, CourseChanges(title="New", policy=Policy.QUIZ_ME), LATER),
        await stores.courses.add_member(made.key, "ada", LATER),
        await stores.courses.remove_member(made.key, "ada", LATER),
    ):
        assert changed is not None
        seen.append(changed)
    assert [course.revision for course in seen] == [1, 2, 3, 4]
    assert (seen[1].title, seen[1].policy, seen[1].description, seen[1].updated) == ("New", Policy.QUIZ_ME, "", LATER)
    assert [course.members for course in seen[1:]] == [frozenset(), frozenset({"ada"}), frozenset()]
    assert await stores.courses.find(made.key) == seen[-1]
    assert await stores.courses.touch(made.key)
    assert await stores.courses.find(made.key) == seen[-1]


async def test_what_is_not_there_is_not_changed(stores: Stores) -> None:
    key = stores.key("none")
    assert await stores.courses.change(key, CourseChanges(title="New"), LATER) is None
    assert await stores.courses.add_member(key, "ada", LATER) is None
    assert await stores.courses.remove_member(key, "ada", LATER) is None
    assert not await stores.courses.touch(key)
    assert not await stores.courses.delete(key)
    assert await stores.videos.put(key, a_lecture(), NOW) is None
    assert await stores.videos.delete(key, "one", NOW) is None
    assert await stores.sources.head(key) is None


async def test_courses_are_listed_by_title_page_by_page(stores: Stores) -> None:
    for course, title in (("c", "beta"), ("b", "Alpha"), ("a", "Beta"), ("d", "gamma")):
        await stores.course(course, title=title)
    listed, after = list[Course](), None
    while page := await stores.courses.page(stores.tenant, None, after, 3):
        listed += page
        after = CoursePosition(sort_key(page[-1].title), page[-1].key.course)
    assert [course.key.course for course in listed] == ["b", "a", "c", "d"]


async def test_viewers_are_shown_what_is_open_to_them(stores: Stores) -> None:
    await stores.course("open")
    await stores.course("mine", visibility=Visibility.MEMBERS, members=frozenset({"ada", "bob"}))
    await stores.course("closed", visibility=Visibility.MEMBERS, members=frozenset({"bob"}))
    seen = await stores.courses.page(stores.tenant, "ada", None, 10)
    assert [course.key.course for course in seen] == ["mine", "open"]
    assert await stores.courses.page("other", None, None, 10) == []
    assert [key.course for key in await stores.courses.memberships(stores.tenant, "ada")] == ["mine"]
    assert not await stores.courses.memberships("other", "ada")


async def test_an_import_is_read_back_as_a_whole(stores: Stores) -> None:
    made, lecture = await stores.course(), a_lecture(cues=1203)
    stored = await stores.videos.put(made.key, lecture, LATER)
    assert stored is not None
    assert (stored.course.revision, stored.course.video_count) == (2, 1)
    video = stored.videos[0]
    assert video == replace(lecture.video, created=LATER, updated=LATER)
    assert await stores.videos.find(made.key, "one") == video
    assert await stores.videos.cues(made.key, video) == lecture.cues
    contexts = await stores.sources.contexts(made.key, [video])
    assert contexts is not None
    assert (contexts[0].passages, set(contexts[0].vectors), contexts[0].complete) == (lecture.passages, {None}, False)
    assert await stores.sources.head(made.key) == stored


async def test_importing_again_replaces_and_keeps_the_place(stores: Stores) -> None:
    made = await stores.course()
    first = await stores.videos.put(made.key, a_lecture("one"), NOW)
    await stores.videos.put(made.key, a_lecture("two"), LATER)
    again = await stores.videos.put(made.key, a_lecture("one", "Strings swing."), LATER)
    assert first is not None
    assert again is not None
    assert (again.course.video_count, again.videos[0].created, again.videos[0].updated) == (2, NOW, LATER)
    assert [video.id for video in await stores.videos.page(made.key, None, 10)] == ["one", "two"]
    assert await stores.videos.cues(made.key, first.videos[0]) is None
    assert await stores.sources.contexts(made.key, first.videos) is None
    assert await stores.sources.contexts(made.key, again.videos) is not None


async def test_of_many_imports_of_one_video_one_is_left_whole(stores: Stores) -> None:
    made = await stores.course()
    lectures = [a_lecture("one", f"Try {number}.", cues=20) for number in range(8)]
    await asyncio.gather(*(stores.videos.put(made.key, lecture, NOW) for lecture in lectures))
    head = await stores.sources.head(made.key)
    assert head is not None
    assert (head.course.revision, head.course.video_count, len(head.videos)) == (9, 1, 1)
    winner = next(lecture for lecture in lectures if lecture.video.edition == head.videos[0].edition)
    assert await stores.videos.cues(made.key, head.videos[0]) == winner.cues
    contexts = await stores.sources.contexts(made.key, head.videos)
    assert contexts is not None
    assert contexts[0].passages == winner.passages


async def test_videos_are_listed_in_the_order_of_their_import(stores: Stores) -> None:
    made = await stores.course()
    for number in range(5):
        await stores.videos.put(made.key, a_lecture(f"v{number}", cues=1), NOW + timedelta(seconds=number // 2))
    listed, after = list[Video](), None
    while page := await stores.videos.page(made.key, after, 2):
        listed += page
        after = VideoPosition(page[-1].created, page[-1].id)
    assert [video.id for video in listed] == [f"v{number}" for number in range(5)]


async def test_a_deleted_video_is_gone_with_all_it_had(stores: Stores) -> None:
    made = await stores.course()
    stored = await stores.videos.put(made.key, a_lecture(), NOW)
    assert stored is not None
    changed = await stores.videos.delete(made.key, "one", LATER)
    assert changed is not None
    assert (changed.revision, changed.video_count) == (3, 0)
    assert await stores.videos.find(made.key, "one") is None
    assert await stores.videos.cues(made.key, stored.videos[0]) is None
    assert await stores.sources.contexts(made.key, stored.videos) is None
    assert await stores.videos.delete(made.key, "one", LATER) is None


async def test_a_deleted_course_takes_its_videos_along(stores: Stores) -> None:
    made = await stores.course()
    stored = await stores.videos.put(made.key, a_lecture(), NOW)
    assert stored is not None
    assert await stores.courses.delete(made.key)
    assert await stores.courses.find(made.key) is None
    assert await stores.sources.head(made.key) is None
    assert await stores.videos.page(made.key, None, 10) == []
    assert await stores.sources.contexts(made.key, stored.videos) is None


async def test_vectors_are_kept_beside_their_passages(stores: Stores) -> None:
    made = await stores.course()
    stored = await stores.videos.put(made.key, a_lecture(), NOW)
    assert stored is not None
    assert made.key in await stores.vectors.lacking("m1", 100_000)
    lacking = await stores.vectors.unembedded(made.key, "m1", 10)
    assert [(item.position, item.text) for item in lacking] == [(n, f"Waves carry energy. {n}") for n in range(3)]
    assert len(await stores.vectors.unembedded(made.key, "m1", 2)) == 2

    vectors = {(item.edition, item.position): Vector("m1", bytes([item.position] * 8)) for item in lacking}
    await stores.vectors.keep(made.key, {**vectors, ("gone", 1): Vector("m1", b"12345678")})
    assert await stores.vectors.unembedded(made.key, "m1", 10) == []
    assert made.key not in await stores.vectors.lacking("m1", 100_000)
    assert len(await stores.vectors.unembedded(made.key, "m2", 10)) == 3
    contexts = await stores.sources.contexts(made.key, stored.videos)
    assert contexts is not None
    assert contexts[0].vectors == tuple(vectors.values())
    assert contexts[0].complete


async def test_a_course_is_claimed_by_one_at_a_time(stores: Stores) -> None:
    key = stores.key()
    async with stores.vectors.claim(key, 60) as first, stores.vectors.claim(key, 60) as second:
        assert (first, second) == (True, False)
    async with stores.vectors.claim(key, 60) as third:
        assert third


async def test_the_courses_that_are_asked_about_most_come_first(stores: Stores) -> None:
    keys = {name: stores.key(name) for name in ("a", "b", "c")}
    await stores.popularity.add({keys["a"]: 2, keys["b"]: 5, CourseKey("other", "d"): 9})
    await stores.popularity.add({keys["c"]: 1, keys["a"]: 4})
    assert await stores.popularity.top(stores.tenant, 10) == ["a", "b", "c"]
    assert await stores.popularity.top(stores.tenant, 2) == ["a", "b"]
