"""Answers in Redis, for all processes."""

from dataclasses import asdict
from typing import Any

import orjson

from kit.errors import Unavailable
from kit.redis import Redis
from services.inference.adapters.redis_link import RedisLink
from services.inference.ports import Answered


class RedisAnswers:
    def __init__(self, redis: Redis, link: RedisLink, seconds: float) -> None:
        """Each answer is kept for so many seconds."""
        self._redis, self._link, self._ms = redis, link, max(1, round(seconds * 1000))

    async def get(self, key: str) -> Answered | None:
        try:
            kept: Any = await self._link.run(lambda: self._redis.get(f"answer:{key}"))
        except Unavailable:
            return None
        return Answered(**orjson.loads(kept)) if kept else None

    async def put(self, key: str, answer: Answered) -> None:
        value = orjson.dumps(asdict(answer))
        try:
            await self._link.run(lambda: self._redis.set(f"answer:{key}", value, px=self._ms))
        except Unavailable:
            return
