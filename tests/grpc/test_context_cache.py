"""Cached context over two instances that share real databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from lectern.context.v1 import courses_pb2
from pymongo import AsyncMongoClient, monitoring
from pymongo.asynchronous.database import AsyncDatabase

from services.context.adapters.mongo_mapping import CLAIMS, DATABASE, PASSAGES
from tests.captions import hertz_of, hour_of_captions
from tests.knowledge import STUDENT, TEACHER, Client, Vectors, context_service, settings_for, vector_server
from tests.servers import free_port, redis_server

WAVES = "WEBVTT\n\n00:01.000 --> 00:03.500\nWaves carry energy.\n"
STRINGS = "WEBVTT\n\n00:01.000 --> 00:03.500\nStrings swing in loops.\n"
URL = "https://v.example/1.mp4"

Stored = AsyncDatabase[dict[str, Any]]


class Reads(monitoring.CommandListener):
    """Counts reads of one course by collection."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.course = ""

    def of(self, course: str) -> None:
        """Counts from zero, of this course."""
        self.course = course
        self.seen.clear()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "find" and self.course in str(event.command["filter"]):
            self.seen[str(event.command["find"])] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


reads = Reads()
monitoring.register(reads)


@pytest.fixture
async def vectors() -> Vectors:
    return Vectors()


@pytest.fixture
async def stored(mongodb_uri: str) -> AsyncIterator[Stored]:
    async with AsyncMongoClient[dict[str, Any]](mongodb_uri) as client:
        yield client[DATABASE]


@pytest.fixture
async def pair(mongodb_uri: str, redis_url: str, vectors: Vectors) -> AsyncIterator[Sequence[Client]]:
    async with AsyncExitStack() as stack:
        inference = await stack.enter_async_context(vector_server(vectors))
        settings = settings_for(mongodb_uri, redis_url, inference)
        yield [await stack.enter_async_context(context_service(settings)) for _ in range(2)]


@pytest.fixture
async def course(pair: Sequence[Client]) -> str:
    course = f"cached-{uuid4().hex[:8]}"
    await pair[0].create(course)
    return course


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Asks again until the answer is yes; the test's time limit ends what never comes."""
    while not await condition():
        pass


async def settled(stored: Stored, course: str, *clients: Client, model: str = "hashing") -> None:
    """Waits until the course is embedded, all instances have heard of it, and have it at hand."""
    lacking, claimed = {"courseId": course, "model": {"$ne": model}}, {"_id": f"default/{course}"}

    async def embedded() -> bool:
        return not await stored[PASSAGES].find_one(lacking) and not await stored[CLAIMS].find_one(claimed)

    async def at_hand() -> bool:
        reads.of(course)
        found = [bool(await client.search(course, "zyzzyva")) for client in clients]  # by vectors alone
        return all(found) and not reads.seen

    await until(embedded)
    await heard(*clients)
    await until(at_hand)


async def heard(*clients: Client) -> None:
    """Changes are told in order: who knows of one to another course knows of all before."""
    marker, title = f"marker-{uuid4().hex[:8]}", uuid4().hex
    await clients[0].create(marker)
    for client in clients:
        await client.context(marker, "waves")
    request = courses_pb2.UpdateCourseRequest(course=courses_pb2.Course(name=f"courses/{marker}", title=title))
    await clients[0].peer.call(clients[0].courses.UpdateCourse, request, TEACHER)

    async def everywhere() -> bool:
        return all([(await client.context(marker, "waves")).course.title == title for client in clients])

    await until(everywhere)


async def test_warm_context_does_not_touch_mongodb(pair: Sequence[Client], stored: Stored, course: str) -> None:
    await pair[0].bring(course, URL, hour_of_captions())
    await settled(stored, course, *pair)
    for number in range(50):
        client = pair[number % 2]
        built = await client.context(course, f"which has {hertz_of(number + 1)} hertz?", video_url=URL)
        assert str(hertz_of(number + 1)) in built.passages[0].text
    assert reads.seen == {}


async def test_a_cold_course_is_built_once_however_many_ask_both_instances(
    pair: Sequence[Client], stored: Stored, course: str
) -> None:
    await pair[0].bring(course, URL, hour_of_captions())
    await settled(stored, course, *pair)
    await cleared(pair[0], course)

    async def built() -> bool:
        await asyncio.gather(*(pair[n % 2].context(course, "hertz") for n in range(200)))
        return bool(reads.seen["passages"])

    await until(built)
    assert reads.seen["passages"] == 1


async def cleared(client: Client, course: str) -> int:
    request = courses_pb2.ClearCourseCacheRequest(name=f"courses/{course}")
    return (await client.peer.call(client.courses.ClearCourseCache, request, TEACHER)).cleared_count


async def test_every_instance_serves_the_new_transcript_once_it_is_imported(
    pair: Sequence[Client], course: str
) -> None:
    await pair[0].bring(course, URL, WAVES)
    for client in pair:
        assert (await client.context(course, "waves")).passages[0].text == "Waves carry energy."

    imported = await pair[0].bring(course, URL, STRINGS)
    here = await pair[0].context(course, "strings")
    assert (here.context_version, here.passages[0].text) == (imported.context_version, "Strings swing in loops.")

    async def there() -> bool:
        built = await pair[1].context(course, "strings")
        assert (built.context_version == imported.context_version) == (built.passages[0].text.startswith("Strings"))
        return built.context_version == imported.context_version

    await until(there)


async def test_changes_of_the_course_itself_reach_every_instance(pair: Sequence[Client], course: str) -> None:
    await pair[0].bring(course, URL, WAVES)
    assert (await pair[1].context(course, "waves")).course.policy == courses_pb2.Course.ANSWER
    wanted = courses_pb2.Course(name=f"courses/{course}", policy=courses_pb2.Course.HINTS)
    request = courses_pb2.UpdateCourseRequest(course=wanted)
    await pair[0].peer.call(pair[0].courses.UpdateCourse, request, TEACHER)

    async def told() -> bool:
        return (await pair[1].context(course, "waves")).course.policy == courses_pb2.Course.HINTS

    await until(told)


async def test_built_context_is_shared_by_redis_and_cleared_there(
    pair: Sequence[Client], stored: Stored, course: str, redis_url: str
) -> None:
    for number in range(3):
        await pair[0].bring(course, f"https://v.example/{number}.mp4", WAVES)
    request = courses_pb2.PreloadCourseRequest(name=f"courses/{course}")
    preloaded = await pair[0].peer.call(pair[0].courses.PreloadCourse, request, TEACHER)
    assert preloaded.video_count == 3
    await settled(stored, course, *pair)
    version = (await pair[0].context(course, "waves")).context_version
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        names = [str(name) for name in client.scan_iter(f"context:default:{course}:*")]
        assert [name.endswith(f":{version}") for name in names] == [True] * 3
        assert await cleared(pair[1], course) == 3
        assert not list(client.scan_iter(f"context:default:{course}:*"))


async def test_the_most_asked_about_courses_are_preloaded(pair: Sequence[Client]) -> None:
    teacher = replace(TEACHER, tenant=uuid4().hex)
    for name, times in (("loud", 5), ("silent", 0), ("louder", 6)):
        await pair[0].create(name, teacher)
        await pair[0].bring(name, URL, WAVES, caller=teacher)
        for _ in range(times):
            await pair[0].context(name, "waves", caller=teacher)
    request = courses_pb2.PreloadPopularRequest(limit=3)
    preloaded = await pair[0].peer.call(pair[0].courses.PreloadPopular, request, teacher)
    assert list(preloaded.courses) == ["courses/louder", "courses/loud"]
    assert preloaded.video_count == 2


async def test_another_model_is_noticed_and_everything_embedded_again(
    mongodb_uri: str, redis_url: str, stored: Stored, vectors: Vectors
) -> None:
    course = f"models-{uuid4().hex[:8]}"
    async with vector_server(vectors) as inference:
        settings = settings_for(mongodb_uri, redis_url, inference)
        async with context_service(settings) as client:
            await client.create(course)
            await client.bring(course, URL, WAVES)
            await settled(stored, course, client)
        vectors.model, before = "better", vectors.texts.count("Waves carry energy.")
        async with context_service(settings) as client:
            await settled(stored, course, client, model="better")
            assert vectors.texts.count("Waves carry energy.") > before


async def test_with_caches_switched_off_everything_still_works(
    mongodb_uri: str, redis_url: str, vectors: Vectors
) -> None:
    course = f"plain-{uuid4().hex[:8]}"
    async with vector_server(vectors) as inference:
        settings = settings_for(mongodb_uri, redis_url, inference, disable_cache=True)
        async with context_service(settings) as client:
            await client.create(course)
            await client.bring(course, URL, WAVES)
            reads.of(course)
            for _ in range(3):
                assert (await client.context(course, "waves")).passages[0].text == "Waves carry energy."
            assert reads.seen["videotranscriptions"] >= 3
    with redis.Redis.from_url(redis_url) as shared:
        assert not list(shared.scan_iter(f"*{course}*"))


async def test_context_is_built_while_redis_is_away_and_shared_again_after(
    mongodb_uri: str, tmp_path: Path, vectors: Vectors
) -> None:
    course, port = f"outage-{uuid4().hex[:8]}", free_port()
    folders = [tmp_path / "before", tmp_path / "after"]
    for folder in folders:
        folder.mkdir()
    async with AsyncExitStack() as stack:
        inference = await stack.enter_async_context(vector_server(vectors))
        settings = settings_for(mongodb_uri, f"redis://127.0.0.1:{port}/0", inference, redis_max_retries=0)
        with redis_server(folders[0], port):
            client = await stack.enter_async_context(context_service(settings))
            await client.create(course)
            await client.bring(course, URL, WAVES)
            assert (await client.context(course, "waves")).passages
        assert (await client.context(course, "waves")).passages
        await client.bring(course, URL, STRINGS)
        assert (await client.context(course, "strings")).passages[0].text == "Strings swing in loops."
        with redis_server(folders[1], port) as url, redis.Redis.from_url(url) as shared:

            async def shared_again() -> bool:
                await client.bring(course, URL, WAVES)
                await client.context(course, "waves")
                return bool(list(shared.scan_iter(f"context:default:{course}:*")))

            await until(shared_again)


async def test_words_answer_where_nothing_can_be_embedded(mongodb_uri: str, redis_url: str) -> None:
    course, nobody = f"words-{uuid4().hex[:8]}", f"127.0.0.1:{free_port()}"
    async with context_service(settings_for(mongodb_uri, redis_url, nobody)) as client:
        await client.create(course)
        await client.bring(course, URL, hour_of_captions())
        built = await client.context(course, f"which has {hertz_of(99)} hertz?", caller=STUDENT)
        assert str(hertz_of(99)) in built.passages[0].text
