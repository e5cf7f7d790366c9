"""Any one process is killed while the system is idle: it is reported, comes back, and the conversation goes on."""

import asyncio
import os
import signal
import time
from typing import Any

import httpx
import pytest

from local.program import Died, Ready
from tests.e2e.conftest import System

PROCESSES = (
    "redis-queue",
    "redis-cache",
    "mongodb",
    "llama",
    "embeddings",
    "inference",
    "context",
    "threads-1",
    "threads-2",
    "gateway-1",
    "gateway-2",
    "envoy",
    "dispatcher",
    "threads-worker",
    "context-worker",
    "gateway-worker",
)
# One of each kind; `make faults` kills every one.
ALIKE = {"redis-cache", "threads-2", "gateway-2", "threads-worker", "context-worker"}
VICTIMS = [name for name in PROCESSES if os.environ.get("FAULTS") == "all" or name not in ALIKE]
QUESTION = "What does a wave carry?"


async def ask(client: httpx.AsyncClient, system: System) -> dict[str, Any]:
    question = {"course": system.sample.course, "videoUrl": system.sample.video_url, "message": QUESTION}
    answer = await client.post("/v1/chat", json=question)
    answer.raise_for_status()
    return dict(answer.json())


async def thread_of(client: httpx.AsyncClient, system: System) -> str:
    """The one that the user has, or a first one."""
    listed = (await client.get("/v1/threads")).json().get("threads", [])
    return str(listed[0]["name"] if listed else (await ask(client, system))["thread"])


async def ask_until_answered(client: httpx.AsyncClient, system: System) -> dict[str, Any]:
    while True:
        try:
            return await ask(client, system)
        except httpx.HTTPError:
            await asyncio.sleep(0.25)


async def messages_of(client: httpx.AsyncClient, thread: str) -> dict[str, str]:
    answer = await client.get(f"/v1/{thread}/messages", params={"pageSize": 200})
    answer.raise_for_status()
    return {message["name"]: message.get("text", "") for message in answer.json()["messages"]}


def test_every_process_may_be_killed(system: System) -> None:
    assert set(PROCESSES) == set(system.background.stack.programs)


@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_killed_process_comes_back_and_the_conversation_goes_on(
    system: System, victim: str, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async with system.client("survivor") as client:
        thread = await thread_of(client, system)
        before = await messages_of(client, thread)
        await system.seen(lambda event: isinstance(event, Ready) and event.name == victim, 0)
        seen = len(system.background.events)

        killed = time.monotonic()
        os.kill(system.background.stack.pid(victim), signal.SIGKILL)
        await system.seen(lambda event: isinstance(event, Died) and event.name == victim, seen)
        back = await system.seen(lambda event: isinstance(event, Ready) and event.name == victim, seen)
        turn = await asyncio.wait_for(ask_until_answered(client, system), 60)
        answered = time.monotonic() - killed

        assert turn["thread"] == thread
        assert turn["answer"]
        after = await messages_of(client, thread)
    assert before.items() <= after.items()
    assert len(after) >= len(before) + 2
    assert isinstance(back, Ready)
    assert back.restarted
    record_property("answered_after_seconds", round(answered, 1))
    figures = f"back {back.seconds:.1f} s after its restart, next answer {answered:.1f} s after the kill"
    with capsys.disabled():
        print(f"\n  {victim:<12} {figures}")  # noqa: T201 - a figure for the person who runs it


@pytest.mark.parametrize(("victim", "path"), [("threads-1", "/v1/threads"), ("gateway-1", "/v1/health")])
async def test_while_one_instance_of_two_is_dead_the_other_answers(system: System, victim: str, path: str) -> None:
    async with system.client("bystander") as client:
        assert (await client.get(path)).status_code == 200
        seen = len(system.background.events)

        os.kill(system.background.stack.pid(victim), signal.SIGKILL)
        answers = [(await client.get(path)).status_code for _ in range(20)]

        await system.seen(lambda event: isinstance(event, Ready) and event.name == victim, seen)
    assert set(answers) == {200}
