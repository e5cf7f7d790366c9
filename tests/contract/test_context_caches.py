"""What every cache of built contexts promises, and what it does while Redis is away."""

import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
import redis as blocking

from kit import redis
from kit.outage import PAUSE_SECONDS, Outage
from kit.settings import CommonSettings
from services.context.adapters.fallback_cache import FallbackCache
from services.context.adapters.memory_cache import MemoryContextCache, NoContextCache
from services.context.adapters.redis_cache import RedisContextCache
from services.context.model import Course, CourseKey, Cue, Passage, SourceContext, Vector, Video
from services.context.ports import ContextCache
from tests.servers import free_port, redis_server

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "redis", "fallback to redis", "fallback to memory"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[ContextCache]:
    if request.param == "memory":
        yield MemoryContextCache()
        return
    away = request.param == "fallback to memory"
    url = f"redis://127.0.0.1:{free_port()}/0" if away else request.getfixturevalue("redis_url")
    async with redis.connect(url, CommonSettings(redis_max_retries=0)) as client:
        shared = RedisContextCache(client)
        yield (
            shared
            if request.param == "redis"
            else FallbackCache(shared, MemoryContextCache(), Outage("redis", client.ping))
        )


def a_course(tenant: str = "") -> Course:
    key = CourseKey(tenant or f"a:tenant/{uuid4().hex}", "waves")
    return Course(key=key, title="Waves", created=NOW, updated=NOW, epoch=7)


def a_video(name: str = "one") -> Video:
    return Video(name, f"https://v.example/{name}", name, "e1", "english", "tess", 2000, 2, 2, NOW, NOW)


def a_context(name: str = "one") -> SourceContext:
    passages = (
        Passage("p1", "Wellen sind schön", 0, 1000, (Cue(0, 1000, "Wellen sind schön"),)),
        Passage("p2", "no times", None, None),
    )
    return SourceContext(a_video(name), passages, (Vector("m", b"12345678"), None))


async def test_what_was_put_is_there_for_its_version_alone(cache: ContextCache) -> None:
    course, contexts = a_course(), [a_context("one"), a_context("two")]
    videos = [a_video("one"), a_video("two"), a_video("three")]
    assert await cache.get(course, videos) == {}
    await cache.put(course, contexts, 60)
    assert await cache.get(course, videos) == {"one": contexts[0], "two": contexts[1]}
    assert await cache.get(replace(course, revision=2), videos) == {}
    assert await cache.get(a_course(), videos) == {}
    assert await cache.get(course, []) == {}


async def test_clearing_counts_and_leaves_other_courses_alone(cache: ContextCache) -> None:
    course, other = a_course(), a_course()
    await cache.put(course, [a_context("one"), a_context("two")], 60)
    await cache.put(replace(course, revision=2), [a_context("one")], 60)
    await cache.put(other, [a_context("one")], 60)
    assert await cache.clear(course.key) == 3
    assert await cache.clear(course.key) == 0
    assert await cache.get(course, [a_video("one")]) == {}
    assert await cache.get(other, [a_video("one")]) == {"one": a_context("one")}


async def test_one_builds_a_version_at_a_time(cache: ContextCache) -> None:
    course = a_course()
    async with cache.building(course) as first, cache.building(course) as second:
        assert (first, second) == (True, False)
        async with cache.building(replace(course, revision=2)) as another:
            assert another
    async with cache.building(course) as again:
        assert again


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


async def test_entries_expire_in_memory() -> None:
    clock, course = Clock(), a_course()
    cache = MemoryContextCache(clock=clock)
    await cache.put(course, [a_context()], 60)
    clock.now += 61
    assert await cache.get(course, [a_video()]) == {}


async def test_entries_and_their_names_expire_in_redis(redis_url: str) -> None:
    course = a_course("expiring")
    async with redis.connect(redis_url, CommonSettings()) as client:
        cache = RedisContextCache(client)
        await cache.put(course, [a_context("one")], 60)
        await cache.put(course, [a_context("two")], 30)
        ttls = {name.decode(): await client.pttl(name) async for name in client.scan_iter("context*expiring*")}
    assert ttls.keys() == {
        f"context:expiring:waves:one:{course.version}",
        f"context:expiring:waves:two:{course.version}",
        "context_entries:expiring:waves",
    }
    assert 30_000 < ttls["context_entries:expiring:waves"] <= 60_000
    assert 0 < ttls[f"context:expiring:waves:two:{course.version}"] <= 30_000


async def test_damaged_entries_are_built_anew(redis_url: str) -> None:
    course = a_course()
    async with redis.connect(redis_url, CommonSettings()) as client:
        cache = RedisContextCache(client)
        await cache.put(course, [a_context("one")], 60)
        name = next(iter(await client.smembers(f"context_entries:{quote(course.key.tenant, safe='')}:waves")))
        for damaged in (b"", b"\0", b"\0\0\0\5hello", b"\0\0\0\x0a" + zlib.compress(b"[]")):
            await client.set(name, damaged)
            assert await cache.get(course, [a_video("one")]) == {}


async def test_a_redis_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    course, port = a_course(), free_port()
    async with redis.connect(f"redis://127.0.0.1:{port}/0", CommonSettings(redis_max_retries=0)) as client:
        cache = FallbackCache(RedisContextCache(client), MemoryContextCache(), Outage("redis", client.ping))
        with redis_server(tmp_path, port) as url, blocking.Redis.from_url(url) as other:
            await cache.put(course, [a_context("one")], 60)
            other.client_pause(60_000)
            await cache.put(course, [a_context("two")], 60)
            assert (await cache.get(course, [a_video("one"), a_video("two")])).keys() == {"two"}


async def test_memory_holds_no_more_than_it_may() -> None:
    course, cache = a_course(), MemoryContextCache(most=2)
    for name in ("one", "two"):
        await cache.put(course, [a_context(name)], 60)
    await cache.get(course, [a_video("one")])
    await cache.put(course, [a_context("three")], 60)
    found = await cache.get(course, [a_video("one"), a_video("two"), a_video("three")])
    assert found.keys() == {"one", "three"}


async def test_without_caches_nothing_is_kept_and_everybody_builds() -> None:
    course, cache = a_course(), NoContextCache()
    await cache.put(course, [a_context()], 60)
    assert await cache.get(course, [a_video()]) == {}
    async with cache.building(course) as first, cache.building(course) as second:
        assert first
        assert second


async def test_the_cache_lives_through_an_outage_and_comes_back(
    tmp_path_factory: pytest.TempPathFactory, make_clock: Callable[[], Clock]
) -> None:
    clock, course, port = make_clock(), a_course(), free_port()
    folders: list[Path] = [tmp_path_factory.mktemp(name) for name in ("before", "after")]
    async with redis.connect(f"redis://127.0.0.1:{port}/0", CommonSettings(redis_max_retries=0)) as client:
        shared, own = RedisContextCache(client), MemoryContextCache()
        outage = Outage("redis", client.ping, clock=clock)
        cache = FallbackCache(shared, own, outage)
        with redis_server(folders[0], port):
            async with cache.building(course) as mine:
                assert mine
            await cache.put(course, [a_context("one")], 60)
        async with cache.building(course) as mine:
            assert mine
        assert await cache.get(course, [a_video("one")]) == {}
        await cache.put(course, [a_context("two")], 60)
        assert (await cache.get(course, [a_video("two")])).keys() == {"two"}

        with redis_server(folders[1], port):
            clock.now += PAUSE_SECONDS
            await cache.get(course, [])  # the call that has somebody look
            await outage.looked()
            await cache.put(course, [a_context("three")], 60)
            assert (await shared.get(course, [a_video("three")])).keys() == {"three"}


@pytest.fixture
def make_clock() -> Callable[[], Clock]:
    return Clock
