from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import quote
from uuid import uuid4

from kit.redis import Redis
from services.context.adapters.packing import pack, unpack
from services.context.model import Course, CourseKey, Video, VideoContext

LOCK_SECONDS = 5
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class RedisContextCache:
    """Contexts under `context:{tenant}:{course}:{video}:{version}`, and beside them the names of a course's entries."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._release = redis.register_script(RELEASE)

    async def get(self, course: Course, videos: Sequence[Video]) -> Mapping[str, VideoContext]:
        if not videos:
            return {}
        packed = await self._redis.mget([_entry(course, video) for video in videos])
        contexts = [
            unpack(value, video) for value, video in zip(packed, videos, strict=True) if isinstance(value, bytes)
        ]
        return {context.video.id: context for context in contexts if context}

    async def put(self, course: Course, contexts: Sequence[VideoContext], seconds: float) -> None:
        names, milliseconds = _names(course.key), int(seconds * 1000)
        async with self._redis.pipeline(transaction=True) as pipeline:
            for context in contexts:
                name = _entry(course, context.video)
                pipeline.set(name, pack(context), px=milliseconds)
                pipeline.sadd(names, name)
            pipeline.pexpire(names, milliseconds, nx=True)
            pipeline.pexpire(names, milliseconds, gt=True)
            await pipeline.execute()

    async def clear(self, key: CourseKey) -> int:
        entries = await self._redis.smembers(_names(key))
        if not entries:
            return 0
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.unlink(*entries)
            pipeline.unlink(_names(key))
            removed, _ = await pipeline.execute()
        return int(removed)

    @asynccontextmanager
    async def building(self, course: Course) -> AsyncIterator[bool]:
        name, holder = f"context_lock:{_owner(course.key)}:{course.version}", uuid4().hex
        mine = bool(await self._redis.set(name, holder, nx=True, ex=LOCK_SECONDS))
        try:
            yield mine
        finally:
            if mine:
                await self._release(keys=[name], args=[holder])


def _owner(key: CourseKey) -> str:
    return f"{quote(key.tenant, safe='')}:{key.course}"


def _entry(course: Course, video: Video) -> str:
    return f"context:{_owner(course.key)}:{video.id}:{course.version}"


def _names(key: CourseKey) -> str:
    return f"context_entries:{_owner(key)}"
