"""Dramatiq as it comes, on Redis: a worker of 8 threads in a process of its own, an actor that increments a counter.

`python -m bench.peers.bare_dramatiq URL` is that process.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

from tests.servers import started

THREADS = 8
COUNTER, STAMPS = "bare:count", "bare:stamps"
PROBE_PAUSE = 0.2
READY_SECONDS = 20.0


class BareDramatiq:
    """The side that enqueues."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)
        self._count, self._stamp = _actors(url)

    def throughput(self, count: int) -> tuple[float, float]:
        """Jobs accepted a second, and accepted and run."""
        self._redis.set(COUNTER, 0)
        began = time.monotonic()
        for _ in range(count):
            self._count.send()
        accepted = time.monotonic()
        while self._counted() < count:
            time.sleep(0.02)
        return count / (accepted - began), count / (time.monotonic() - began)

    def pick_up(self, probes: int) -> list[float]:
        """Milliseconds from before a job is sent until an idle worker runs it, by the one clock of this machine."""
        taken = []
        for _ in range(probes):
            time.sleep(PROBE_PAUSE)
            before = time.time()
            self._stamp.send()
            ran: Any = self._redis.brpop([STAMPS])
            taken.append((float(ran[1]) - before) * 1000)
        return taken

    def until_ready(self) -> None:
        """Returns when a job has been run."""
        self._redis.set(COUNTER, 0)
        self._count.send()
        deadline = time.monotonic() + READY_SECONDS
        while self._counted() < 1 and time.monotonic() < deadline:
            time.sleep(0.05)

    def _counted(self) -> int:
        return int(self._redis.get(COUNTER) or 0)


@contextmanager
def bare_dramatiq(url: str, folder: Path) -> Iterator[BareDramatiq]:
    """With its worker running."""
    with started([sys.executable, "-m", "bench.peers.bare_dramatiq", url], folder / "dramatiq.log"):
        bare = BareDramatiq(url)
        bare.until_ready()
        yield bare


def _actors(url: str) -> "tuple[dramatiq.Actor[Any, Any], dramatiq.Actor[Any, Any]]":
    """One that counts, and one that says when it ran."""
    broker = RedisBroker(url=url, namespace="bare", middleware=[])  # type: ignore[no-untyped-call]
    client = redis.Redis.from_url(url)

    def count() -> None:
        client.incr(COUNTER)

    def stamp() -> None:
        client.lpush(STAMPS, time.time())

    queue = {"broker": broker, "queue_name": "bare"}
    return dramatiq.actor(count, **queue), dramatiq.actor(stamp, **queue)


def main() -> None:
    actor, _ = _actors(sys.argv[1])
    dramatiq.Worker(actor.broker, worker_threads=THREADS).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
