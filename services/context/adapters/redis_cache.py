from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import quote
from uuid import uuid4

import structlog

from kit.redis import Redis
from services.context.adapters.packing import pack, unpack
from services.context.model import Course, CourseKey, Source, SourceContext

LOCK_SECONDS = 5
log = structlog.get_logger()
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class RedisContextCache:
    """Contexts under `context:{tenant}:{course}:{source}:{version}`, and beside them the names of all of a course."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._release = redis.register_script(RELEASE)

    async def get(self, course: Course, sources: Sequence[Source]) -> Mapping[str, SourceContext]:
        if not sources:
            return {}
        packed = await self._redis.mget([_entry(course, source) for source in sources])
        contexts = [
            unpack(value, source) for value, source in zip(packed, sources, strict=True) if isinstance(value, bytes)
        ]
        return {context.source.id: context for context in contexts if context}

    async def put(self, course: Course, contexts: Sequence[SourceContext], seconds: float) -> None:
        names, milliseconds = _names(course.key), int(seconds * 1000)
        async with self._redis.pipeline(transaction=True) as pipeline:
            for context in contexts:
                name = _entry(course, context.source)
                pipeline.set(name, pack(context), px=milliseconds)
                pipeline.sadd(names, name)
            pipeline.pexpire(names, milliseconds, nx=True)
            pipeline.pexpire(names, milliseconds, gt=True)
            await pipeline.execute()
        log.debug("context_kept", course=course.key.name, entries=len(contexts), seconds=seconds)

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


def _entry(course: Course, source: Source) -> str:
    return f"context:{_owner(course.key)}:{source.id}:{course.version}"


def _names(key: CourseKey) -> str:
    return f"context_entries:{_owner(key)}"
