"""Limits that all processes share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kit.errors import Unavailable
from kit.redis import Redis
from services.inference.adapters.redis_link import RedisLink
from services.inference.ports import Claim, Limits, Verdict

RESERVE = (Path(__file__).parent / "limits.lua").read_text(encoding="utf-8")
# KEYS: buckets. ARGV: per_minute and amount of each.
GIVE_BACK = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for i = 1, #KEYS do
  local rate, amount = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local kept = redis.call('HMGET', KEYS[i], 'level', 'at')
  local level = (tonumber(kept[1]) or rate) + (now - (tonumber(kept[2]) or now)) * rate / 60000 + amount
  redis.call('HSET', KEYS[i], 'level', tostring(math.min(rate, level)), 'at', now)
  redis.call('EXPIRE', KEYS[i], 120)
end
"""
# KEYS: line, seen. ARGV: ticket.
LEAVE = "redis.call('ZREM', KEYS[1], ARGV[1]) redis.call('ZREM', KEYS[2], ARGV[1])"


class RedisLimits:
    """While Redis is away, `local` decides for this process."""

    def __init__(self, redis: Redis, link: RedisLink, local: Limits) -> None:
        self._link, self._local = link, local
        self._reserve = redis.register_script(RESERVE)
        self._give_back = redis.register_script(GIVE_BACK)
        self._leave = redis.register_script(LEAVE)

    async def reserve(
        self, shared: Sequence[Claim], own: Sequence[Claim], *, line: str, user: str, ticket: str, queue: bool
    ) -> Verdict:
        claims = (*shared, *own)
        keys = [*_line(line), *(_bucket(claim) for claim in claims)]
        amounts = [number for claim in claims for number in (claim.per_minute, claim.amount)]
        arguments: list[str | int] = [ticket, user, int(queue), len(shared), *amounts]
        try:
            reply: list[Any] = await self._link.run(lambda: self._reserve(keys=keys, args=arguments))
        except Unavailable:
            return await self._local.reserve(shared, own, line=line, user=user, ticket=ticket, queue=queue)
        return Verdict(bool(reply[0]), int(reply[1]) / 1000, int(reply[2]), bool(reply[3]))

    async def give_back(self, claims: Sequence[Claim]) -> None:
        amounts = [number for claim in claims for number in (claim.per_minute, claim.amount)]
        try:
            await self._link.run(lambda: self._give_back(keys=[_bucket(claim) for claim in claims], args=amounts))
        except Unavailable:
            await self._local.give_back(claims)

    async def leave(self, line: str, ticket: str) -> None:
        try:
            await self._link.run(lambda: self._leave(keys=_line(line)[:2], args=[ticket]))
        except Unavailable:
            await self._local.leave(line, ticket)


def _bucket(claim: Claim) -> str:
    return f"limit:{claim.bucket}"


def _line(line: str) -> list[str]:
    return [f"line:{line}", f"line:{line}:seen", f"line:{line}:tags"]
