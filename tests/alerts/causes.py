"""What each alert is about, brought about for real on a running stack, and taken away again."""

import asyncio
import contextlib
import itertools
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from redis.asyncio import Redis

from bench.fake_provider.process import Remote
from kit.auth.caller import Role
from local.stack import Stack
from tests.alerts.watched import Prometheus

ANSWER = "A wave carries energy [1]."
LOAD_CALLERS = 12


@dataclass
class Rig:
    """The stack, the provider that does as it is told, and whoever looks at them."""

    stack: Stack
    provider: Remote
    prometheus: Prometheus
    course: str
    video: str

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Of a busy user's calls by gRPC."""
        return (("authorization", f"Bearer {self.stack.token('busy', Role.TEACHER)}"),)

    @property
    def admin(self) -> httpx.AsyncClient:
        return self.client("root", Role.ADMIN)

    def client(self, user: str, role: Role = Role.STUDENT) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {self.stack.token(user, role)}"}
        return httpx.AsyncClient(base_url=self.stack.base_url, headers=headers, timeout=90, trust_env=False)

    async def ask(self, path: str = "/v1/chat") -> int:
        """One question of a new student; the status of the answer, 0 where none came."""
        body = {"course": self.course, "videoUrl": self.video, "message": f"What is a wave? {uuid.uuid4().hex}"}
        async with self.client(f"student-{uuid.uuid4().hex[:10]}") as client:
            with contextlib.suppress(httpx.HTTPError):
                return (await client.post(path, json=body)).status_code
        return 0

    @asynccontextmanager
    async def asking(self, path: str = "/v1/chat", pause: float = 0.5) -> AsyncIterator[None]:
        """Questions again and again while the block lasts."""

        async def ask() -> None:
            while True:
                await self.ask(path)
                await asyncio.sleep(pause)

        async with _while(ask):
            yield

    async def operate(self, path: str) -> None:
        async with self.admin as client:
            (await client.post(path)).raise_for_status()


Cause = Callable[[Rig], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _while(work: Callable[[], Any], times: int = 1) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work()) for _ in range(times)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def held(*programs: str, asking: bool = False) -> Cause:
    """These programs are killed, and not there while the block lasts; questions may be asked meanwhile."""

    @asynccontextmanager
    async def cause(rig: Rig) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for program in programs:
                await rig.stack.hold(program)
                stack.push_async_callback(rig.stack.release, program)
            if asking:
                await stack.enter_async_context(rig.asking())
            yield

    return cause


def scripted(rules: list[dict[str, Any]] | None = None, *, path: str = "/v1/chat", **default: Any) -> Cause:
    """The provider does this, and questions are asked."""

    @asynccontextmanager
    async def cause(rig: Rig) -> AsyncIterator[None]:
        await rig.provider.script(rules, **{"text": ANSWER, **default})
        try:
            async with rig.asking(path):
                yield
        finally:
            await rig.provider.script(text=ANSWER)

    return cause


@asynccontextmanager
async def jobs_wait(rig: Rig) -> AsyncIterator[None]:
    """Their queue is paused, their worker is gone, and more than a thousand come."""
    await rig.operate("/v1/queues/turns:pause")
    await rig.stack.hold("gateway-worker")
    try:
        questions = iter(range(1010))

        async def submit(stub: Any) -> None:
            for _ in questions:
                request = chat_pb2.EnqueueTurnRequest(course=rig.course, video_url=rig.video, message="What is a wave?")
                await stub.EnqueueTurn(request, metadata=rig.metadata, timeout=30)

        async with _gateway(rig) as stub, _while(lambda: submit(stub), times=LOAD_CALLERS):
            yield
    finally:
        await rig.operate("/v1/queues/turns:purge")
        await rig.operate("/v1/queues/turns:resume")
        await rig.stack.release("gateway-worker")


@asynccontextmanager
async def job_stands_still(rig: Rig) -> AsyncIterator[None]:
    """A question that is asked as a job, of a provider that does not begin to answer."""
    await rig.provider.script(text=ANSWER, first_token_ms=90_000)
    await rig.ask("/v1/chat:enqueue")
    try:
        yield
    finally:
        await rig.provider.script(text=ANSWER)
        async with rig.admin as client:
            listed = (await client.get("/v1/jobs", params={"state": "RUNNING"})).json().get("jobs", [])
            for job in listed:
                await client.post(f"/v1/{job['name']}:cancel")


@asynccontextmanager
async def many_commands(rig: Rig) -> AsyncIterator[None]:
    """Somebody asks Redis far more than a day's part."""
    async with Redis.from_url(rig.stack.setting("REDIS_CACHE_URL")) as redis:

        async def ping() -> None:
            while True:
                pipe = redis.pipeline(transaction=False)
                for _ in range(2000):
                    pipe.ping()
                await pipe.execute()
                await asyncio.sleep(0.2)

        async with _while(ping):
            yield


@asynccontextmanager
async def queue_is_full(rig: Rig) -> AsyncIterator[None]:
    """The Redis of the queues may use hardly more than it does."""
    async with Redis.from_url(rig.stack.setting("REDIS_URL")) as redis:
        await redis.config_set("maxmemory", int((await redis.info("memory"))["used_memory"] * 1.05))
        try:
            yield
        finally:
            await redis.config_set("maxmemory", 0)


@asynccontextmanager
async def courses_change(rig: Rig) -> AsyncIterator[None]:
    """What was kept of the course is thrown away before each question."""

    async def clear_and_ask() -> None:
        while True:
            async with rig.client("teacher", Role.TEACHER) as client:
                await client.delete(f"/v1/{rig.course}/cache")
            await rig.ask()

    async with _while(clear_and_ask):
        yield


@asynccontextmanager
async def nothing_is_scraped(rig: Rig) -> AsyncIterator[None]:
    """Prometheus is told of no program."""
    rig.prometheus.scrape({})
    try:
        yield
    finally:
        rig.prometheus.scrape(rig.prometheus.programs)


@asynccontextmanager
async def many_calls(rig: Rig) -> AsyncIterator[None]:
    """As many quick calls as two processes can make."""
    target = rig.stack.setting("LECTERN_GATEWAY_TARGET")
    environ = {**os.environ, "TOKEN": rig.stack.token("busy")}
    command = (sys.executable, "-m", "tests.alerts.calling", target)
    callers = [await asyncio.create_subprocess_exec(*command, env=environ) for _ in range(2)]
    try:
        yield
    finally:
        for caller in callers:
            caller.kill()
            await caller.wait()


@asynccontextmanager
async def long_lectures(rig: Rig) -> AsyncIterator[None]:
    """Transcripts of hours are brought in, of four videos at once: who reads them works, who sends them waits."""
    cues = (f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}" for n in range(0, 12 * 3600, 3))
    lines = [f"{at}.000 --> {at}.900\nWhat wave {at} carries is energy of the kind {at}.\n" for at in cues]
    videos = itertools.count()

    async def bring() -> None:
        url = f"https://videos.example.org/long-{next(videos)}.mp4"
        async with rig.client("teacher", Role.TEACHER) as client:
            for number in itertools.count():  # another one each time, for the same one is known
                transcript = "\n".join(["WEBVTT\n", *lines, f"11:59:59.000 --> 11:59:59.900\nPart {number}.\n"])
                body = {"videoUrl": url, "format": "VTT", "title": "Long", "transcript": transcript}
                with contextlib.suppress(httpx.HTTPError):
                    await client.post(f"/v1/{rig.course}/videos:import", json=body)

    async with _while(bring, times=4):
        yield


@asynccontextmanager
async def _gateway(rig: Rig) -> AsyncIterator[Any]:
    """Past the edge, which would have to work too."""
    async with grpc.aio.insecure_channel(rig.stack.setting("LECTERN_GATEWAY_TARGET")) as channel:
        yield chat_pb2_grpc.ChatServiceStub(channel)
