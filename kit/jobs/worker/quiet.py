"""Dramatiq's worker without its clock: threads that have nothing to do sleep until there is something."""

import queue
import threading
from typing import Any

import dramatiq
from dramatiq.broker import Broker


class WorkQueue(queue.PriorityQueue[Any]):
    """Waits without a time limit, until there is work or the worker ends."""

    def __init__(self) -> None:
        super().__init__()
        self._ending = threading.Event()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """As in the class it extends, except that `timeout` means for ever."""
        if not block:
            return super().get(block=False)
        with self.not_empty:
            self.not_empty.wait_for(lambda: self._qsize() or self._ending.is_set())
            if not self._qsize():
                raise queue.Empty
            return self._get()

    def end(self) -> None:
        """Lets go those who wait; from now on nobody does."""
        with self.not_empty:
            self._ending.set()
            self.not_empty.notify_all()


class QuietWorker(dramatiq.Worker):
    """Dramatiq's own wakes each of its threads once a second to see whether it should end."""

    def __init__(self, broker: Broker, *, worker_threads: int) -> None:
        super().__init__(broker, worker_threads=worker_threads)
        self.work_queue = self._work = WorkQueue()

    def stop(self, timeout: int = 600_000) -> None:
        for thread in self.workers:
            thread.stop()
        self._work.end()
        super().stop(timeout)
