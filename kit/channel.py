"""Calls to the other services: on behalf of a caller, within the deadline, under the trace, with typed errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, Protocol, TypeVar

import grpc
import stamina
from opentelemetry import propagate, trace

from kit import deadline, statuses
from kit.auth.caller import Caller
from kit.auth.service_tokens import ServiceTokens
from kit.call import current_call
from kit.errors import LecternError, Unavailable
from kit.inprocess import SCHEME, InProcessTransport
from kit.telemetry.spans import recorded, traced
from kit.tls import Tls, channel

Stub = TypeVar("Stub")
Request = TypeVar("Request")
Response = TypeVar("Response")
Metadata = tuple[tuple[str, str], ...]

ATTEMPTS = 3
OPTIONS = (
    ("grpc.lb_policy_name", "round_robin"),
    # An instance that says NOT_SERVING is left at once, before it refuses anything.
    ("grpc.service_config", '{"healthCheckConfig": {"serviceName": ""}}'),
    ("grpc.enable_retries", 0),
    ("grpc.max_receive_message_length", 24 * 1024 * 1024),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),  # also how long a connection may take to come about
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # Half a minute by default, for which instances that all came back under new addresses would not be found.
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
)


class Transport(Protocol):
    """How calls reach a peer. `limit` is in seconds, None for no end; what is raised is of the domain."""

    channel: Any

    async def close(self) -> None: ...

    async def unary(self, method: Any, request: Any, caller: Caller, limit: float | None) -> Any: ...

    async def upload(self, method: Any, request: Any, caller: Caller, limit: float | None) -> Any: ...

    def stream(self, method: Any, request: Any, caller: Caller, limit: float | None) -> AsyncGenerator[Any, None]: ...


class Peer:
    """A service that this one calls: over gRPC, balanced over its instances, or within the process."""

    def __init__(self, target: str, *, service: str, secret: str, tls: Tls | None = None) -> None:
        """`target` in gRPC's syntax, or an address in this process; `service` is the caller's own name."""
        self._transport: Transport = (
            InProcessTransport(target, service)
            if target.startswith(SCHEME)
            else GrpcTransport(target, service, secret, tls)
        )

    async def close(self) -> None:
        await self._transport.close()

    def stub(self, kind: Callable[[grpc.aio.Channel], Stub]) -> Stub:
        return kind(self._transport.channel)

    async def call(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Request, Response],
        request: Request,
        caller: Caller,
        *,
        timeout: float = 5.0,
        idempotent: bool = False,
    ) -> Response:
        """One answer, within the deadline; repeatable calls are tried up to three times while the peer is away."""
        try:
            answer: Response = await self._transport.unary(method, request, caller, deadline.within(timeout))
        except Unavailable as error:
            if not idempotent:
                raise
            answer = await self._again(method, request, caller, timeout, error)
        return answer

    async def _again(self, method: Any, request: Any, caller: Caller, timeout: float, failed: Unavailable) -> Any:
        """The further attempts, after the one that `failed`: few calls need them, and none pays for them before."""
        first: Unavailable | None = failed
        async for attempt in stamina.retry_context(
            on=Unavailable, attempts=ATTEMPTS, timeout=deadline.within(timeout), wait_initial=0.05, wait_max=1.0
        ):
            with attempt:
                if first is not None:
                    error, first = first, None
                    raise error
                return await self._transport.unary(method, request, caller, deadline.within(timeout))
        raise AssertionError("the retry loop returns or raises")

    async def upload(
        self,
        method: grpc.aio.StreamUnaryMultiCallable[Request, Response],
        requests: AsyncIterator[Request],
        caller: Caller,
        *,
        timeout: float,
    ) -> Response:
        """One answer to many requests; it is tried once, because they are gone then."""
        source = _Source(requests)
        try:
            answer: Response = await self._transport.upload(method, source, caller, deadline.within(timeout))
        except (LecternError, asyncio.CancelledError):
            if source.failure is not None:
                raise source.failure from None
            raise
        return answer

    def stream(
        self,
        method: grpc.aio.UnaryStreamMultiCallable[Request, Response],
        request: Request,
        caller: Caller,
        *,
        timeout: float | None = None,
    ) -> AsyncGenerator[Response, None]:
        """Many answers. Leaving the loop early cancels the call."""
        limit = deadline.remaining() if timeout is None else deadline.within(timeout)
        return self._transport.stream(method, request, caller, limit)


class GrpcTransport:
    """Balanced over the instances of a service by gRPC's round robin."""

    def __init__(self, target: str, service: str, secret: str, tls: Tls | None) -> None:
        self.channel: Any = channel(target, tls, OPTIONS)
        self._service = service
        self._tokens = ServiceTokens(secret)
        self._tracer = trace.get_tracer("kit.channel")

    async def close(self) -> None:
        await self.channel.close()

    async def unary(self, method: Any, request: Any, caller: Caller, limit: float | None) -> Any:
        if not recorded():
            try:
                return await method(request, timeout=limit, metadata=self._metadata(caller))
            except grpc.RpcError as error:
                raise statuses.from_rpc_error(error) from error
        with _CallSpan(self._tracer, method) as span, trace.use_span(span):
            try:
                return await method(request, timeout=limit, metadata=self._metadata(caller))
            except grpc.RpcError as error:
                raise _failure(error, span) from error

    upload = unary

    async def stream(self, method: Any, request: Any, caller: Caller, limit: float | None) -> AsyncGenerator[Any, None]:
        # Not made current: a generator's context is that of whoever reads it.
        with _CallSpan(self._tracer, method) as span:
            call = method(request, timeout=limit, metadata=self._metadata(caller, span))
            try:
                async for response in call:
                    yield response
            except grpc.RpcError as error:
                raise _failure(error, span) from error
            finally:
                call.cancel()

    def _metadata(self, caller: Caller, span: trace.Span | None = None) -> Metadata:
        carrier: dict[str, str] = {"authorization": f"Service {self._tokens.issue(self._service, caller)}"}
        if span is not None and span is not trace.INVALID_SPAN:
            propagate.inject(carrier, trace.set_span_in_context(span))
        elif traced():
            propagate.inject(carrier)
        call = current_call()
        if call is not None:
            carrier["x-request-id"] = call.request_id
        return tuple(carrier.items())


def _failure(error: grpc.RpcError, span: trace.Span) -> LecternError:
    """What is raised in the domain; the words of gRPC, which may be of addresses, are for the trace alone."""
    said = error.details() if isinstance(error, grpc.aio.AioRpcError) else str(error)
    span.set_status(trace.StatusCode.ERROR, said or "")
    return statuses.from_rpc_error(error)


class _Source:
    """Requests that keep the error by which they broke off: gRPC tells of it as if the caller had been cancelled."""

    def __init__(self, requests: AsyncIterator[Any]) -> None:
        self._requests = requests
        self.failure: Exception | None = None

    def __aiter__(self) -> _Source:
        return self

    async def __anext__(self) -> Any:
        try:
            return await anext(self._requests)
        except StopAsyncIteration:
            raise
        except Exception as error:
            self.failure = error
            raise


class _CallSpan:
    """A client span, where spans are kept."""

    def __init__(self, tracer: trace.Tracer, method: Any) -> None:
        self._span: trace.Span = trace.INVALID_SPAN
        if recorded():
            raw = getattr(method, "_method", b"")
            name = (raw.decode() if isinstance(raw, bytes) else str(raw)).removeprefix("/")
            self._span = tracer.start_span(name, kind=trace.SpanKind.CLIENT, attributes={"rpc.system": "grpc"})

    def __enter__(self) -> trace.Span:
        return self._span

    def __exit__(self, *_: Any) -> None:
        self._span.end()
