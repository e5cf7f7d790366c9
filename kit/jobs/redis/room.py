"""The waiting room in Redis: one script per step, so that a slot and the message it allows appear together."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from kit.errors import Unavailable
from kit.jobs.model import Ticket
from kit.jobs.ports import Occupancy, Rules, Survey
from kit.redis import Redis, RedisError

SCRIPTS = Path(__file__).parent / "scripts"
NAMESPACE = "dramatiq"
STEPS = ("enter", "begin", "leave", "exchange", "occupy", "govern", "pump")
TICKETS_AT_ONCE = 200


class RedisRoom:
    """Releases straight into Dramatiq's queues, in the layout of its Redis broker (`brokers/redis/dispatch.lua`)."""

    def __init__(self, redis: Redis, start_within: float = 30.0) -> None:
        """A released job that nobody has started after `start_within` seconds gives its slot back."""
        self._start_within = round(start_within * 1000)
        self._scripts = {name: redis.register_script(script_of(name)) for name in STEPS}
        self._redis = redis

    async def enter(self, tickets: Sequence[Ticket]) -> int:
        released = 0
        for queue in dict.fromkeys(ticket.queue for ticket in tickets):
            mine = [ticket for ticket in tickets if ticket.queue == queue]
            for start in range(0, len(mine), TICKETS_AT_ONCE):
                flat = [part for ticket in mine[start : start + TICKETS_AT_ONCE] for part in _flat(ticket)]
                released += await self._run("enter", queue, *flat)
        return released

    async def begin(self, queue: str, job: str, lease: float) -> bool:
        return bool(await self._run("begin", queue, job, round(lease * 1000)))

    async def occupy(self, queue: str, jobs: Sequence[str], lease: float) -> None:
        await self._run("occupy", queue, round(lease * 1000), *jobs)

    async def leave(self, queue: str, jobs: Sequence[str]) -> None:
        await self._run("leave", queue, *jobs)

    async def exchange(self, queue: str, jobs: Sequence[str], most: int, lease: float) -> list[str]:
        taken = await self._run("exchange", queue, most, round(lease * 1000), *jobs)
        return [job.decode() for job in taken]

    async def pump(self, queue: str) -> Occupancy:
        waiting, running = await self._run("pump", queue)
        return Occupancy(waiting, running)

    async def govern(self, rules: Rules) -> Occupancy:
        rate = rules.queue.rate
        count, period = (rate.count, round(rate.seconds * 1000)) if rate else (0, 0)
        arguments = rules.limit, int(rules.paused), count, period
        waiting, running = await self._run("govern", rules.queue.name, *arguments)
        return Occupancy(waiting, running)

    async def governed(self, queue: str) -> bool:
        try:
            return bool(await self._redis.exists(f"{room_key(queue)}:rules"))
        except (RedisError, OSError) as error:
            raise _away() from error

    async def survey(self, queues: Sequence[str]) -> Survey:
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for kind in ("rules", "waiting"):
                    pipe.exists(*(f"{room_key(queue)}:{kind}" for queue in queues))
                return Survey(*await pipe.execute())
        except (RedisError, OSError) as error:
            raise _away() from error

    async def missing(self, queue: str, jobs: Sequence[str]) -> list[str]:
        if not jobs:
            return []
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for kind in ("waiting", "slots"):
                    pipe.zmscore(f"{room_key(queue)}:{kind}", list(jobs))
                waiting, slots = await pipe.execute()
        except (RedisError, OSError) as error:
            raise _away() from error
        now = time.time() * 1000
        places = zip(jobs, waiting, slots, strict=True)
        return [job for job, place, slot in places if place is None and (slot is None or slot <= now)]

    async def _run(self, name: str, queue: str, *arguments: Any) -> Any:
        try:
            return await self._scripts[name](keys=keys_of(queue), args=[self._start_within, *arguments])
        except (RedisError, OSError) as error:
            raise _away() from error


def script_of(step: str) -> str:
    """The script of a step, which takes the keys of a queue."""
    return (SCRIPTS / "prelude.lua").read_text() + (SCRIPTS / f"{step}.lua").read_text()


def keys_of(queue: str) -> list[str]:
    """The room of a queue and the line of Dramatiq behind it."""
    return [room_key(queue), f"{NAMESPACE}:{queue}"]


def room_key(queue: str) -> str:
    """Where the room of a queue begins in Redis."""
    return f"jobs:{queue}"


def channel_of(job: str) -> str:
    return f"job:{job}"


def _flat(ticket: Ticket) -> tuple[str, str, int, bytes]:
    return ticket.job, ticket.user, ticket.priority, _card(ticket)


def _card(ticket: Ticket) -> bytes:
    # The token makes a new message of each life of a job, so that an old one can't stand for it.
    identity = f"{ticket.job}.{ticket.token}"
    message = {
        "queue_name": ticket.queue,
        "actor_name": ticket.kind,
        "args": [ticket.job],
        "kwargs": {},
        "options": {"redis_message_id": identity},
        "message_id": identity,
        "message_timestamp": int(time.time() * 1000),
    }
    return identity.encode() + b"\n" + orjson.dumps(message)


def _away() -> Unavailable:
    return Unavailable("the waiting room of jobs cannot be reached", retry_after=1)
