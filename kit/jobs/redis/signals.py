"""What is told through Redis: to those who watch a job, and to the dispatcher."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from kit.jobs.ports import Signal, Topic
from kit.jobs.redis.room import SCRIPTS, channel_of
from kit.redis import Redis, RedisError

# The scripts of the waiting room publish here too.
CHANNEL = "jobs:signals"
RECONNECT_SECONDS = 0.2


class RedisSignals:
    """A message for each signal: its topic, and behind a space the queue or the time in milliseconds."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def send(self, signal: Signal) -> None:
        try:
            await self._redis.publish(CHANNEL, _message(signal))
        except (RedisError, OSError):
            return

    async def received(self) -> AsyncGenerator[Signal, None]:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        # It is subscribed anew after each reconnection, also after those that the driver makes itself.
                        subscribed = message["type"] == "subscribe"
                        yield Signal(Topic.EVERYTHING) if subscribed else _signal(message["data"])
            except (RedisError, OSError):
                await asyncio.sleep(RECONNECT_SECONDS)


class RedisChanges:
    """Tells watchers by publishing on the job's channel; who misses it looks again after a while."""

    def __init__(self, redis: Redis, *, tells_watchers: bool = True) -> None:
        self._tells_watchers = tells_watchers
        self._tell = redis.register_script((SCRIPTS / "tell.lua").read_text())
        self._signals = RedisSignals(redis)

    async def changed(self, *jobs: str) -> None:
        if not self._tells_watchers:
            return
        try:
            await self._tell(keys=[channel_of(job) for job in jobs])
        except (RedisError, OSError):
            return

    async def delayed(self, due: datetime) -> None:
        await self._signals.send(Signal(Topic.DUE, due=due))


def _message(signal: Signal) -> str:
    if signal.due is not None:
        return f"{signal.topic} {round(signal.due.timestamp() * 1000)}"
    return f"{signal.topic} {signal.queue}" if signal.queue else signal.topic.value


def _signal(message: bytes) -> Signal:
    name, _, rest = message.decode().partition(" ")
    try:
        topic = Topic(name)
        due = datetime.fromtimestamp(int(rest) / 1000, UTC) if topic is Topic.DUE else None
    except ValueError:  # a newer version's
        return Signal(Topic.EVERYTHING)
    return Signal(topic, rest if topic is Topic.WAITING else "", due)
