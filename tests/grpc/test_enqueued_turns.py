"""Turns that nobody waits for, answered by a real worker of the gateway over the whole system."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
import pytest_asyncio
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.inference.v1 import operations_pb2, operations_pb2_grpc
from lectern.jobs.v1 import jobs_pb2, jobs_pb2_grpc
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc

from kit.auth.caller import Caller, Role
from kit.jobs.model import Job, State
from tests.system import STUDENT, VIDEO, System, make_course, whole_system
from tests.working import Works, until, works

OPERATOR = Caller("school", "olga", frozenset({Role.ADMIN}))
ANSWER = "It carries energy from place to place [1]."
pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Hall:
    """A student of a course, what they call, and the worker that answers them."""

    works: Works
    system: System
    course: str
    worker: psutil.Process
    chat: Any
    caller: Caller

    @property
    def metadata(self) -> Any:
        return self.system.metadata(self.caller)

    async def enqueue(self, message: str = "What does a wave carry?", request_id: str = "") -> jobs_pb2.Job:
        asked = chat_pb2.EnqueueTurnRequest(
            course=self.course, video_url=VIDEO, message=message, request_id=request_id or uuid.uuid4().hex
        )
        job: jobs_pb2.Job = await self.chat.EnqueueTurn(asked, metadata=self.metadata)
        return job

    async def job(self, name: str) -> Job:
        found = await self.works.store.get(name.removeprefix("jobs/"))
        assert found is not None
        return found

    async def turn(self, name: str) -> chat_pb2.Turn:
        turn: chat_pb2.Turn = await self.chat.GetTurn(chat_pb2.GetTurnRequest(name=name), metadata=self.metadata)
        return turn

    async def saying(self, job: str) -> chat_pb2.Turn:
        """The turn of the job, once a part of its answer was said."""
        name = ""

        async def begun() -> bool:
            nonlocal name
            lines = (await self.job(job)).log
            name = lines[-1].rpartition(" ")[2] if lines else ""
            return bool(name) and bool((await self.turn(name)).answer)

        await until(begun)
        return await self.turn(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall(redis_url: str, mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    jobs, log = f"jobs_{uuid.uuid4().hex[:8]}", tmp_path_factory.mktemp("worker") / "log"
    async with (
        whole_system(redis_url, mongodb_uri, jobs_database=jobs) as system,
        works(system, log) as shop,
        system.channel("gateway") as channel,
    ):
        course = await make_course(system)
        with shop.worker("services.gateway.worker", job_lease_seconds=2) as worker:
            chat = chat_pb2_grpc.ChatServiceStub(channel)
            yield Hall(shop, system, course, psutil.Process(worker.pid), chat, STUDENT)


async def questions(hall: Hall, thread: str) -> list[str]:
    """What stands in the thread, as question and answer."""
    async with hall.system.channel("threads") as channel:
        listed = await threads_pb2_grpc.ThreadServiceStub(channel).ListMessages(
            threads_pb2.ListMessagesRequest(parent=thread), metadata=hall.metadata
        )
    return [message.text for message in listed.messages]


async def test_a_question_that_was_put_off_is_answered_like_any_other(hall: Hall) -> None:
    await hall.system.provider.script(text=ANSWER)
    job = await hall.enqueue(request_id="r-1")
    assert (job.kind, job.queue) == ("run_turn", "queues/turns")
    done = await hall.works.ended(job.name)
    assert (done.state, done.attempt) == (State.SUCCEEDED, 1)
    assert done.result is not None
    turn = await hall.turn(done.result["turn"])
    assert (turn.state, turn.answer, turn.request_id) == (chat_pb2.Turn.COMPLETED, ANSWER, "r-1")
    assert turn.citations[0].verified
    again = await hall.enqueue(request_id="r-1")
    assert (again.name, again.result["turn"]) == (job.name, turn.name)
    resume = chat_pb2.ResumeTurnRequest(name=turn.name)
    events = [event async for event in hall.chat.ResumeTurn(resume, metadata=hall.metadata)]
    assert events[-1].completed.turn == turn
    asked = chat_pb2.CreateTurnRequest(course=hall.course, video_url=VIDEO, message="Again?", request_id="r-1")
    assert await hall.chat.CreateTurn(asked, metadata=hall.metadata) == turn


async def test_the_answer_of_a_worker_that_was_killed_is_continued_by_the_next(hall: Hall) -> None:
    await hall.system.provider.script(words=60, words_per_second=30)
    job = await hall.enqueue("What is it that a wave carries along?")
    begun = await hall.saying(job.name)
    [child] = hall.worker.children()
    child.kill()
    done = await hall.works.ended(job.name)
    assert (done.state, done.attempt, done.crashes) == (State.SUCCEEDED, 2, 1)
    assert done.result is not None
    assert done.result["turn"] == begun.name
    turn = await hall.turn(begun.name)
    assert turn.state == chat_pb2.Turn.COMPLETED
    assert turn.answer.startswith(begun.answer)
    said = await questions(hall, turn.thread)
    assert said.count(turn.question) == 1
    assert said[-1] == turn.answer


async def test_a_cancelled_job_stops_its_turn(hall: Hall) -> None:
    await hall.system.provider.script(words=2000, words_per_second=20)
    job = await hall.enqueue("How long is a wave?")
    begun = await hall.saying(job.name)
    async with hall.system.channel("gateway") as channel:
        request = jobs_pb2.CancelJobRequest(name=job.name)
        await jobs_pb2_grpc.JobServiceStub(channel).CancelJob(request, metadata=hall.metadata)
    assert (await hall.works.ended(job.name)).state is State.CANCELLED
    turn = await hall.turn(begun.name)
    assert turn.state == chat_pb2.Turn.CANCELLED
    assert turn.answer.startswith(begun.answer)


async def test_questions_wait_for_a_model_without_spending_attempts(hall: Hall) -> None:
    await hall.system.provider.script(text=ANSWER)
    async with hall.system.channel("inference") as channel:
        providers = operations_pb2_grpc.ProviderServiceStub(channel)
        metadata = hall.system.metadata(OPERATOR)
        await providers.OpenProvider(operations_pb2.OpenProviderRequest(name="providers/fake"), metadata=metadata)

        async def held() -> bool:
            return await hall.works.redis.hget("jobs:turns:rules", "paused") == b"1"

        await until(held)
        job = await hall.enqueue("What waits for a model?")
        waiting = await hall.job(job.name)
        assert (waiting.state, waiting.attempt) == (State.QUEUED, 0)
        await providers.CloseProvider(operations_pb2.CloseProviderRequest(name="providers/fake"), metadata=metadata)
    done = await hall.works.ended(job.name)
    assert (done.state, done.attempt, done.result and done.result["degraded"]) == (State.SUCCEEDED, 1, False)
