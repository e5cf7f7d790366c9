"""Socket.IO with the library's own client, on a whole system and on one whose Redis is away."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
import socketio
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc

from kit.auth.caller import Caller
from kit.jobs.model import Submission
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import connect_grounds
from kit.jobs.policies import POLICIES
from kit.jobs.settings import JobsSettings
from kit.jobs.submitting import Jobs
from tests.servers import free_port
from tests.system import STUDENT, VIDEO, System, make_course, whole_system

BEN = Caller("school", "ben")
EVENTS = (
    "started",
    "context",
    "delta",
    "support",
    "notice",
    "completed",
    "failed",
    "message",
    "job",
    "updated",
    "deleted",
    "problem",
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    jobs = f"jobs_{uuid.uuid4().hex[:8]}"
    async with whole_system(redis_url, mongodb_uri, jobs_database=jobs) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def course(system: System) -> str:
    return await make_course(system)


@dataclass
class Tab:
    """A connected client and all that it was sent, in order."""

    client: socketio.AsyncClient
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def call(self, name: str, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self.client.call(name, body, timeout=20)
        return answer

    async def until(self, name: str, count: int = 1, turn: str = "") -> list[dict[str, Any]]:
        """What was sent under this name, of any turn or this one, once there is so much."""
        async with asyncio.timeout(20), self.grown:
            await self.grown.wait_for(lambda: len(self.named(name, turn)) >= count)
        return self.named(name, turn)

    def named(self, name: str, turn: str = "") -> list[dict[str, Any]]:
        return [body for each, body in self.seen if each == name and turn in ("", body.get("turn"))]

    def turn(self, turn: str) -> list[tuple[int, str]]:
        """The numbers and names of a turn's events, as they came."""
        return [(body["sequence"], name) for name, body in self.seen if body.get("turn") == turn and "sequence" in body]


@asynccontextmanager
async def tab(system: System, caller: Caller = STUDENT) -> AsyncIterator[Tab]:
    client = socketio.AsyncClient(reconnection=False)
    made = Tab(client)

    def remember(name: str) -> Any:
        async def handle(body: dict[str, Any]) -> None:
            async with made.grown:
                made.seen.append((name, body))
                made.grown.notify_all()

        return handle

    for name in EVENTS:
        client.on(name, remember(name))
    url = f"http://127.0.0.1:{system.ports['http']}"
    await client.connect(url, auth={"token": system.token(caller)}, transports=["websocket"])
    try:
        yield made
    finally:
        await client.disconnect()


def question(course: str, **more: Any) -> dict[str, Any]:
    return {"course": course, "videoUrl": VIDEO, "message": "What does a wave carry?", **more}


async def test_a_question_is_answered_to_everybody_in_the_room_in_order(system: System, course: str) -> None:
    async with tab(system) as first, tab(system) as second:
        begun = await first.call("ask", **question(course))
        assert begun["ok"], begun
        assert (await second.call("join", thread=begun["thread"]))["ok"]
        again = await first.call("ask", **question(course, message="And what else?", requestId=uuid.uuid4().hex))
        for each in (first, second):
            await each.until("message", 2, again["turn"])
            numbers = [number for number, _ in each.turn(again["turn"])]
            assert numbers == list(range(1, len(numbers) + 1))
            assert [name for _, name in each.turn(again["turn"])][-1] == "completed"
        assert first.turn(again["turn"]) == second.turn(again["turn"])
        told = {body["role"]: body["text"] for body in second.named("message") if body["turn"] == again["turn"]}
        assert told == {"USER": "And what else?", "ASSISTANT": "A wave carries energy [1]."}
        delta = second.named("delta")[-1]
        assert (delta["thread"], delta["delta"]["text"] != "") == (begun["thread"], True)


async def test_what_was_missed_is_read_again(system: System, course: str) -> None:
    async with tab(system) as first:
        begun = await first.call("ask", **question(course))
        await first.until("completed", turn=begun["turn"])
    whole = first.turn(begun["turn"])
    async with tab(system) as later:
        await later.call("join", thread=begun["thread"], turn=begun["turn"], afterSequence=2)
        await later.until("completed")
        assert later.turn(begun["turn"]) == whole[2:]


async def test_who_comes_in_the_middle_sees_the_turn_from_where_they_were(system: System, course: str) -> None:
    await system.provider.script(words=40, words_per_second=40)
    try:
        async with tab(system) as first:
            begun = await first.call("ask", **question(course))
            await first.until("delta", 3)
            async with tab(system) as second, tab(system) as third:
                await second.call("join", thread=begun["thread"])
                await third.call("join", thread=begun["thread"], turn=begun["turn"], afterSequence=3)
                for each in (first, second, third):
                    await each.until("completed")
            whole = first.turn(begun["turn"])
            assert [number for number, _ in whole] == list(range(1, len(whole) + 1))
            assert second.turn(begun["turn"]) == whole
            assert third.turn(begun["turn"]) == whole[3:]
            third_call = await first.call("ask", **question(course, message="Once more?"))
            assert (await first.call("cancel", turn=third_call["turn"]))["ok"]
            assert (await first.until("failed"))[-1]["failed"]["reason"] == "TURN_CANCELLED"
    finally:
        await system.provider.script(text="A wave carries energy [1].")


async def test_rooms_are_their_owners_and_close_with_their_thread(system: System, course: str) -> None:
    async with tab(system) as mine, tab(system, BEN) as other:
        begun = await mine.call("ask", **question(course))
        await mine.until("completed")
        refused = await other.call("join", thread=begun["thread"])
        assert (refused["ok"], refused["error"]["reason"]) == (False, "THREAD_NOT_FOUND")
        async with system.channel("threads") as channel:
            stub = threads_pb2_grpc.ThreadServiceStub(channel)
            thread = threads_pb2.Thread(name=begun["thread"], title="Mine")
            await stub.UpdateThread(threads_pb2.UpdateThreadRequest(thread=thread), metadata=system.metadata(STUDENT))
            assert (await mine.until("updated"))[-1]["changed"]["title"] == "Mine"
            await stub.DeleteThread(
                threads_pb2.DeleteThreadRequest(name=begun["thread"]), metadata=system.metadata(STUDENT)
            )
        assert (await mine.until("deleted"))[0]["thread"] == begun["thread"]
        gone = await mine.call("join", thread=begun["thread"])
        assert (gone["ok"], gone["error"]["reason"]) == (False, "THREAD_NOT_FOUND")
        assert len(mine.named("deleted")) == 1
        assert not other.seen


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("ask", {"course": "courses/none", "message": "hi"}, "COURSE_NOT_FOUND"),
        ("ask", {"message": "hi"}, "INVALID_ARGUMENT"),
        ("join", {"thread": "threads/none"}, "THREAD_NOT_FOUND"),
        ("join", {"thread": 7}, "INVALID_ARGUMENT"),
        ("join", {"thread": "threads/a", "turn": "threads/b/turns/c"}, "INVALID_ARGUMENT"),
        ("join", {"thread": "threads/a", "afterSequence": -1}, "INVALID_ARGUMENT"),
        ("join", {"job": "jobs/none"}, "NOT_FOUND"),
        ("shout", {}, "INVALID_ARGUMENT"),
        ("join", "threads/a", "INVALID_ARGUMENT"),
    ],
)
async def test_what_cannot_be_done_is_told_in_the_acknowledgement(
    system: System, name: str, body: Any, reason: str
) -> None:
    async with tab(system) as each:
        answer = await each.client.call(name, body, timeout=20)
        assert (answer["ok"], answer["error"]["reason"]) == (False, reason)


@pytest.mark.parametrize("auth", [None, {}, {"token": "no"}, {"token": 7}])
async def test_nobody_connects_without_a_token(system: System, auth: Any) -> None:
    client = socketio.AsyncClient(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(f"http://127.0.0.1:{system.ports['http']}", auth=auth, transports=["websocket"])


async def test_too_many_messages_are_refused(system: System) -> None:
    async with tab(system) as each:
        answers = await asyncio.gather(*(each.call("leave", thread="threads/a") for _ in range(60)))
        reasons = [answer["error"]["reason"] for answer in answers if not answer["ok"]]
        assert reasons
        assert set(reasons) == {"RATE_LIMITED"}


async def test_jobs_are_watched(system: System) -> None:
    settings = JobsSettings(
        mongodb_uri=system.settings.mongodb_uri,
        redis_url=system.settings.redis_url,
        jobs_database=system.settings.jobs_database,
    )
    async with AsyncExitStack() as stack, tab(system) as each:
        grounds = connect_grounds(settings, stack)
        jobs = Jobs(MongoJobs(grounds.database), grounds.room, grounds.changes, POLICIES)
        job = await jobs.submit(STUDENT, Submission("preload_course"))
        assert (await each.call("join", job=f"jobs/{job.id}"))["job"]["state"] == "QUEUED"
        await each.until("job")
        await jobs.cancel(STUDENT, job.id)
        assert (await each.until("job", 2))[-1]["state"] == "CANCELLED"


async def test_without_redis_one_instance_still_answers_its_rooms(mongodb_uri: str) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    async with whole_system(nowhere, mongodb_uri, jobs_database=f"jobs_{uuid.uuid4().hex[:8]}") as alone:
        course = await make_course(alone)
        async with tab(alone) as first, tab(alone) as second:
            begun = await first.call("ask", **question(course))
            assert begun["ok"], begun
            await first.until("completed")
            assert (await second.call("join", thread=begun["thread"]))["ok"]
            again = await first.call("ask", **question(course, message="And what else?"))
            for each in (first, second):
                await each.until("completed", turn=again["turn"])
