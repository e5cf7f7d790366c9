from collections.abc import Sequence
from dataclasses import asdict

import orjson

from kit.outage import Outage
from kit.redis import Redis
from kit.vitals.ports import Lookups, Vitals

KEY = "vitals"


class RedisVitals:
    """One hash for the whole fleet; each entry carries its end by Redis's clock, and readers sweep what has ended."""

    def __init__(self, redis: Redis, outage: Outage) -> None:
        self._redis = redis
        self._outage = outage

    async def post(self, vitals: Vitals, seconds: float) -> None:
        async def post() -> None:
            entry = orjson.dumps({**asdict(vitals), "until": await self._now() + seconds})
            await self._redis.hset(KEY, vitals.instance, entry)

        await self._outage.run(post)

    async def read(self) -> Sequence[Vitals]:
        return await self._outage.run(self._alive)

    async def _alive(self) -> Sequence[Vitals]:
        now, posted = await self._now(), await self._redis.hgetall(KEY)
        entries = {instance: orjson.loads(entry) for instance, entry in posted.items()}
        if ended := [instance for instance, entry in entries.items() if entry["until"] <= now]:
            await self._redis.hdel(KEY, *ended)
        alive = [_vitals(entry) for entry in entries.values() if entry["until"] > now]
        return sorted(alive, key=lambda vitals: (vitals.service, vitals.instance))

    async def _now(self) -> float:
        seconds, microseconds = await self._redis.time()
        return float(seconds) + float(microseconds) / 1e6


def _vitals(entry: dict[str, object]) -> Vitals:
    lookups = {layer: Lookups(**counts) for layer, counts in dict(entry.pop("lookups")).items()}  # type: ignore[call-overload]
    entry.pop("until")
    return Vitals(**entry, lookups=lookups)  # type: ignore[arg-type]
