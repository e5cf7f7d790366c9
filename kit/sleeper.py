"""What MongoDB's driver does now and then, without looking twice a second whether it is time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from pymongo.periodic_executor import AsyncPeriodicExecutor


class Sleeper(AsyncPeriodicExecutor):
    """Sleeps until it is due or woken. The driver's own polls, and each client has two or three of them."""

    def __init__(
        self, interval: float, min_interval: float, target: Callable[[], Awaitable[Any]], name: str | None = None
    ) -> None:
        """`target` is called every `interval` seconds; woken, it is called sooner, but not before `min_interval`."""
        super().__init__(interval, min_interval, self._do, name)
        self._work = target
        self._seconds, self._least = interval, min_interval
        self._woken = asyncio.Event()
        self._at_once = False

    def wake(self) -> None:
        self._woken.set()

    def skip_sleep(self) -> None:
        self._at_once = True

    def update_interval(self, new_interval: float) -> None:
        self._seconds = new_interval

    def close(self, dummy: Any = None) -> None:
        self._at_once = True  # a target may close its own executor, whose task then ends by itself
        super().close(dummy)

    async def _do(self) -> bool:
        goes_on = bool(await self._work())
        if goes_on and not self._at_once:
            await self._sleep()
        self._at_once = False
        self._woken.clear()
        super().skip_sleep()  # it has slept
        return goes_on

    async def _sleep(self) -> None:
        await asyncio.sleep(self._least)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds - self._least):
                await self._woken.wait()
