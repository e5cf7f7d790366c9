"""Calls to the other services: on behalf of a caller, within the deadline, under the trace, with typed errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, TypeVar

import grpc
import stamina
from opentelemetry import propagate, trace

from kit import deadline, statuses
from kit.auth.caller import Caller
from kit.auth.service_tokens import ServiceTokens
from kit.call import current_call
from kit.errors import LecternError, Unavailable
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
)


class Peer:
    """A service that this one calls; balanced over its instances by gRPC's round robin."""

    def __init__(self, target: str, *, service: str, secret: str, tls: Tls | None = None) -> None:
        """`target` in gRPC's syntax; `service` is the caller's own name."""
        self._channel = channel(target, tls, OPTIONS)
        self._service = service
        self._tokens = ServiceTokens(secret)
        self._tracer = trace.get_tracer("kit.channel")

    async def close(self) -> None:
        await self._channel.close()

    def stub(self, kind: Callable[[grpc.aio.Channel], Stub]) -> Stub:
        return kind(self._channel)

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
        attempts = ATTEMPTS if idempotent else 1
        with self._span(method) as span:
            async for attempt in stamina.retry_context(
                on=Unavailable, attempts=attempts, timeout=deadline.within(timeout), wait_initial=0.05, wait_max=1.0
            ):
                with attempt:
                    return await self._once(method, request, caller, timeout, span)
        raise AssertionError("the retry loop returns or raises")

    async def _once(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Request, Response],
        request: Request,
        caller: Caller,
        timeout: float,
        span: trace.Span,
    ) -> Response:
        try:
            return await method(request, timeout=deadline.within(timeout), metadata=self._metadata(caller))
        except grpc.RpcError as error:
            raise _failure(error, span) from error

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
        with self._span(method) as span:
            try:
                return await method(source, timeout=deadline.within(timeout), metadata=self._metadata(caller))
            except grpc.RpcError as error:
                raise _failure(error, span) from error
            except asyncio.CancelledError:
                if source.failure is not None:
                    raise source.failure from None
                raise

    async def stream(
        self,
        method: grpc.aio.UnaryStreamMultiCallable[Request, Response],
        request: Request,
        caller: Caller,
        *,
        timeout: float | None = None,
    ) -> AsyncGenerator[Response, None]:
        """Many answers. Leaving the loop early cancels the call."""
        with self._span(method, current=False) as span:
            limit = deadline.remaining() if timeout is None else deadline.within(timeout)
            call = method(request, timeout=limit, metadata=self._metadata(caller, span))
            try:
                async for response in call:
                    yield response
            except grpc.RpcError as error:
                raise _failure(error, span) from error
            finally:
                call.cancel()

    def _span(self, method: Any, *, current: bool = True) -> Any:
        raw = getattr(method, "_method", b"")
        name = raw.decode() if isinstance(raw, bytes) else str(raw)
        return _CallSpan(self._tracer, name.removeprefix("/"), current)

    def _metadata(self, caller: Caller, span: trace.Span | None = None) -> Metadata:
        carrier: dict[str, str] = {"authorization": f"Service {self._tokens.issue(self._service, caller)}"}
        propagate.inject(carrier, None if span is None else trace.set_span_in_context(span))
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
    """A client span; made current for plain calls alone, because a generator's context is not its reader's."""

    def __init__(self, tracer: trace.Tracer, name: str, current: bool) -> None:
        self._span = tracer.start_span(name, kind=trace.SpanKind.CLIENT, attributes={"rpc.system": "grpc"})
        self._scope = trace.use_span(self._span) if current else None

    def __enter__(self) -> trace.Span:
        if self._scope is not None:
            self._scope.__enter__()
        return self._span

    def __exit__(self, *raised: Any) -> None:
        if self._scope is not None:
            self._scope.__exit__(*raised)
        self._span.end()
