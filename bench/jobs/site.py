"""Servers, a dispatcher and workers, each a process that can be killed."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bench.jobs.plant import PLANT
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import Grounds, open_grounds
from kit.jobs.settings import DispatcherSettings
from kit.jobs.submitting import Jobs
from tests.servers import free_port, mongodb_server, redis_server, started

ROOT = Path(__file__).parents[2]


@dataclass
class Site:
    """Where everything runs; `stop_*` and `start_*` restart a server on the port that it had."""

    folder: Path
    redis_port: int = field(default_factory=free_port)
    mongodb_port: int = field(default_factory=free_port)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._servers: dict[str, ExitStack] = {}
        self._processes = ExitStack()
        self.settings = DispatcherSettings(
            redis_url=f"redis://127.0.0.1:{self.redis_port}/0",
            mongodb_uri=f"mongodb://127.0.0.1:{self.mongodb_port}/?replicaSet=rs0",
        )

    def start_redis(self) -> None:
        self._start("redis", redis_server(self._folder("redis"), self.redis_port))

    def start_mongodb(self) -> None:
        self._start("mongodb", mongodb_server(self._folder("mongodb"), self.mongodb_port))

    def stop(self, server: str) -> None:
        self._servers.pop(server).close()

    def start(self, role: str, **settings: object) -> None:
        """Starts a `worker` or `dispatcher` of the plant."""
        env = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
            "REDIS_URL": self.settings.redis_url,
            "MONGODB_URI": self.settings.mongodb_uri,
            **{f"LECTERN_{name.upper()}": str(value) for name, value in settings.items()},
        }
        command = [sys.executable, "-m", "bench.jobs.plant", role]
        process = self._processes.enter_context(started(command, self.folder / f"{role}.log", env))
        if role == "worker":
            self.workers.append(process)

    def kill_a_worker(self, turn: int) -> bool:
        """Kills the process that runs jobs, not the one that restarts it; False where it is just being restarted."""
        children = psutil.Process(self.workers[turn % len(self.workers)].pid).children()
        if children:
            children[-1].send_signal(signal.SIGKILL)
        return bool(children)

    def close(self) -> None:
        self._processes.close()
        for server in list(self._servers):
            self.stop(server)

    def _start(self, name: str, server: "contextlib.AbstractContextManager[str]") -> None:
        stack = self._servers[name] = ExitStack()
        stack.enter_context(server)

    def _folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path


@dataclass
class Client:
    """What a benchmark submits by and looks with."""

    site: Site
    grounds: Grounds
    jobs: Jobs

    def __post_init__(self) -> None:
        self.made = self.grounds.database.client[self.site.settings.jobs_database]

    async def settled(self, match: dict[str, str] | None = None) -> int:
        """How many jobs have succeeded."""
        return int(await self.grounds.database.jobs.count_documents({"state": "succeeded", **(match or {})}))

    async def workers_are_there(self, count: int) -> None:
        """Waits until so many have said what they can take."""
        while await self.grounds.database.workers.count_documents({}) < count:  # noqa: ASYNC110 - other processes write
            await asyncio.sleep(0.05)


@asynccontextmanager
async def opened(workers: int, **settings: object) -> AsyncIterator[Client]:
    """A running site and a client of it; all of it ends with the block."""
    with TemporaryDirectory(prefix="lectern-jobs-") as folder:
        site = Site(Path(folder))
        try:
            site.start_redis()
            site.start_mongodb()
            async with AsyncExitStack() as stack:
                grounds = await open_grounds(site.settings, stack)
                jobs = Jobs(MongoJobs(grounds.database), grounds.room, grounds.changes, PLANT)
                client = Client(site, grounds, jobs)
                site.start("dispatcher")
                for _ in range(workers):
                    site.start("worker", **settings)
                await client.workers_are_there(workers)
                yield client
        finally:
            site.close()
