"""Leases of flights in Redis, and the answers of those that have ended."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson

from kit.redis import Redis, RedisError
from services.inference.adapters.redis_link import RedisLink
from services.inference.ports import Answered, Seat

KEPT_SECONDS = 120
RECONNECT_PAUSE = 0.2
CHANNEL = "flights:"

# KEYS: lease, flight, followers, answer. ARGV: lease ms, kept s, flight, process, prefix of the leaders' channels.
# Answers {2, answer}, or {1, generation, token, fresh} to a leader, or {0, generation} to one who follows.
TAKE = """
local answer = redis.call('GET', KEYS[4])
if answer then return {2, answer} end
local row = redis.call('HMGET', KEYS[2], 'open', 'generation', 'token', 'leader')
local generation = tonumber(row[2]) or 0
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('ZADD', KEYS[3], redis.call('TIME')[1], ARGV[4])
  redis.call('EXPIRE', KEYS[3], ARGV[2])
  if row[4] then redis.call('PUBLISH', ARGV[5] .. row[4], ARGV[3]) end
  return {0, generation}
end
local fresh, token = 0, (tonumber(row[3]) or 0) + 1
if row[1] ~= '1' then fresh, generation = 1, generation + 1 end
redis.call('HSET', KEYS[2], 'open', 1, 'generation', generation, 'token', token, 'leader', ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], token, 'PX', ARGV[1])
return {1, generation, token, fresh}
"""
# KEYS: lease, flight, followers. ARGV: token, lease ms, kept s. Answers how many follow, or -1 where the lease is lost.
RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
local now = redis.call('TIME')[1]
return redis.call('ZCOUNT', KEYS[3], now - math.ceil(ARGV[2] / 1000), '+inf')
"""
# KEYS: lease, followers. ARGV: follower, kept s.
ATTEND = """
redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return redis.call('EXISTS', KEYS[1])
"""
# KEYS: lease, flight, followers, answer. ARGV: token, ended, told, lease ms, answer or nothing, answer's ms.
RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 1 end
if ARGV[3] ~= '1' then
  local now = redis.call('TIME')[1]
  if redis.call('ZCOUNT', KEYS[3], now - math.ceil(ARGV[4] / 1000), '+inf') > 0 then return 0 end
end
redis.call('DEL', KEYS[1])
if ARGV[2] == '1' then
  redis.call('HSET', KEYS[2], 'open', 0)
  redis.call('DEL', KEYS[3])
end
if ARGV[5] ~= '' then redis.call('SET', KEYS[4], ARGV[5], 'PX', ARGV[6]) end
return 1
"""


class RedisFlights:
    def __init__(self, redis: Redis, link: RedisLink, seconds: float = 3.0, answer_seconds: float = 0.0) -> None:
        """A lease that is not renewed for `seconds` is lost; answers are kept for `answer_seconds`, 0 keeps none."""
        self._redis, self._link = redis, link
        self._ms, self._answer_ms = round(seconds * 1000), round(answer_seconds * 1000)
        self._take, self._renew = redis.register_script(TAKE), redis.register_script(RENEW)
        self._attend, self._release = redis.register_script(ATTEND), redis.register_script(RELEASE)

    async def take(self, flight: str, process: str) -> Seat | Answered:
        arguments: list[str | int] = [self._ms, KEPT_SECONDS, flight, process, CHANNEL]
        reply: list[Any] = await self._link.run(lambda: self._take(keys=_keys(flight), args=arguments))
        kind, *rest = reply
        match kind:
            case 2:
                return Answered(**orjson.loads(rest[0]))
            case 1:
                return Seat(True, rest[0], rest[1], bool(rest[2]))
        return Seat(False, rest[0])

    async def renew(self, flight: str, token: int) -> int | None:
        arguments = [token, self._ms, KEPT_SECONDS]
        followers: int = await self._link.run(lambda: self._renew(keys=_keys(flight)[:3], args=arguments))
        return None if followers < 0 else followers

    async def attend(self, flight: str, follower: str) -> bool:
        lease, _, followers, _ = _keys(flight)
        return bool(await self._link.run(lambda: self._attend(keys=[lease, followers], args=[follower, KEPT_SECONDS])))

    async def release(
        self, flight: str, token: int, *, ended: bool, told: bool, answer: Answered | None = None
    ) -> bool:
        kept = orjson.dumps(answer) if answer is not None and self._answer_ms else b""
        arguments: list[bytes | int] = [token, int(ended), int(told), self._ms, kept, self._answer_ms]
        return bool(await self._link.run(lambda: self._release(keys=_keys(flight), args=arguments)))

    async def followed(self, process: str) -> AsyncGenerator[str, None]:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            while True:
                try:
                    await channel.subscribe(f"{CHANNEL}{process}")
                    async for message in channel.listen():
                        yield message["data"].decode()
                except (RedisError, OSError):
                    await asyncio.sleep(RECONNECT_PAUSE)


def _keys(flight: str) -> list[str]:
    """Of the lease, the flight, its followers and its answer."""
    tag = f"{{{flight}}}"
    return [f"flight:{tag}:lease", f"flight:{tag}", f"flight:{tag}:followers", f"answer:{tag}"]
