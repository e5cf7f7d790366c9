"""The gateway's composition root."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from lectern.chat.v1 import chat_pb2_grpc
from lectern.ops.v1 import ops_pb2_grpc, stats_pb2_grpc
from starlette.routing import BaseRoute

from kit import mongo, redis
from kit.auth.service_tokens import on_behalf_of_nobody
from kit.auth.tokens import UserTokens
from kit.channel import Peer
from kit.limits.opening import OpenTurnstile
from kit.server import Mount
from kit.vitals.posting import connect_board
from services.gateway.adapters.documents import GrpcDocumentDesk
from services.gateway.adapters.library import GrpcLibrary
from services.gateway.adapters.models import GrpcModels
from services.gateway.adapters.records import GrpcRecords
from services.gateway.adapters.reports import GrpcReports
from services.gateway.adapters.watching import GrpcThreadWatch
from services.gateway.faces import SHAPES, UseCases, http_routes
from services.gateway.health.checks import Ask, Check, Examiner
from services.gateway.health.servicer import HealthServicer
from services.gateway.http.app import http_app
from services.gateway.http.playground import Playground
from services.gateway.http.server import serve_http
from services.gateway.jobs.app import jobs_face
from services.gateway.observed import refusals
from services.gateway.opening import connect_cache, connect_peers, open_chat
from services.gateway.realtime.rooms import Rooms
from services.gateway.realtime.server import Sockets
from services.gateway.reflection import reflection_mount
from services.gateway.servicer import ChatServicer
from services.gateway.settings import GatewaySettings
from services.gateway.stats.gathering import Gathering
from services.gateway.stats.servicer import StatsServicer
from services.gateway.turns.queueing import TurnQueue

log = structlog.get_logger()


async def build(settings: GatewaySettings, stack: AsyncExitStack) -> Sequence[Mount]:
    """Connects the gateway to the other services and the turn log."""
    peers, cache = connect_peers(settings, stack), connect_cache(settings, stack)
    queue = redis.connect(settings.redis_url, settings, retry=redis.NO_RETRY, socket_timeout=1.0)
    stack.push_async_callback(queue.aclose)
    chat = open_chat(settings, peers, cache, stack)
    checks = {name: Check(_served(peer), needed=name != "inference") for name, peer in peers.items()}
    checks |= {"redis-cache": Check(cache.ping, needed=False), "redis-queue": Check(queue.ping, needed=False)}
    database = mongo.shared(settings, stack)
    checks["mongodb"] = Check(lambda: database.admin.command("ping"), needed=True)
    examiner, tokens = Examiner(checks), _user_tokens(settings)
    models = GrpcModels(peers["inference"])
    jobs = jobs_face(settings, stack, heartbeat=settings.heartbeat_seconds)
    stats = Gathering(connect_board(settings, stack), jobs.lines, models)
    library, reports = GrpcLibrary(peers["context"]), GrpcReports(peers["threads"])
    limits = OpenTurnstile(settings)
    stack.push_async_callback(limits.close)
    documents, records = GrpcDocumentDesk(peers["context"]), GrpcRecords(peers["threads"])
    use = UseCases(chat, models, library, documents, reports, records, jobs, stats, examiner, limits.turnstile)
    rooms = Rooms(GrpcThreadWatch(peers["threads"]), chat)
    origins = [origin for origin in settings.cors_origins.split(",") if origin]
    sockets = Sockets(
        tokens, rooms, chat, jobs.reader, limits.turnstile, origins=origins, most_sockets=settings.max_sockets
    )
    await _http(settings, stack, http_routes(settings, tokens, use), sockets)
    return [
        *jobs.mounts(alive_within=settings.job_lease_seconds),
        Mount(
            chat_pb2_grpc.add_ChatServiceServicer_to_server,
            ChatServicer(chat, TurnQueue(chat, jobs.jobs)),
            {"StreamTurn": refusals, "CreateTurn": refusals},
        ),
        Mount(ops_pb2_grpc.add_HealthServiceServicer_to_server, HealthServicer(examiner)),
        Mount(stats_pb2_grpc.add_StatsServiceServicer_to_server, StatsServicer(stats)),
        reflection_mount(),
    ]


def _user_tokens(settings: GatewaySettings) -> UserTokens:
    return UserTokens(
        secret=settings.user_secret,
        jwks_url=settings.jwt_jwks_url,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )


async def _http(
    settings: GatewaySettings, stack: AsyncExitStack, routes: Sequence[BaseRoute], sockets: Sockets
) -> None:
    playground = Playground(settings.guest, settings.demo_model)
    app = sockets.app(http_app(settings.pages, playground, routes, SHAPES))
    port = await serve_http(app, settings.http_listen, stack, settings.tls)
    await sockets.open(stack)
    log.info("serving_http", port=port)


def _served(peer: Peer) -> Ask:
    stub: Any = peer.stub(health_pb2_grpc.HealthStub)

    async def ask() -> None:
        nobody = on_behalf_of_nobody("gateway")
        answer = await peer.call(stub.Check, health_pb2.HealthCheckRequest(), nobody, timeout=1)
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            raise ConnectionError("not serving")

    return ask
