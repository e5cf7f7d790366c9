"""Breakers that all processes share through Redis, each deciding by its own copy."""

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from kit.breaker.memory import MemoryBoard
from kit.breaker.model import Standing, State
from kit.redis import Redis, RedisError

STATES = {0: State.CLOSED, 1: State.OPEN, 2: State.HALF_OPEN}
FOLDER = Path(__file__).parent
NONE = (0, 0)
FORCED_FOR = 24 * 3600
PATIENCE = 0.3  # a call must not wait longer than this for news about its provider
LINGER = 5.0  # so long after its last use a breaker is still kept up with the others, in seconds

log = structlog.get_logger()


class SharedBoard:
    """A closed breaker costs no round trip: failures are told at once, successes and news several times a second.

    One that nobody uses costs nothing; its next use asks first, so that no call is decided by what has long passed.
    """

    def __init__(
        self,
        redis: Redis,
        local: MemoryBoard,
        *,
        prefix: str = "breaker",
        refresh: float = 0.25,
        linger: float = LINGER,
    ) -> None:
        """While a breaker was used within the last `linger` seconds, it is looked at each `refresh` seconds.

        Without Redis `local` decides alone.
        """
        self._redis, self._local, self._prefix = redis, local, prefix
        self._refresh, self._linger = refresh, linger
        self._record = redis.register_script((FOLDER / "record.lua").read_text(encoding="utf-8"))
        self._probe = redis.register_script((FOLDER / "probe.lua").read_text(encoding="utf-8"))
        self._successes: Counter[str] = Counter()
        self._used: dict[str, float] = {}
        self._in_use = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._away = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking: dict[str, asyncio.Future[Standing | None]] = {}

    async def __aenter__(self) -> "SharedBoard":
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._refreshing())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._in_use.set()  # rather than cancelled: a command that is under way may swallow that
        if self._task is not None:
            await self._task

    async def admits(self, name: str) -> bool:
        await self._use(name)
        verdict = self._local.verdict(name)
        if verdict is not State.HALF_OPEN:
            return verdict is State.CLOSED
        if self._away:
            return self._local.claim_probe(name)
        try:
            async with asyncio.timeout(PATIENCE):
                return bool(await self._probe(keys=[self._key(name)], args=[_ms(self._local.rule.probe_for)]))
        except (RedisError, TimeoutError) as error:
            self._note(away=True, error=error)
            return self._local.claim_probe(name)

    async def succeeded(self, name: str) -> None:
        was = self._local.verdict(name)
        await self._local.succeeded(name)
        if was is State.CLOSED:
            self._successes[name] += 1
            self._in_use.set()
        else:
            await self._tell(name, 1, 0)

    async def failed(self, name: str) -> None:
        await self._local.failed(name)
        await self._tell(name, 0, 1)

    async def rest(self, name: str, seconds: float) -> None:
        await self._local.rest(name, seconds)
        await self._tell(name, *NONE, rest=seconds)

    async def force(self, name: str, state: State | None) -> None:
        """Raises RedisError where the others cannot be told."""
        if state is None:
            await self._redis.hdel(self._key(name), "forced")
        else:
            await self._redis.hset(self._key(name), "forced", state.value)
            await self._redis.expire(self._key(name), FORCED_FOR)
        await self._redis.publish(changes_channel(self._prefix), "")
        await self._local.force(name, state)

    async def reset(self, name: str) -> None:
        """Raises RedisError where the others cannot be told."""
        await self._redis.delete(self._key(name))
        await self._redis.publish(changes_channel(self._prefix), "")
        await self._local.reset(name)

    async def standings(self, names: Iterable[str]) -> dict[str, Standing]:
        """What all processes together have seen, or this one where Redis is away."""
        names = list(names)
        for name in names:
            self._keep_up(name)
        return {name: await self._tell(name, *NONE) or self._local.standing(name) for name in names}

    def state(self, name: str) -> State:
        """As this process knows it, for metrics: may be asked from another thread.

        One that was not closed may have been closed by others since it was used here: that is looked up for the next
        time.
        """
        state = self._local.state(name)
        if state is not State.CLOSED and self._loop is not None and not self._stopping.is_set():
            self._loop.call_soon_threadsafe(self._look_up, name)
        return state

    def _look_up(self, name: str) -> None:
        if name not in self._looking:
            task = self._looking[name] = asyncio.ensure_future(self._tell(name, *NONE))
            task.add_done_callback(lambda _: self._looking.pop(name, None))

    async def _use(self, name: str) -> None:
        idle = time.monotonic() - self._used.get(name, -math.inf) >= self._linger
        self._keep_up(name)
        if idle:
            await self._tell(name, *NONE)

    def _keep_up(self, name: str) -> None:
        self._used[name] = time.monotonic()
        self._in_use.set()

    async def _tell(self, name: str, successes: int, failures: int, rest: float = 0.0) -> Standing | None:
        """Tells Redis what happened and learns how things stand; None while Redis is away."""
        self._successes[name] += successes
        return None if self._away else await self._exchange(name, failures, rest)

    async def _exchange(self, name: str, failures: int = 0, rest: float = 0.0) -> Standing | None:
        rule, successes = self._local.rule, self._successes.pop(name, 0)
        keys = [self._key(name), changes_channel(self._prefix)]
        arguments = [successes, failures, rule.share, rule.minimum, _ms(rule.window), _ms(rule.open_for), _ms(rest)]
        try:
            async with asyncio.timeout(PATIENCE):
                standing = _standing(await self._record(keys=keys, args=arguments))
        except (RedisError, TimeoutError) as error:
            self._note(away=True, error=error)
            return None
        self._note(away=False)
        self._local.adopt(name, standing)
        return standing

    async def _refreshing(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._refresh):
                    await self._stopping.wait()
            for name in {**self._used, **self._successes}:
                await self._exchange(name)
            self._forget_idle()
            await self._in_use.wait()

    def _forget_idle(self) -> None:
        until = time.monotonic() - self._linger
        self._used = {name: used for name, used in self._used.items() if used > until}
        if not self._used and not self._successes and not self._stopping.is_set():
            self._in_use.clear()

    def _note(self, *, away: bool, error: Exception | None = None) -> None:
        if away and not self._away:
            log.warning("breakers_are_local", error=str(error))
        elif self._away and not away:
            log.info("breakers_are_shared")
        self._away = away

    def _key(self, name: str) -> str:
        return breaker_key(self._prefix, name)


def changes_channel(prefix: str) -> str:
    """Where it is told that a breaker opened, closed, or was told to rest."""
    return f"{prefix}s:changes"


def breaker_key(prefix: str, name: str) -> str:
    """Where a breaker stands in Redis."""
    return f"{prefix}:{name}"


def _standing(reply: list[Any]) -> Standing:
    state, opens_in, rests_for, requests, failures, forced = reply
    held = State(forced.decode()) if forced else None
    return Standing(
        held or STATES[state], int(requests), int(failures), int(opens_in) / 1000, int(rests_for) / 1000, held
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
