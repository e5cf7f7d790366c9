from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import orjson

from kit.outage import Outage
from kit.redis import Redis
from kit.vitals.ports import Lookups, Vitals

KEY = "vitals:posts"
# Some posts of each of several hundred processes; the stream forgets the rest by itself.
MOST_POSTS = 2000
KNOWN = frozenset(field.name for field in fields(Vitals))


class RedisVitals:
    """One stream for the whole fleet: a post is one command, and its id is its time by Redis's clock."""

    def __init__(self, redis: Redis, outage: Outage) -> None:
        self._redis = redis
        self._outage = outage

    async def post(self, vitals: Vitals, seconds: float) -> None:
        fields: dict[Any, Any] = {
            "instance": vitals.instance,
            "for": round(seconds * 1000),
            "vitals": orjson.dumps(asdict(vitals)),
        }
        await self._outage.run(lambda: self._redis.xadd(KEY, fields, maxlen=MOST_POSTS, approximate=True))

    async def read(self) -> Sequence[Vitals]:
        return await self._outage.run(self._alive)

    async def _alive(self) -> Sequence[Vitals]:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.xrange(KEY)
            (seconds, microseconds), posts = await pipe.execute()
        now = seconds * 1000 + microseconds // 1000
        newest: dict[bytes, tuple[int, bytes]] = {}
        for identity, post in posts:
            until = int(identity.partition(b"-")[0]) + int(post[b"for"])
            newest[post[b"instance"]] = until, post[b"vitals"]
        alive = [_vitals(orjson.loads(entry)) for until, entry in newest.values() if until > now]
        return sorted(alive, key=lambda vitals: (vitals.service, vitals.instance))


def _vitals(entry: dict[str, Any]) -> Vitals:
    """Processes of other versions may say more of themselves, or less."""
    known = {name: value for name, value in entry.items() if name in KNOWN}
    return Vitals(**{**known, "lookups": {layer: Lookups(**counts) for layer, counts in entry["lookups"].items()}})
