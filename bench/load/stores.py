"""What the stores of a stack were asked to do: counts of commands, read from the servers themselves."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pymongo
from redis import Redis

from bench.load.rig import Rig

REDIS = {"redis-queue": "REDIS_URL", "redis-cache": "REDIS_CACHE_URL"}
READING = frozenset({"serverStatus", "info", "config|resetstat"})
"""What reading the counts costs, which is left out of them."""
HANDSHAKES = frozenset({"hello", "ismaster", "isMaster", "client|setinfo", "ping"})
JOURNAL_SYNCS = "journal syncs"


Operations = Mapping[str, float]


@dataclass(frozen=True)
class Counts:
    """Commands by store and name; `inside` are those of them that scripts of Redis called."""

    commands: Mapping[str, Operations]
    inside: Mapping[str, Operations] = field(default_factory=dict)

    def total(self, store: str) -> float:
        """What clients asked for, without handshakes and without the syncs of the journal, which are no commands."""
        left_out = HANDSHAKES | {JOURNAL_SYNCS}
        counted = sum(count for name, count in self.commands[store].items() if name not in left_out)
        return counted - sum(self.inside.get(store, {}).values())

    def each_of(self, number: float) -> "Counts":
        """For one of so many calls, or seconds."""
        return Counts(_divided(self.commands, number), _divided(self.inside, number))

    def less(self, other: "Counts", times: float) -> "Counts":
        """Without so many times what another counted."""
        left = {
            store: {
                name: max(0.0, count - times * other.commands[store].get(name, 0.0)) for name, count in each.items()
            }
            for store, each in self.commands.items()
        }
        return Counts(left, self.inside)

    def told_apart(self, watched: "Watched") -> "Counts":
        """With what scripts called, by the shares that were seen while Redis was watched."""
        inside = {
            store: {name: count * watched.share(store, name) for name, count in each.items()}
            for store, each in self.commands.items()
            if store in watched.by_scripts
        }
        return Counts(self.commands, inside)


@dataclass(frozen=True)
class Watched:
    """Commands that MONITOR told, by store and name."""

    by_clients: Mapping[str, Counter[str]]
    by_scripts: Mapping[str, Counter[str]]

    def share(self, store: str, name: str) -> float:
        """How much of a command is called by scripts."""
        plain = name.partition("|")[0]
        scripts, clients = self.by_scripts[store][plain], self.by_clients[store][plain]
        return scripts / (scripts + clients) if scripts else 0.0


class StoreMeter:
    """Counts between two readings."""

    def __init__(self, rig: Rig) -> None:
        self._mongo: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(rig.stack.setting("MONGODB_URI"))
        urls = {store: rig.stack.setting(name) for store, name in REDIS.items() if _has(rig, name)}
        self._redis = {store: Redis.from_url(url) for store, url in urls.items()}
        self._places = {store: urlsplit(url) for store, url in urls.items()}
        self._last = self._read()

    def since(self) -> Counts:
        last, self._last = self._last, self._read()
        return Counts({store: now - last[store] for store, now in self._last.items()})

    def close(self) -> None:
        self._mongo.close()
        for redis in self._redis.values():
            redis.close()

    async def watched(self, seconds: float) -> Watched:
        """Who asked each Redis for what in this time, as MONITOR tells it, which slows the server."""
        reads = [_monitor(at.hostname or "", at.port or 6379, seconds) for at in self._places.values()]
        found = dict(zip(self._places, await asyncio.gather(*reads), strict=True))
        return Watched(
            {store: each[0] for store, each in found.items()}, {store: each[1] for store, each in found.items()}
        )

    def _read(self) -> dict[str, Counter[str]]:
        counts = {store: _redis_commands(redis) for store, redis in self._redis.items()}
        return {"mongodb": _mongo_commands(self._mongo), **counts}


def _divided(counts: Mapping[str, Operations], number: float) -> dict[str, Operations]:
    return {store: {name: count / number for name, count in each.items()} for store, each in counts.items()}


def _has(rig: Rig, name: str) -> bool:
    try:
        return bool(rig.stack.setting(name))
    except KeyError:
        return False


def _mongo_commands(client: "pymongo.MongoClient[dict[str, Any]]") -> Counter[str]:
    status = client.admin.command("serverStatus")
    commands = status["metrics"]["commands"]
    counts = Counter({name: _total(told) for name, told in commands.items() if name not in READING})
    counts[JOURNAL_SYNCS] = int(status["wiredTiger"]["log"]["log sync operations"])
    return counts


def _total(told: Mapping[str, Any] | int) -> int:
    return int(told["total"]) if isinstance(told, Mapping) and "total" in told else 0


def _redis_commands(client: "Redis") -> Counter[str]:
    told: Any = client.info("commandstats")
    counts = {name.removeprefix("cmdstat_"): int(each["calls"]) for name, each in told.items()}
    return Counter({name: count for name, count in counts.items() if name not in READING})


async def _monitor(host: str, port: int, seconds: float) -> tuple[Counter[str], Counter[str]]:
    reader, writer = await asyncio.open_connection(host, port, limit=2**24)
    by_clients, by_scripts = Counter[str](), Counter[str]()
    writer.write(b"MONITOR\r\n")
    await reader.readline()
    try:
        async with asyncio.timeout(seconds):
            while line := await reader.readline():
                _note(line, by_clients, by_scripts)
    except TimeoutError:
        pass
    writer.close()
    return by_clients, by_scripts


def _note(line: bytes, by_clients: Counter[str], by_scripts: Counter[str]) -> None:
    """A line is `+1700000000.1 [0 127.0.0.1:40000] "GET" "key"`, with `lua` for the address inside a script."""
    head, _, rest = line.partition(b'] "')
    if not rest:
        return
    name = rest.partition(b'"')[0].decode(errors="replace").lower()
    (by_scripts if head.endswith(b" lua") else by_clients)[name] += 1
