"""Leases of flights in Redis."""

from typing import Any

from kit.redis import Redis
from services.inference.adapters.redis_link import RedisLink
from services.inference.ports import Seat

KEPT_SECONDS = 120

# KEYS: lease, flight. ARGV: lease ms, kept s. Answers {leads, generation, token, fresh}.
TAKE = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  return {0, tonumber(redis.call('HGET', KEYS[2], 'generation') or '0'), 0, 0}
end
local fresh = 0
if redis.call('HGET', KEYS[2], 'open') ~= '1' then
  fresh = 1
  redis.call('HINCRBY', KEYS[2], 'generation', 1)
end
local token = redis.call('HINCRBY', KEYS[2], 'token', 1)
redis.call('HSET', KEYS[2], 'open', 1)
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], token, 'PX', ARGV[1])
return {1, tonumber(redis.call('HGET', KEYS[2], 'generation')), token, fresh}
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
# KEYS: lease, flight, followers. ARGV: token, ended.
RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
if ARGV[2] == '1' then
  redis.call('HSET', KEYS[2], 'open', 0)
  redis.call('DEL', KEYS[3])
end
return 1
"""


class RedisFlights:
    def __init__(self, redis: Redis, link: RedisLink, seconds: float = 3.0) -> None:
        """A lease that is not renewed for so many seconds is lost."""
        self._link, self._ms = link, round(seconds * 1000)
        self._take, self._renew = redis.register_script(TAKE), redis.register_script(RENEW)
        self._attend, self._release = redis.register_script(ATTEND), redis.register_script(RELEASE)

    async def take(self, flight: str) -> Seat:
        lease, row, _ = _keys(flight)
        reply: list[Any] = await self._link.run(lambda: self._take(keys=[lease, row], args=[self._ms, KEPT_SECONDS]))
        return Seat(bool(reply[0]), int(reply[1]), int(reply[2]), bool(reply[3]))

    async def renew(self, flight: str, token: int) -> int | None:
        arguments = [token, self._ms, KEPT_SECONDS]
        followers: int = await self._link.run(lambda: self._renew(keys=_keys(flight), args=arguments))
        return None if followers < 0 else followers

    async def attend(self, flight: str, follower: str) -> bool:
        lease, _, followers = _keys(flight)
        return bool(await self._link.run(lambda: self._attend(keys=[lease, followers], args=[follower, KEPT_SECONDS])))

    async def release(self, flight: str, token: int, *, ended: bool) -> None:
        await self._link.run(lambda: self._release(keys=_keys(flight), args=[token, int(ended)]))


def _keys(flight: str) -> list[str]:
    return [f"flight:{{{flight}}}:lease", f"flight:{{{flight}}}", f"flight:{{{flight}}}:followers"]
