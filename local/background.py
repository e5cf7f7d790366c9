"""A stack in a thread of its own: supervised whatever the caller's event loop is doing, or without one."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from local.program import Event
from local.settings import LocalSettings
from local.stack import Stack

T = TypeVar("T")
_PATIENCE_SECONDS = 180.0


class BackgroundStack:
    """Starts and stops a stack, keeps what happened to it, and waits for what is to happen."""

    def __init__(self, settings: LocalSettings) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="local stack", daemon=True)
        self._changed = threading.Condition()
        self.events: list[Event] = []
        self.stack = Stack(settings, self._observe)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self.stack.start())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._run(self.stack.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait_for(self, wanted: Callable[[Event], bool], since: int = 0, seconds: float = 60) -> Event:
        """The first wanted event after the first `since` ones, as soon as it has happened."""
        with self._changed:
            found = self._changed.wait_for(lambda: next(filter(wanted, self.events[since:]), None), seconds)
        if found is None:
            raise TimeoutError(f"not seen within {seconds:.0f} s; the last events: {self.events[-5:]}")
        return found

    def _observe(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)
