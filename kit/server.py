"""A gRPC server with health, reflection, and the interceptors that every call passes."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from kit import inprocess
from kit.auth import access
from kit.auth.service_tokens import ServiceTokens
from kit.auth.tokens import UserTokens
from kit.interceptors.chain import Chain
from kit.interceptors.deadlines import Deadlines
from kit.interceptors.departures import Departures
from kit.interceptors.identity import Identity
from kit.interceptors.limits import Admitting, CallLimits
from kit.interceptors.metrics import metrics
from kit.interceptors.pipeline import Interceptor, pipeline
from kit.interceptors.refusals import refuse
from kit.interceptors.tracing import tracing
from kit.limits.opening import OpenTurnstile
from kit.settings import CommonSettings
from kit.tls import listen

MAX_MESSAGE_BYTES = 24 * 1024 * 1024
DEFAULT_DEADLINE = 120.0
STUCK_SECONDS = 5.0
OPEN_ENDED = frozenset(
    {
        "/lectern.threads.v1.ThreadService/WatchThread",
        "/lectern.jobs.v1.JobService/WatchJob",
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    }
)
OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.so_reuseport", 0),
)

log = structlog.get_logger()


@dataclass(frozen=True)
class Mount:
    """A servicer and the generated function that adds it to a server.

    `admitting` is around letting calls in, by the names of methods: what is raised there never reaches the servicer.
    """

    add: Callable[[Any, grpc.aio.Server], None]
    servicer: Any
    admitting: Admitting = field(default_factory=dict)


class Server:
    """Serves the mounted services; `port` is known once it has started."""

    def __init__(self, settings: CommonSettings, mounts: Sequence[Mount], target: str = "") -> None:
        """`target` is where peers of this process reach the server without a socket, such as `inprocess:threads`."""
        self._target = target
        self._left = False
        self.services = services_of(mounts)
        self._departures = Departures(OPEN_ENDED)
        self._limits = OpenTurnstile(settings)
        limits = CallLimits(self._limits.turnstile, _admitting_by_path(mounts))
        around = pipeline(interceptors(settings, self.services, self._departures, limits))
        chain = Chain(around, refuse)
        age = ("grpc.max_connection_age_ms", round(settings.connection_age_seconds * 1000))
        self._server = grpc.aio.server(interceptors=[chain], options=[*OPTIONS, age])
        self._probed = grpc.aio.server()
        self._health = health.aio.HealthServicer()
        health_mount = Mount(health_pb2_grpc.add_HealthServicer_to_server, self._health)
        self._address = inprocess.Address(_methods_of((health_mount, *mounts)), around)
        for server in (self._server, self._probed):
            health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        for mount in mounts:
            mount.add(mount.servicer, self._server)
        if reflection.SERVICE_NAME not in self.services:
            reflection.enable_server_reflection(
                (*self.services, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
            )
        self.settings = settings
        self.port = 0

    async def start(self) -> None:
        self.port = listen(self._server, self.settings.listen, self.settings.tls)
        await self._server.start()
        if self.settings.health_listen:
            listen(self._probed, self.settings.health_listen, None)
            await self._probed.start()
        if self._target:
            self._address.open(self._target)
        for service in ("", *self.services):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)

    async def leave(self) -> None:
        """Says NOT_SERVING, ends what would not end by itself, and serves those who have not heard yet; once."""
        if self._left:
            return
        self._left = True
        await self._health.enter_graceful_shutdown()
        self._departures.leave()
        await asyncio.sleep(self.settings.leave_seconds)

    async def drain(self) -> None:
        """Refuses new calls and lets running ones end."""
        await self._drained()
        await self._probed.stop(None)
        if self._target:
            self._address.close(self._target)
        await self._limits.close()

    async def stop(self) -> None:
        """Leaves, then drains, at once where leaving is cut short."""
        try:
            await self.leave()
        finally:
            await self.drain()

    async def _drained(self) -> None:
        """Calls have so long; one that does not end even when it is cancelled keeps nobody from leaving."""
        seconds = self.settings.drain_seconds
        try:
            async with asyncio.timeout(seconds + STUCK_SECONDS):
                await self._server.stop(seconds)
        except TimeoutError:
            log.warning("calls_did_not_end", seconds=seconds + STUCK_SECONDS)


def interceptors(
    settings: CommonSettings, services: Sequence[str], departures: Departures, limits: CallLimits
) -> Sequence[Interceptor]:
    """What is around every call, outermost first."""
    users = UserTokens(
        secret=settings.user_secret,
        jwks_url=settings.jwt_jwks_url,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )
    rules = access.rules_of(services)
    return (
        tracing,  # the trace must exist before anything is logged
        metrics,  # counts refusals of all that follows
        Deadlines(DEFAULT_DEADLINE, OPEN_ENDED),  # bounds even the check of the token
        departures,  # those that have no deadline end with the instance
        Identity(rules, users, ServiceTokens(settings.internal_secret)),  # the servicer may rely on a caller
        limits,  # last: whoever is nobody costs nobody a permit
    )


def services_of(mounts: Sequence[Mount]) -> tuple[str, ...]:
    """The full names of the mounted services."""
    paths = (path.rpartition("/")[0].removeprefix("/") for path in _methods_of(mounts))
    return tuple(dict.fromkeys(paths))


def _admitting_by_path(mounts: Sequence[Mount]) -> Admitting:
    return {
        path: mount.admitting[method]
        for mount in mounts
        for path in _methods_of([mount])
        if (method := path.rpartition("/")[2]) in mount.admitting
    }


def _methods_of(mounts: Sequence[Mount]) -> dict[str, inprocess.Handler]:
    return inprocess.methods_of((mount.add, mount.servicer) for mount in mounts)
