"""Small servers that stand behind a real Envoy: they answer, and remember what reached them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.context.v1 import courses_pb2, courses_pb2_grpc
from lectern.jobs.v1 import jobs_pb2
from lectern.ops.v1 import ops_pb2, ops_pb2_grpc
from lectern.threads.v1 import (
    insights_pb2,
    insights_pb2_grpc,
    reports_pb2,
    reports_pb2_grpc,
    threads_pb2,
    threads_pb2_grpc,
    turns_pb2,
    turns_pb2_grpc,
    users_pb2,
    users_pb2_grpc,
)
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1 import trace_pb2

from kit.errors import NotFound, Reason, ResourceExhausted
from kit.statuses import code_of, to_metadata

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass
class Reached:
    """What came through, by gRPC method."""

    metadata: list[dict[str, str]] = field(default_factory=list)

    def note(self, context: Context) -> None:
        self.metadata.append({key: str(value) for key, value in context.invocation_metadata() or ()})

    @property
    def last(self) -> dict[str, str]:
        return self.metadata[-1]


class Chat(chat_pb2_grpc.ChatServiceServicer):
    """Streams two deltas; the second waits until the test lets it go."""

    def __init__(self, reached: Reached) -> None:
        self.reached = reached
        self.go_on = asyncio.Event()

    async def StreamTurn(
        self, request: chat_pb2.StreamTurnRequest, context: Context
    ) -> AsyncIterator[chat_pb2.TurnEvent]:
        self.reached.note(context)
        yield chat_pb2.TurnEvent(sequence=1, delta=chat_pb2.TurnEvent.Delta(text=request.message))
        await self.go_on.wait()
        yield chat_pb2.TurnEvent(sequence=2, delta=chat_pb2.TurnEvent.Delta(text="end"))

    async def CreateTurn(self, request: chat_pb2.CreateTurnRequest, context: Context) -> chat_pb2.Turn:
        error = ResourceExhausted("too many questions", retry_after=7)
        await context.send_initial_metadata((("retry-after", "7"),))
        context.set_trailing_metadata(to_metadata(error))
        await context.abort(code_of(error), error.message)


class Health(ops_pb2_grpc.HealthServiceServicer):
    async def GetHealth(self, request: ops_pb2.GetHealthRequest, context: Context) -> ops_pb2.Health:
        return ops_pb2.Health(version="test")


class Courses(courses_pb2_grpc.CourseServiceServicer):
    """Knows every course but `missing`."""

    def __init__(self, reached: Reached) -> None:
        self.reached = reached

    async def GetCourse(self, request: courses_pb2.GetCourseRequest, context: Context) -> courses_pb2.Course:
        self.reached.note(context)
        if request.name == "courses/missing":
            error = NotFound("no such course", Reason.COURSE_NOT_FOUND)
            context.set_trailing_metadata(to_metadata(error))
            await context.abort(code_of(error), error.message)
        return courses_pb2.Course(name=request.name)

    async def ImportVideo(
        self, request: courses_pb2.ImportVideoRequest, context: Context
    ) -> courses_pb2.ImportVideoResponse:
        return courses_pb2.ImportVideoResponse(context_version=str(len(request.transcript)))

    async def DeleteCourse(self, request: courses_pb2.DeleteCourseRequest, context: Context) -> Empty:
        return Empty()


class Threads(threads_pb2_grpc.ThreadServiceServicer):
    """Says by the title of a thread which instance answered."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def GetThread(self, request: threads_pb2.GetThreadRequest, context: Context) -> threads_pb2.Thread:
        return threads_pb2.Thread(name=request.name, title=self.name)


class Reports(reports_pb2_grpc.ReportServiceServicer):
    """Names its jobs after the thread."""

    async def CreateReport(self, request: reports_pb2.CreateReportRequest, context: Context) -> jobs_pb2.Job:
        return jobs_pb2.Job(name=f"jobs/{request.parent}/{request.request_id}")

    async def GetReport(self, request: reports_pb2.GetReportRequest, context: Context) -> reports_pb2.Report:
        return reports_pb2.Report(name=request.name)


class Insights(insights_pb2_grpc.InsightServiceServicer):
    """Says which course was asked about, and from when on."""

    async def GetInsights(self, request: insights_pb2.GetInsightsRequest, context: Context) -> insights_pb2.Insights:
        return insights_pb2.Insights(course=request.name, update_time=request.start_time)


class Users(users_pb2_grpc.UserServiceServicer):
    """Says who is exported."""

    async def ExportUser(self, request: users_pb2.ExportUserRequest, context: Context) -> users_pb2.ExportUserResponse:
        return users_pb2.ExportUserResponse(courses=[request.name])

    async def DeleteUser(self, request: users_pb2.DeleteUserRequest, context: Context) -> Empty:
        return Empty()


class Turns(turns_pb2_grpc.TurnServiceServicer):
    """Internal: nobody may reach it through the edge."""

    def __init__(self) -> None:
        self.calls = 0

    async def BeginTurn(self, request: turns_pb2.BeginTurnRequest, context: Context) -> turns_pb2.BeginTurnResponse:
        self.calls += 1
        return turns_pb2.BeginTurnResponse()


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """An OpenTelemetry collector that keeps what it is sent."""

    def __init__(self) -> None:
        self.spans: asyncio.Queue[trace_pb2.Span] = asyncio.Queue()

    async def Export(
        self, request: trace_service_pb2.ExportTraceServiceRequest, context: Context
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans.put_nowait(span)
        return trace_service_pb2.ExportTraceServiceResponse()


async def serving(port: int = 0) -> tuple[grpc.aio.Server, int]:
    """A gRPC server with the standard health service; servicers are added before `start`."""
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", 40_000_000), ("grpc.so_reuseport", 0)])
    checks = health.aio.HealthServicer()
    await checks.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    return server, server.add_insecure_port(f"127.0.0.1:{port}")
