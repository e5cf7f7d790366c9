from kit.limits.ports import Taken
from kit.redis import Redis

# KEYS: bucket. ARGV: per minute, wanted. Answers with the permits, and the milliseconds until there is one.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local rate, wanted = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = (tonumber(kept[1]) or rate) + (now - (tonumber(kept[2]) or now)) * rate / 60000
level = math.min(rate, level)
local permits = math.min(wanted, math.floor(level))
redis.call('HSET', KEYS[1], 'level', tostring(level - permits), 'at', now)
redis.call('EXPIRE', KEYS[1], 120)
if permits > 0 then return {permits, 0} end
return {0, math.ceil((1 - level) * 60000 / rate)}
"""


class RedisPermits:
    """One round trip each; the time is that of Redis."""

    def __init__(self, redis: Redis) -> None:
        self._take = redis.script(TAKE, "take permits")

    async def take(self, bucket: str, per_minute: int, wanted: int) -> Taken:
        permits, milliseconds = await self._take.run((f"calls:{bucket}",), (per_minute, wanted))
        return Taken(int(permits), int(milliseconds) / 1000)
