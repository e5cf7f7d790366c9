"""One worker process: its loop, its broker, and an orderly end."""

import asyncio
import math
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import structlog

from kit.alive import show_life
from kit.dependencies import watch_dependencies
from kit.errors import LecternError
from kit.jobs import metrics
from kit.jobs.mongo.claims import MongoClaims
from kit.jobs.mongo.fleet import MongoWorkers
from kit.jobs.opening import open_grounds
from kit.jobs.policies import Policies
from kit.jobs.ports import Signal, Signals, Topic, WorkerBeat, WorkerRegistry
from kit.jobs.settings import JobsSettings
from kit.jobs.work import Actors
from kit.jobs.worker.actors import declare
from kit.jobs.worker.broker import JobsBroker
from kit.jobs.worker.desk import Desk
from kit.jobs.worker.loop import LoopThread
from kit.jobs.worker.quiet import QuietWorker
from kit.telemetry.setup import telemetry

S = TypeVar("S", bound=JobsSettings)
Build = Callable[[S, AsyncExitStack], Awaitable[Actors]]

BEATS_PER_LEASE = 3
# A retired process finishes what it runs; the time limits of the jobs bound this.
UNBOUNDED_MILLISECONDS = 24 * 3600 * 1000

log = structlog.get_logger()


class WorkerProcess:
    """Runs until it is told to stop, or has run its number of jobs."""

    def __init__(self, name: str, settings: S, build: Build[S], policies: Policies) -> None:
        self._settings = settings
        self._build: Build[Any] = build
        self._policies = policies
        self._id = f"{name}-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self._name = name
        self._attempted = 0
        self._ending = threading.Event()
        self._loop = LoopThread()
        self._stack = AsyncExitStack()

    def run(self, retiring: Callable[[], None]) -> None:
        """Blocks until the end; calls `retiring` when it takes no more jobs and a successor should."""
        with telemetry(f"{self._name}-worker", self._settings, succeeds=True):
            self._loop.start()
            try:
                self._serve(*self._loop.run(self._open()), retiring)
            finally:
                self._loop.run(self._stack.aclose())
                self._loop.stop()

    async def _open(self) -> tuple[Desk, Actors]:
        show_life(self._settings.health_file, self._stack)  # also while it waits for MongoDB
        grounds = await open_grounds(self._settings, self._stack)
        watch_dependencies(self._settings, self._stack)
        actors = serving(await self._build(self._settings, self._stack), self._settings.worker_queues, self._policies)
        desk = Desk(
            self._id,
            MongoClaims(grounds.database),
            grounds.room,
            grounds.changes,
            actors,
            self._policies,
            lease=self._settings.job_lease_seconds,
            slot_beats=self._settings.redis_pace.beats,
            attempted=lambda: self._count(desk),
        )
        capacity = capacity_of(actors, self._policies)
        beats = asyncio.create_task(self._beat(desk, MongoWorkers(grounds.database), grounds.signals, capacity))
        self._stack.callback(beats.cancel)
        metrics.expect(actors.kinds)
        jobs: dict[tuple[str, ...], float] = {(queue,): most for queue, most in capacity.items()}
        idle: dict[tuple[str, ...], float] = {(kind,): 0.0 for kind in actors.kinds}
        none = dict.fromkeys(jobs, 0.0)
        self._stack.callback(metrics.CAPACITY.watch(lambda: jobs))
        self._stack.callback(metrics.RUNNING.watch(lambda: none | desk.running_by_queue()))
        self._stack.callback(metrics.OLDEST.watch(lambda: idle | desk.oldest_by_kind()))
        self._stack.push_async_callback(desk.close)
        return desk, actors

    def _serve(self, desk: Desk, actors: Actors, retiring: Callable[[], None]) -> None:
        capacity = capacity_of(actors, self._policies)
        broker = JobsBroker(
            self._settings.redis_url,
            capacity,
            lease=self._settings.job_lease_seconds * self._settings.redis_pace.beats,
            start_within=self._settings.jobs_start_seconds,
            bell=self._settings.redis_pace.bell,
        )
        declare(broker, self._policies, actors.kinds, self._loop, desk)
        # As many threads as jobs can be held: no queue waits for another one's jobs.
        worker = QuietWorker(broker, worker_threads=sum(capacity.values()))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop(desk))
        worker.start()
        log.info("working", worker=self._id, capacity=capacity)
        self._ending.wait()
        self._loop.call(desk.retire)
        broker.retire()
        retiring()
        worker.stop(UNBOUNDED_MILLISECONDS)

    def _count(self, desk: Desk) -> None:
        """The process is replaced once it has attempted its number of jobs."""
        self._attempted += 1
        if self._attempted == self._settings.jobs_per_process:
            desk.retire()
            self._ending.set()

    def _stop(self, desk: Desk) -> None:
        """Lets jobs finish for a while, then hands them back."""
        self._ending.set()
        timer = threading.Timer(self._settings.drain_seconds, self._loop.call, [desk.hand_back])
        timer.daemon = True
        timer.start()

    async def _beat(self, desk: Desk, registry: WorkerRegistry, signals: Signals, capacity: dict[str, int]) -> None:
        host, every = socket.gethostname(), self._settings.job_lease_seconds / BEATS_PER_LEASE
        quiet = self._settings.worker_alive_seconds / BEATS_PER_LEASE
        known, beaten = False, -math.inf
        try:
            while True:
                try:
                    if desk.running or time.monotonic() - beaten >= quiet:
                        beaten = time.monotonic()
                        await registry.beat(WorkerBeat(self._id, host, capacity, desk.running))
                    if not known:
                        await signals.send(Signal(Topic.RULES))
                        known = True
                    if desk.running:
                        await desk.beat()
                except LecternError as error:
                    log.warning("beat_missed", error=error.message)
                await asyncio.sleep(every)
        finally:
            await asyncio.shield(self._leave(registry, signals))

    async def _leave(self, registry: WorkerRegistry, signals: Signals) -> None:
        await registry.leave(self._id)
        await signals.send(Signal(Topic.RULES))


def serving(actors: Actors, queues: str, policies: Policies) -> Actors:
    """The actors of these queues (names separated by commas), or all; raises ValueError for a queue without any."""
    names = [name.strip() for name in queues.split(",") if name.strip()]
    if not names:
        return actors
    return actors.only(frozenset().union(*(policies.kinds_of(name) or {name} for name in names)))


def capacity_of(actors: Actors, policies: Policies) -> dict[str, int]:
    """How many jobs of each queue a process runs at once; raises ValueError where it knows half a queue."""
    queues = {policies.of(kind).queue.name: policies.of(kind).queue.per_worker for kind in actors.kinds}
    for queue in queues:
        if strange := policies.kinds_of(queue) - actors.kinds:
            raise ValueError(f"{queue} also has jobs of the kinds {sorted(strange)}, which this worker does not know")
    return queues
