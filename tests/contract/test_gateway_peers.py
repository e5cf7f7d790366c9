"""What the HTTP face needs of the other services, kept by its memory doubles and by the services themselves."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from kit.errors import FailedPrecondition, NotFound, Reason
from services.gateway.adapters.library import GrpcLibrary
from services.gateway.adapters.memory_peers import MemoryLibrary, MemoryModels, MemoryRecords, MemoryReports
from services.gateway.adapters.models import GrpcModels
from services.gateway.adapters.records import GrpcRecords
from services.gateway.adapters.reports import GrpcReports
from services.gateway.legacy.ports import Course, Library, Reports
from services.gateway.model import Delta, Finish, Options
from services.gateway.openai.ports import Completion, Message, Record, Records
from services.gateway.stats.ports import BreakerState
from tests.system import TEACHER, VIDEO, System, make_course, whole_system

ANN, BEN = Caller("school", "ann"), Caller("school", "ben")
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Peers:
    models: Any
    records: Records
    library: Library
    reports: Reports
    course: str
    thread: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    async with whole_system(redis_url, mongodb_uri) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", params=["memory", "services"])
async def peers(request: pytest.FixtureRequest, system: System) -> AsyncIterator[Peers]:
    if request.param == "memory":
        courses = [Course("waves", "Waves", "", 1)]
        yield Peers(MemoryModels(), MemoryRecords(), MemoryLibrary(courses), MemoryReports({ANN: "t1"}), "waves", "t1")
        return
    await system.provider.script(text="one two three four")
    secret = system.settings.internal_secret
    inference, threads, context = (
        Peer(f"127.0.0.1:{system.ports[name]}", service="gateway", secret=secret)
        for name in ("inference", "threads", "context")
    )
    course = (await make_course(system)).removeprefix("courses/")
    async with system.channel("gateway") as channel:
        question = chat_pb2.CreateTurnRequest(course=f"courses/{course}", video_url=VIDEO, message="Why?")
        turn = await chat_pb2_grpc.ChatServiceStub(channel).CreateTurn(question, metadata=system.metadata(ANN))
    thread = turn.thread.removeprefix("threads/")
    yield Peers(GrpcModels(inference), GrpcRecords(threads), GrpcLibrary(context), GrpcReports(threads), course, thread)
    for peer in (inference, threads, context):
        await peer.close()


@pytest.mark.parametrize(("most", "text", "reason"), [(0, "one two three four", "stop"), (2, "one two", "length")])
async def test_a_completion_ends_with_its_reason_and_usage(peers: Peers, most: int, text: str, reason: str) -> None:
    asked = Completion(
        (Message("system", "Repeat."), Message("user", "one two three four")), options=Options(max_tokens=most)
    )
    pieces = [piece async for piece in peers.models.complete(ANN, asked)]
    assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)) == text
    finish = pieces[-1]
    assert isinstance(finish, Finish)
    assert finish.finish_reason == reason
    assert finish.completion_tokens == len(text.split())
    assert finish.prompt_tokens > 0
    assert finish.model in {model.name for model in await peers.models.models() if not model.embeds}


async def test_vectors_are_of_unit_length_and_in_order(peers: Peers) -> None:
    both = await peers.models.embed(ANN, ["wave", "energy"])
    alone = await peers.models.embed(ANN, ["energy"])
    assert both.vectors[1] == pytest.approx(alone.vectors[0], abs=1e-6)
    assert sum(value * value for value in both.vectors[0]) == pytest.approx(1, abs=1e-3)
    assert both.tokens >= alone.tokens > 0


async def test_every_provider_has_a_breaker(peers: Peers) -> None:
    breakers = await peers.models.breakers()
    assert {model.provider for model in await peers.models.models()} <= {breaker.provider for breaker in breakers}
    assert {breaker.state for breaker in breakers} == {BreakerState.CLOSED}


async def test_records_are_kept_changed_and_discarded(peers: Peers) -> None:
    name = f"conv_{uuid.uuid4().hex}"
    kept = await peers.records.keep(ANN, Record(name, "{}", ("1",)))
    assert kept.created > 0
    assert (await peers.records.append(ANN, name, ["2"])).entries == ("1", "2")
    changed = await peers.records.keep(ANN, Record(name, "[]"))
    assert changed == await peers.records.read(ANN, name)
    assert (changed.body, changed.entries) == ("[]", ("1", "2"))
    with pytest.raises(FailedPrecondition):
        await peers.records.append(ANN, name, ["x"] * 199)
    for act in (peers.records.read, peers.records.discard):
        with pytest.raises(NotFound):
            await act(BEN, name)
    await peers.records.discard(ANN, name)
    with pytest.raises(NotFound):
        await peers.records.read(ANN, name)


async def test_courses_are_listed_preloaded_and_cleared(peers: Peers) -> None:
    (course,) = [each for each in await peers.library.courses(TEACHER) if each.id == peers.course]
    assert (course.title, course.videos) == ("Waves", 1)
    preloaded = await peers.library.preload(TEACHER, peers.course)
    assert (preloaded.courses, preloaded.videos) == ((peers.course,), 1)
    await peers.library.clear(TEACHER, peers.course)
    assert await peers.library.clear(TEACHER, peers.course) == 0
    for act in (peers.library.preload, peers.library.clear):
        with pytest.raises(NotFound) as missing:
            await act(TEACHER, "none")
        assert missing.value.reason is Reason.COURSE_NOT_FOUND


async def test_a_report_is_asked_for_once_and_by_those_who_see_the_thread(peers: Peers) -> None:
    job = await peers.reports.ask(ANN, peers.thread)
    assert job
    assert await peers.reports.ask(ANN, peers.thread) == job
    with pytest.raises(NotFound) as missing:
        await peers.reports.ask(BEN, peers.thread)
    assert missing.value.reason is Reason.THREAD_NOT_FOUND
