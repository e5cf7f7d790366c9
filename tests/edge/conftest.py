"""A real Envoy in front of small servers, with the configuration that the product renders."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import uvicorn
from lectern.chat.v1 import chat_pb2_grpc
from lectern.context.v1 import courses_pb2_grpc
from lectern.ops.v1 import ops_pb2_grpc
from lectern.threads.v1 import (
    insights_pb2_grpc,
    reports_pb2_grpc,
    threads_pb2_grpc,
    turns_pb2_grpc,
    users_pb2_grpc,
)
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from kit.auth.caller import Caller
from local import ports, tokens
from local.programs.edge import edge
from local.settings import LocalSettings
from local.supervisor import Supervisor
from services.gateway.reflection import reflection_mount
from tests.edge.backends import (
    Chat,
    Collector,
    Courses,
    Health,
    Insights,
    Reached,
    Reports,
    Threads,
    Turns,
    Users,
    serving,
)

SETTINGS = LocalSettings(data=Path("unused"), environ={"LECTERN_JWT_SECRET": "a-secret-of-the-tests-of-the-edge"})


@dataclass
class Edge:
    """What a test of the edge needs."""

    port: int
    folder: Path
    reached: Reached
    chat: Chat
    turns: Turns
    http_seen: list[str]
    collector: Collector
    environ: dict[str, Any] = field(default_factory=dict)
    threads: dict[str, grpc.aio.Server] = field(default_factory=dict)

    @property
    def target(self) -> str:
        return f"{ports.HOST}:{self.port}"

    @property
    def base_url(self) -> str:
        return f"http://{self.target}"

    def token(self, lifetime_seconds: float = 600) -> str:
        return tokens.mint(SETTINGS, Caller("default", "student"), lifetime_seconds)

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        headers |= {"authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.base_url, headers=headers, trust_env=False, timeout=20)

    def metadata(self, token: str | None = None) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {token or self.token()}"),)

    def access_log(self) -> str:
        return (self.folder / "logs" / "envoy.log").read_text()


def http_face(name: str, seen: list[str]) -> Starlette:
    """Stands for the gateway's HTTP face: echoes who answered and what it got."""

    async def echo(request: Request) -> JSONResponse:
        seen.append(request.url.path)
        body = await request.body()
        return JSONResponse({"instance": name, "path": request.url.path, "received": len(body)})

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(name)
        await websocket.close()

    methods = ["GET", "POST"]
    return Starlette(routes=[WebSocketRoute("/socket.io/", socket), Route("/{rest:path}", echo, methods=methods)])


async def http_server(app: Starlette, port: int) -> tuple[uvicorn.Server, asyncio.Task[None]]:
    server = uvicorn.Server(uvicorn.Config(app, host=ports.HOST, port=port, log_level="warning", lifespan="off"))
    return server, asyncio.create_task(server.serve())


@pytest.fixture
async def running_edge(tmp_path: Path) -> AsyncIterator[Edge]:
    free = ports.free_ports()
    reached, turns, seen = Reached(), Turns(), list[str]()  # type: ignore[abstract] # only what is called
    chat = Chat(reached)  # type: ignore[abstract]
    gateway, gateway_port = await serving()
    chat_pb2_grpc.add_ChatServiceServicer_to_server(chat, gateway)
    ops_pb2_grpc.add_HealthServiceServicer_to_server(Health(), gateway)
    reflected = reflection_mount()
    reflected.add(reflected.servicer, gateway)
    context, context_port = await serving()
    courses_pb2_grpc.add_CourseServiceServicer_to_server(Courses(reached), context)  # type: ignore[abstract]
    threads = {}
    for name in ("threads-1", "threads-2"):
        server, port = await serving()
        threads_pb2_grpc.add_ThreadServiceServicer_to_server(Threads(name), server)  # type: ignore[abstract]
        turns_pb2_grpc.add_TurnServiceServicer_to_server(turns, server)
        reports_pb2_grpc.add_ReportServiceServicer_to_server(Reports(), server)  # type: ignore[abstract]
        insights_pb2_grpc.add_InsightServiceServicer_to_server(Insights(), server)
        users_pb2_grpc.add_UserServiceServicer_to_server(Users(), server)
        threads[name] = (server, port)
    collector, (traces, traces_port) = Collector(), await serving()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, traces)  # type: ignore[no-untyped-call]
    grpc_servers = [traces, gateway, context, *(server for server, _ in threads.values())]
    await asyncio.gather(*(server.start() for server in grpc_servers))
    faces = {f"gateway-{number}": next(free) for number in (1, 2)}
    http = [await http_server(http_face(name, seen), port) for name, port in faces.items()]
    environ: dict[str, Any] = {
        "LECTERN_JWT_SECRET": SETTINGS.jwt_secret,
        "LECTERN_GATEWAY_TARGET": f"127.0.0.1:{gateway_port}",
        "LECTERN_GATEWAY_HTTP_TARGET": "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in faces.values()),
        "LECTERN_THREADS_TARGET": "ipv4:" + ",".join(f"127.0.0.1:{port}" for _, port in threads.values()),
        "LECTERN_CONTEXT_TARGET": f"127.0.0.1:{context_port}",
        "LECTERN_INFERENCE_TARGET": f"127.0.0.1:{next(free)}",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{traces_port}",
        "LECTERN_CORS_ORIGINS": "https://lectures.example.org",
    }
    port = next(free)
    program = edge(port, next(free), environ, tmp_path, frozenset())
    supervisor = Supervisor([program], tmp_path / "logs", lambda event: None)
    await supervisor.start()
    by_name = {name: server for name, (server, _) in threads.items()}
    yield Edge(port, tmp_path, reached, chat, turns, seen, collector, environ, by_name)
    await supervisor.stop()
    for face, task in http:
        face.should_exit = True
        await task
    await asyncio.gather(*(server.stop(None) for server in grpc_servers))
