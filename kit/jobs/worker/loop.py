"""The event loop of a worker: everything asynchronous lives in one thread, Dramatiq's threads wait for it."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for other threads."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="jobs-loop", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the coroutine; blocks the calling thread until it is there."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def call(self, action: Any) -> None:
        """Calls a function in the loop's thread, without waiting; safe in signal handlers."""
        self._loop.call_soon_threadsafe(action)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
