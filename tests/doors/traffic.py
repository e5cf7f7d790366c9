"""A little of everything that the dashboards show: turns, shared answers, failures, refusals, jobs, sockets."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import socketio

from kit.auth.caller import Role
from tests.doors.conftest import Doors


class Traffic:
    """Each round is other students with other questions, so that no round is answered from what the last one kept."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self.rounds = 0

    async def round(self) -> None:
        self.rounds += 1
        await self._doors.provider.script(words=8)
        await asyncio.gather(self._answers(), self._refusals(), self._jobs())
        await self._failures()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """While the block runs, a socket is connected, a reader waits for its answer, and a worker is at a job."""
        await self._doors.provider.script(words=4000, words_per_second=20)
        token, question = self._doors.token(self._name("held")), self._doors.question()
        socket = socketio.AsyncClient(reconnection=False)
        await socket.connect(self._doors.background.stack.base_url, auth={"token": token}, transports=["websocket"])
        async with self._doors.client(self._doors.token(self._name("waits"))) as client:
            job = (await client.post("/v1/chat:enqueue", json=self._doors.question())).json()
            async with client.stream("POST", "/v1/chat:stream", json=question):
                try:
                    yield
                finally:
                    await client.post(f"/v1/{job['name']}:cancel", json={})
                    await socket.disconnect()
                    await self._doors.provider.script(words=8)

    async def _answers(self) -> None:
        question = self._doors.question()
        for user in ("ann", "bob", "cem"):  # the second and the third get the answer of the first
            async with self._doors.client(self._doors.token(self._name(user))) as client:
                _well(await client.post("/v1/chat", json=question))
                async with client.stream("POST", "/v1/chat:stream", json=self._doors.question()) as events:
                    await events.aread()
                for _ in range(2):
                    _well(await client.get("/v1/threads"))

    async def _refusals(self) -> None:
        async with self._doors.client(self._doors.token(self._name("ann"))) as client:
            await client.post("/v1/chat", json=self._doors.question(course="courses/none"))
            await client.get("/v1/courses", headers={"authorization": "Bearer nonsense"})

    async def _jobs(self) -> None:
        async with self._doors.client(self._doors.token(self._name("jobs"))) as client:
            job = _well(await client.post("/v1/chat:enqueue", json=self._doors.question())).json()
            await _end(client, job)
        teacher = self._doors.background.stack.token("teacher", Role.TEACHER)
        async with self._doors.client(teacher) as client:
            # The scripted provider writes no quiz that can be read, so this fails and is tried again.
            body = {"videoUrl": self._doors.video, "questionCount": 1, "requestId": self._name("quiz")}
            _well(await client.post(f"/v1/{self._doors.course}/quizzes:generate", json=body))

    async def _failures(self) -> None:
        """The provider breaks: an answer is degraded, a plain completion fails at the edge."""
        await self._doors.provider.script(status=500)
        async with self._doors.client(self._doors.token(self._name("unlucky"))) as client:
            _well(await client.post("/v1/chat", json=self._doors.question()))
            body = {"model": "lectern", "messages": [{"role": "user", "content": f"Hello {time.time_ns()}"}]}
            failed = await client.post("/openai/v1/chat/completions", json=body)
            assert failed.status_code >= 500, failed.text
        await self._doors.provider.script(words=8)
        async with self._doors.client(self._doors.background.stack.token("operator", Role.ADMIN)) as admin:
            for provider in _well(await admin.get("/v1/providers")).json()["providers"]:
                _well(await admin.post(f"/v1/{provider['name']}:close", json={}))

    def _name(self, user: str) -> str:
        return f"{user}-{self.rounds}"


def _well(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, answer.text
    return answer


async def _end(client: httpx.AsyncClient, job: dict[str, Any]) -> None:
    async with client.stream("GET", f"/v1/{job['name']}:watch") as events:
        await events.aread()
