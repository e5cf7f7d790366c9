import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Flights(Generic[Key, Value]):
    """Lets many callers wait for one piece of work; it goes on when some of them leave."""

    def __init__(self) -> None:
        self._under_way: dict[Key, asyncio.Task[Value]] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def join(self, key: Key, work: Callable[[], Awaitable[Value]]) -> asyncio.Task[Value]:
        """The work under way for the key, begun now where there was none. Await it shielded."""
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.ensure_future(_run(work))
            task.add_done_callback(lambda done: self._land(key, done))
        return task

    def disown(self, key: Key) -> None:
        """Callers from now on begin anew; those who wait already get what they wait for."""
        self._under_way.pop(key, None)

    def disown_all(self) -> None:
        self._under_way.clear()

    def owns(self, key: Key, task: asyncio.Task[Value] | None) -> bool:
        return task is not None and self._under_way.get(key) is task

    async def close(self) -> None:
        """Ends what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _land(self, key: Key, task: asyncio.Task[Value]) -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]
        if not task.cancelled():
            task.exception()  # those who waited have it; without any, nobody misses it


async def _run(work: Callable[[], Awaitable[Value]]) -> Value:
    return await work()
