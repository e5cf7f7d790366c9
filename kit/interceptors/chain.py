"""The one gRPC interceptor: it runs every call inside the server's pipeline."""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import grpc

from kit.call import CURRENT, Call
from kit.interceptors.decoding import decoded, each_decoded, forgiving, serialized
from kit.interceptors.pipeline import Pipeline

Refusal = Callable[[Call, "grpc.aio.ServicerContext[Any, Any]", Exception], Awaitable[None]]


class Chain(grpc.aio.ServerInterceptor):
    """Enters the pipeline, then the handler; what is raised ends in `refuse`."""

    def __init__(self, pipeline: Pipeline, refuse: Refusal) -> None:
        self._pipeline = pipeline
        self._refuse = refuse
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            wrapped = self._wrapped[method] = self._wrap(method, handler)
        return wrapped

    def _wrap(self, method: str, handler: Any) -> grpc.RpcMethodHandler[Any, Any]:
        inner = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        streams = handler.response_streaming
        kind = f"{'stream' if handler.request_streaming else 'unary'}_{'stream' if streams else 'unary'}"
        make = getattr(grpc, f"{kind}_rpc_method_handler")
        yields = streams and inspect.isasyncgenfunction(inner)
        decode = each_decoded if handler.request_streaming else decoded
        outer = self._streaming(method, inner, decode) if yields else self._plain(method, inner, decode)
        wrapped: grpc.RpcMethodHandler[Any, Any] = make(
            outer,
            request_deserializer=forgiving(handler.request_deserializer),
            response_serializer=serialized(handler.response_serializer),
        )
        return wrapped

    def _plain(
        self, method: str, inner: Callable[..., Awaitable[Any]], decode: Callable[[Any], Any]
    ) -> Callable[..., Awaitable[Any]]:
        """One answer, or many by a servicer that writes them itself."""

        async def serve(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            call = _begin(method, context)
            try:
                return await self._pipeline(call, lambda: inner(decode(request), context))
            except Exception as error:
                await self._refuse(call, context, error)

        return serve

    def _streaming(
        self, method: str, inner: Callable[..., AsyncIterator[Any]], decode: Callable[[Any], Any]
    ) -> Callable[..., Awaitable[None]]:
        # Written out rather than yielded, so that a cancelled call unwinds the servicer's generator at once.
        async def serve(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            async def write() -> None:
                async with aclosing(inner(decode(request), context)) as responses:  # type: ignore[type-var]
                    async for response in responses:
                        await context.write(response)

            call = _begin(method, context)
            try:
                await self._pipeline(call, write)
            except Exception as error:
                await self._refuse(call, context, error)

        return serve


def _begin(method: str, context: grpc.aio.ServicerContext[Any, Any]) -> Call:
    metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
    left = context.time_remaining()
    call = Call(method, metadata, None if left is None else time.monotonic() + left, left)
    CURRENT.set(call)
    return call
