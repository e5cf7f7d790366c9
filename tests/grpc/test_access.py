"""Every RPC of the contract, called as nobody, as another user and from another tenant.

A new RPC fails here until it has a line in CASES that says what strangers may see.
"""

import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from lectern.auth.v1 import access_pb2
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.context.v1 import courses_pb2, courses_pb2_grpc

from kit import mongo
from kit.auth.caller import Caller, Role
from kit.jobs.model import Submission
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import open_grounds
from kit.jobs.policies import POLICIES
from kit.jobs.settings import JobsSettings
from kit.jobs.submitting import Jobs
from services.threads.adapters.mongo.database import Database
from services.threads.adapters.mongo.reports import MongoReports
from services.threads.model import Findings, Report, ThreadKey
from tests.system import CAPTIONS, STUDENT, VIDEO, System, make_course, whole_system

CLASSMATE = Caller("school", "ben")
STRANGER = Caller(f"elsewhere-{uuid.uuid4().hex[:8]}", "tess", frozenset({Role.TEACHER, Role.ADMIN}))
OWNERS = {"chat": "gateway", "ops": "gateway", "jobs": "gateway"}
NOT_SERVED_YET: set[str] = set()

Things = Mapping[str, str]
Request = Callable[[Things], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A valid request, and what a classmate and another tenant get for it: a status, or OK with nothing of it."""

    request: Request
    classmate: str
    stranger: str


def ask(things: Things) -> dict[str, Any]:
    return {"course": things["course"], "videoUrl": VIDEO, "message": "What does a wave carry?"}


def turn(things: Things) -> dict[str, Any]:
    return {"name": things["turn"]}


def thread(things: Things) -> dict[str, Any]:
    return {"name": things["thread"]}


def job(things: Things) -> dict[str, Any]:
    return {"name": things["job"]}


def webhook(_: Things) -> dict[str, Any]:
    return {"name": "webhooks/none"}


def queue(_: Things) -> dict[str, Any]:
    return {"name": "queues/retention"}


def course(things: Things) -> dict[str, Any]:
    return {"name": things["course"]}


def document(things: Things) -> dict[str, Any]:
    return {"name": f"{things['course']}/documents/none"}


def document_page(things: Things) -> dict[str, Any]:
    return {"name": f"{document(things)['name']}/pages/1"}


def quiz(things: Things) -> dict[str, Any]:
    return {"name": f"{things['course']}/quizzes/none"}


def in_course(**more: Any) -> Request:
    return lambda things: {"parent": things["course"], **more}


CASES = {
    "lectern.chat.v1.ChatService/StreamTurn": Case(ask, "OK", "NOT_FOUND"),
    "lectern.chat.v1.ChatService/CreateTurn": Case(ask, "OK", "NOT_FOUND"),
    "lectern.chat.v1.ChatService/EnqueueTurn": Case(ask, "OK", "NOT_FOUND"),
    "lectern.chat.v1.ChatService/GetTurn": Case(turn, "NOT_FOUND", "NOT_FOUND"),
    "lectern.chat.v1.ChatService/ResumeTurn": Case(turn, "NOT_FOUND", "NOT_FOUND"),
    "lectern.chat.v1.ChatService/CancelTurn": Case(turn, "NOT_FOUND", "NOT_FOUND"),
    "lectern.threads.v1.ThreadService/ListThreads": Case(lambda _: {}, "OK", "OK"),
    "lectern.threads.v1.ThreadService/SearchThreads": Case(lambda _: {"query": "wave"}, "OK", "OK"),
    "lectern.threads.v1.ThreadService/GetThread": Case(thread, "NOT_FOUND", "NOT_FOUND"),
    "lectern.threads.v1.ThreadService/UpdateThread": Case(
        lambda things: {"thread": {"name": things["thread"], "title": "Mine"}}, "NOT_FOUND", "NOT_FOUND"
    ),
    "lectern.threads.v1.ThreadService/DeleteThread": Case(thread, "NOT_FOUND", "NOT_FOUND"),
    "lectern.threads.v1.ThreadService/ListMessages": Case(
        lambda things: {"parent": things["thread"]}, "NOT_FOUND", "NOT_FOUND"
    ),
    "lectern.threads.v1.ThreadService/WatchThread": Case(thread, "NOT_FOUND", "NOT_FOUND"),
    "lectern.threads.v1.ReportService/CreateReport": Case(
        lambda things: {"parent": things["thread"]}, "NOT_FOUND", "NOT_FOUND"
    ),
    "lectern.threads.v1.ReportService/GetReport": Case(
        lambda things: {"name": things["report"]}, "NOT_FOUND", "NOT_FOUND"
    ),
    "lectern.threads.v1.ReportService/ListReports": Case(lambda _: {}, "OK", "OK"),
    "lectern.threads.v1.InsightService/GetInsights": Case(course, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.threads.v1.UserService/DeleteUser": Case(lambda _: {"name": "users/ana"}, "NOT_FOUND", "OK"),
    "lectern.threads.v1.UserService/ExportUser": Case(lambda _: {"name": "users/ana"}, "NOT_FOUND", "OK"),
    "lectern.context.v1.CourseService/ListCourses": Case(lambda _: {}, "OK", "OK"),
    "lectern.context.v1.CourseService/CreateCourse": Case(
        lambda _: {"course": {"title": "Mine"}}, "PERMISSION_DENIED", "OK"
    ),
    "lectern.context.v1.CourseService/GetCourse": Case(course, "OK", "NOT_FOUND"),
    "lectern.context.v1.CourseService/UpdateCourse": Case(
        lambda things: {"course": {"name": things["course"], "title": "Mine"}}, "PERMISSION_DENIED", "NOT_FOUND"
    ),
    "lectern.context.v1.CourseService/DeleteCourse": Case(course, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.context.v1.CourseService/ImportVideo": Case(
        in_course(videoUrl=VIDEO, transcript=CAPTIONS), "PERMISSION_DENIED", "NOT_FOUND"
    ),
    "lectern.context.v1.CourseService/ListVideos": Case(in_course(), "OK", "NOT_FOUND"),
    "lectern.context.v1.CourseService/DeleteVideo": Case(
        lambda things: {"name": things["video"]}, "PERMISSION_DENIED", "NOT_FOUND"
    ),
    "lectern.context.v1.CourseService/GetTranscript": Case(lambda things: {"name": things["video"]}, "OK", "NOT_FOUND"),
    "lectern.context.v1.CourseService/SearchPassages": Case(in_course(query="energy"), "OK", "NOT_FOUND"),
    "lectern.context.v1.CourseService/PreloadCourse": Case(course, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.context.v1.CourseService/PreloadPopular": Case(lambda _: {}, "PERMISSION_DENIED", "OK"),
    "lectern.context.v1.CourseService/ClearCourseCache": Case(course, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.context.v1.CourseService/AddMember": Case(in_course(user="ben"), "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.context.v1.CourseService/RemoveMember": Case(in_course(user="ben"), "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.context.v1.DocumentService/UploadDocument": Case(
        lambda things: {"header": {"parent": things["course"]}}, "PERMISSION_DENIED", "NOT_FOUND"
    ),
    "lectern.context.v1.DocumentService/ListDocuments": Case(in_course(), "OK", "NOT_FOUND"),
    "lectern.context.v1.DocumentService/GetDocument": Case(document, "NOT_FOUND", "NOT_FOUND"),
    "lectern.context.v1.DocumentService/GetDocumentPage": Case(document_page, "NOT_FOUND", "NOT_FOUND"),
    "lectern.context.v1.DocumentService/ReadOriginal": Case(document, "NOT_FOUND", "NOT_FOUND"),
    "lectern.context.v1.DocumentService/DeleteDocument": Case(document, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.context.v1.QuizService/GenerateQuiz": Case(in_course(videoUrl=VIDEO), "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.context.v1.QuizService/ListQuizzes": Case(in_course(), "OK", "NOT_FOUND"),
    "lectern.context.v1.QuizService/GetQuiz": Case(quiz, "NOT_FOUND", "NOT_FOUND"),
    "lectern.context.v1.QuizService/UpdateQuiz": Case(
        lambda things: {"quiz": {**quiz(things), "title": "Mine"}}, "PERMISSION_DENIED", "NOT_FOUND"
    ),
    "lectern.context.v1.QuizService/PublishQuiz": Case(quiz, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.context.v1.QuizService/DeleteQuiz": Case(quiz, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.context.v1.OutlineService/BuildCourse": Case(course, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.context.v1.OutlineService/GetOutline": Case(course, "NOT_FOUND", "NOT_FOUND"),
    "lectern.inference.v1.ProviderService/ListProviders": Case(lambda _: {}, "PERMISSION_DENIED", "OK"),
    "lectern.inference.v1.ProviderService/OpenProvider": Case(
        lambda _: {"name": "providers/none"}, "PERMISSION_DENIED", "NOT_FOUND"
    ),
    "lectern.inference.v1.ProviderService/CloseProvider": Case(
        lambda _: {"name": "providers/none"}, "PERMISSION_DENIED", "NOT_FOUND"
    ),
    "lectern.inference.v1.UsageService/GetUsage": Case(lambda _: {"user": "ana"}, "PERMISSION_DENIED", "OK"),
    "lectern.inference.v1.BudgetService/ListBudgets": Case(lambda _: {}, "PERMISSION_DENIED", "OK"),
    "lectern.inference.v1.BudgetService/UpdateBudget": Case(
        lambda _: {"budget": {"tokenLimit": 1000000}}, "PERMISSION_DENIED", "OK"
    ),
    "lectern.jobs.v1.JobService/GetJob": Case(job, "NOT_FOUND", "NOT_FOUND"),
    "lectern.jobs.v1.JobService/ListJobs": Case(lambda _: {}, "OK", "OK"),
    "lectern.jobs.v1.JobService/WatchJob": Case(job, "NOT_FOUND", "NOT_FOUND"),
    "lectern.jobs.v1.JobService/CancelJob": Case(job, "NOT_FOUND", "NOT_FOUND"),
    "lectern.jobs.v1.JobService/RetryJob": Case(job, "NOT_FOUND", "NOT_FOUND"),
    "lectern.jobs.v1.QueueService/ListQueues": Case(lambda _: {}, "PERMISSION_DENIED", "OK"),
    "lectern.jobs.v1.QueueService/GetQueue": Case(queue, "PERMISSION_DENIED", "OK"),
    "lectern.jobs.v1.QueueService/UpdateQueue": Case(
        lambda known: {"queue": queue(known), "updateMask": "concurrency"}, "PERMISSION_DENIED", "OK"
    ),
    "lectern.jobs.v1.QueueService/ListQueueChanges": Case(
        lambda known: {"parent": queue(known)["name"]}, "PERMISSION_DENIED", "OK"
    ),
    "lectern.jobs.v1.QueueService/PauseQueue": Case(queue, "PERMISSION_DENIED", "OK"),
    "lectern.jobs.v1.QueueService/ResumeQueue": Case(queue, "PERMISSION_DENIED", "OK"),
    "lectern.jobs.v1.QueueService/RetryFailedJobs": Case(queue, "PERMISSION_DENIED", "OK"),
    "lectern.jobs.v1.QueueService/PurgeQueue": Case(queue, "PERMISSION_DENIED", "OK"),
    "lectern.jobs.v1.WorkerService/ListWorkers": Case(lambda _: {}, "PERMISSION_DENIED", "OK"),
    "lectern.jobs.v1.WebhookService/CreateWebhook": Case(
        lambda _: {"webhook": {"url": "https://203.0.113.7/hook"}}, "PERMISSION_DENIED", "INVALID_ARGUMENT"
    ),
    "lectern.jobs.v1.WebhookService/ListWebhooks": Case(lambda _: {}, "PERMISSION_DENIED", "OK"),
    "lectern.jobs.v1.WebhookService/GetWebhook": Case(webhook, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.jobs.v1.WebhookService/DeleteWebhook": Case(webhook, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.jobs.v1.WebhookService/EnableWebhook": Case(webhook, "PERMISSION_DENIED", "NOT_FOUND"),
    "lectern.jobs.v1.WebhookService/ListDeliveries": Case(
        lambda _: {"parent": "webhooks/none"}, "PERMISSION_DENIED", "NOT_FOUND"
    ),
    "lectern.jobs.v1.WebhookService/RedeliverWebhook": Case(
        lambda _: {"name": "webhooks/none/deliveries/none"}, "PERMISSION_DENIED", "NOT_FOUND"
    ),
    "lectern.ops.v1.HealthService/GetHealth": Case(lambda _: {}, "OK", "OK"),
    "lectern.ops.v1.StatsService/GetStats": Case(lambda _: {}, "PERMISSION_DENIED", "OK"),
}


def declared() -> dict[str, access_pb2.Access.ValueType]:
    """The access rule of every RPC in the descriptor set."""
    files = descriptor_pb2.FileDescriptorSet.FromString(Path("gen/descriptors.binpb").read_bytes())
    return {
        f"{file.package}.{service.name}/{method.name}": method.options.Extensions[access_pb2.access]
        for file in files.file
        if file.package.startswith("lectern.")
        for service in file.service
        if f"{file.package}.{service.name}" not in NOT_SERVED_YET
        for method in service.method
    }


RULES = declared()
PUBLIC = sorted(name for name, rule in RULES.items() if rule != access_pb2.ACCESS_INTERNAL)
INTERNAL = sorted(set(RULES) - set(PUBLIC))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    async with whole_system(redis_url, mongodb_uri) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def things(system: System) -> Things:
    """Ana's: a course with a video, a thread and a turn in it."""
    name = await make_course(system)
    async with system.channel("context") as channel:
        courses = courses_pb2_grpc.CourseServiceStub(channel)
        videos = await courses.ListVideos(courses_pb2.ListVideosRequest(parent=name), metadata=system.metadata(STUDENT))
    async with system.channel("gateway") as channel:
        chat = chat_pb2_grpc.ChatServiceStub(channel)
        request = chat_pb2.CreateTurnRequest(course=name, video_url=VIDEO, message="What is a wave?")
        made = await chat.CreateTurn(request, metadata=system.metadata(STUDENT))
    return {
        "course": name,
        "video": videos.videos[0].name,
        "turn": made.name,
        "thread": made.thread,
        "job": await submitted(system),
        "report": await reported(system, made.thread),
    }


async def submitted(system: System) -> str:
    """A job of Ana's that no worker runs."""
    settings = JobsSettings(mongodb_uri=system.settings.mongodb_uri, redis_url=system.settings.redis_url)
    async with AsyncExitStack() as stack:
        grounds = await open_grounds(settings, stack)
        jobs = Jobs(MongoJobs(grounds.database), grounds.room, grounds.changes, POLICIES)
        return f"jobs/{(await jobs.submit(STUDENT, Submission('preload_course'))).id}"


async def reported(system: System, thread: str) -> str:
    """A report on Ana's thread."""
    async with AsyncExitStack() as stack:
        client = mongo.connect(system.settings)
        stack.push_async_callback(client.close)
        key = ThreadKey(STUDENT.tenant, STUDENT.user, "waves")
        findings = Findings("Waves", "About waves.")
        report = Report(
            "r1", thread.removeprefix("threads/"), key, STUDENT.user, findings, "# Waves", 1, datetime.now(UTC)
        )
        assert await MongoReports(Database(client, "threads")).keep(report) is not None
        return "reports/r1"


async def call(system: System, name: str, request: dict[str, Any], caller: Caller | None) -> tuple[str, str]:
    """The status, and all that came back as text."""
    service, _, method_name = name.partition("/")
    method = descriptor_pool.Default().FindServiceByName(service).methods_by_name[method_name]
    area = service.split(".")[1]
    message = json_format.ParseDict(request, message_factory.GetMessageClass(method.input_type)())
    metadata = system.metadata(caller) if caller else ()
    answer_class: Any = message_factory.GetMessageClass(method.output_type)
    async with system.channel(OWNERS.get(area, area)) as channel:
        sends = "stream" if method.client_streaming else "unary"
        kind: Any = getattr(channel, f"{sends}_{'stream' if method.server_streaming else 'unary'}")
        invoke = kind(f"/{name}", type(message).SerializeToString, answer_class.FromString)
        sent: Any = [message] if method.client_streaming else message
        try:
            if method.server_streaming:
                return "OK", "".join([str(part) async for part in invoke(sent, metadata=metadata, timeout=20)])
            return "OK", str(await invoke(sent, metadata=metadata, timeout=20))
        except grpc.aio.AioRpcError as error:
            return error.code().name, error.details() or ""


def test_every_public_rpc_says_here_what_strangers_may_see() -> None:
    assert set(PUBLIC) == set(CASES)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", PUBLIC)
async def test_nobody_is_asked_for_a_token(system: System, things: Things, name: str) -> None:
    status, _ = await call(system, name, CASES[name].request(things), None)
    assert status == ("OK" if RULES[name] == access_pb2.ACCESS_OPEN else "UNAUTHENTICATED")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", PUBLIC)
async def test_a_classmate_sees_nothing_of_ana(system: System, things: Things, name: str) -> None:
    status, answer = await call(system, name, CASES[name].request(things), CLASSMATE)
    assert status == CASES[name].classmate, answer
    assert things["thread"] not in answer


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", PUBLIC)
async def test_another_tenant_sees_nothing_at_all(system: System, things: Things, name: str) -> None:
    status, answer = await call(system, name, CASES[name].request(things), STRANGER)
    assert status == CASES[name].stranger, answer
    assert things["thread"] not in answer
    assert things["job"] not in answer
    assert status != "OK" or things["course"] not in answer


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", INTERNAL)
async def test_internal_rpcs_are_closed_to_users(system: System, name: str) -> None:
    assert (await call(system, name, {}, None))[0] == "UNAUTHENTICATED"
    assert (await call(system, name, {}, STRANGER))[0] == "PERMISSION_DENIED"
