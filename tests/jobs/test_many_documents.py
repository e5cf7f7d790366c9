"""300 documents are read at the same moment: the limit of their queue, and 4 workers in the place of 100."""

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from kit.auth.caller import Caller
from kit.jobs.dispatcher.app import lead
from kit.jobs.memory.health import MemoryHealth
from kit.jobs.model import State, Submission
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import Grounds, open_grounds
from kit.jobs.policies import POLICIES
from kit.jobs.settings import DispatcherSettings
from kit.jobs.submitting import Jobs
from tests.servers import free_port, started

ROOT = Path(__file__).parents[2]
AT_ONCE, MORE, WORKERS = 300, 20, 4
SECONDS = 240.0
LIMITS = {"documents": {"per_worker": AT_ONCE // WORKERS}}

pytestmark = pytest.mark.timeout(500)


class Pages:
    """Holds every page that is fetched until `released`; knows how many were held at the most."""

    def __init__(self) -> None:
        self.held = self.most_held = 0
        self.full, self.released = asyncio.Event(), asyncio.Event()

    async def page(self, request: Request) -> PlainTextResponse:
        self.held += 1
        self.most_held = max(self.most_held, self.held)
        if self.held >= AT_ONCE:
            self.full.set()
        await self.released.wait()
        self.held -= 1
        return PlainTextResponse("a wave carries energy")

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        port = free_port()
        app = Starlette(routes=[Route("/{document}", self.page)])
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            self.released.set()
            server.should_exit = True
            await serving


@contextmanager
def workers(settings: DispatcherSettings, pages: str, log: Path) -> Iterator[None]:
    env = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
        "REDIS_URL": settings.redis_url,
        "MONGODB_URI": settings.mongodb_uri,
        "LECTERN_JOBS_DATABASE": settings.jobs_database,
        "LECTERN_QUEUE_LIMITS": json.dumps(LIMITS),
        "LECTERN_JOBS_PER_PROCESS": "0",
        "LECTERN_DRAIN_SECONDS": "0.2",
        "PAGES_URL": pages,
    }
    with ExitStack() as stack:
        for _ in range(WORKERS):
            stack.enter_context(started([sys.executable, "-m", "bench.jobs.pages"], log, env))
        yield


async def counted(grounds: Grounds, state: State) -> int:
    return await grounds.database.jobs.count_documents({"queue": "documents", "state": state.value})


async def test_300_documents_are_read_at_the_same_moment(redis_url: str, mongodb_uri: str, tmp_path: Path) -> None:
    settings = DispatcherSettings(
        redis_url=redis_url, mongodb_uri=mongodb_uri, jobs_database=f"jobs_{uuid.uuid4().hex[:8]}"
    )
    assert POLICIES.queues["documents"].concurrency == AT_ONCE
    async with AsyncExitStack() as stack:
        grounds = await open_grounds(settings, stack)
        await grounds.redis.flushall()
        await lead(settings, stack, settings.policies, MemoryHealth())
        jobs = Jobs(MongoJobs(grounds.database), grounds.room, grounds.changes, settings.policies)
        pages = Pages()
        with workers(settings, await stack.enter_async_context(pages.served()), tmp_path / "workers.log"):
            submitted = await asyncio.gather(
                *(
                    jobs.submit(
                        Caller("school", f"teacher-{n % 50}"), Submission("ingest_document", {"document": f"d{n}"})
                    )
                    for n in range(AT_ONCE + MORE)
                )
            )
            async with asyncio.timeout(SECONDS):
                await pages.full.wait()
            assert await counted(grounds, State.RUNNING) == AT_ONCE
            assert await counted(grounds, State.QUEUED) == MORE, "the limit holds"
            pages.released.set()
            async with asyncio.timeout(SECONDS):
                while await counted(grounds, State.SUCCEEDED) < len(submitted):  # noqa: ASYNC110 - workers' doing
                    await asyncio.sleep(0.05)
        again = await grounds.database.jobs.count_documents({"attempt": {"$ne": 1}})
        assert (again, pages.most_held) == (0, AT_ONCE)
        await grounds.database.client.drop_database(settings.jobs_database)
