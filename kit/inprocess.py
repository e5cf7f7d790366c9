"""Services of one process reach each other without a socket: the same handlers, inside the same pipeline.

Messages pass by reference, so nobody changes one that was handed over. A stream has a task of its own, as it has behind
a socket: whoever reads it may do so from any task, and what the handler sets around itself stays its own.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from kit.auth.caller import Caller
from kit.call import CURRENT, Call, current_call
from kit.errors import Unavailable
from kit.interceptors.pipeline import Pipeline
from kit.interceptors.refusals import reported

SCHEME = "inprocess:"
# As far as a handler may be ahead of whoever reads its stream.
MOST_AHEAD = 16

Handler = Callable[[Any, Any], Any]

_addresses: dict[str, Address] = {}


@dataclass(frozen=True)
class Address:
    """The methods of a server by their paths, and what is around each call of them."""

    methods: Mapping[str, Handler]
    pipeline: Pipeline

    def open(self, target: str) -> None:
        """Lets the process's peers reach the server at `target`, such as `inprocess:threads`."""
        if target in _addresses:
            raise ValueError(f"{target} is served already")
        _addresses[target] = self

    def close(self, target: str) -> None:
        if _addresses.get(target) is self:
            del _addresses[target]


def methods_of(mounts: Iterable[tuple[Callable[[Any, Any], None], Any]]) -> dict[str, Handler]:
    """The handlers that the generated functions would register, by the paths of their methods."""
    registry = _Registry()
    for add, servicer in mounts:
        add(servicer, registry)
    return registry.methods


class _Registry:
    """Stands in for a server to learn what would be registered on it."""

    def __init__(self) -> None:
        self.methods: dict[str, Handler] = {}

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        pass  # the generated code names the methods in the other call

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        for name, made in handlers.items():
            handler = made.unary_unary or made.unary_stream or made.stream_unary or made.stream_stream
            self.methods[f"/{service}/{name}"] = handler


@dataclass(frozen=True, slots=True)
class Method:
    """What a stub holds in place of a callable of gRPC."""

    path: str
    deserialize: Callable[[bytes], Any]

    def message(self, response: Any) -> Any:
        """What the handler answered; some keep their answers serialized for the wire."""
        return self.deserialize(response) if type(response) is bytes else response


class _Channel:
    """What a generated stub is built on."""

    def unary_unary(self, path: str, *, response_deserializer: Callable[[bytes], Any], **_: Any) -> Method:
        return Method(path, response_deserializer)

    unary_stream = stream_unary = stream_stream = unary_unary


class InProcessTransport:
    """Calls to the server at `target`, once it is there."""

    def __init__(self, target: str, service: str) -> None:
        """`service` is the caller's own name."""
        self._target, self._service = target, service
        self._streams: set[asyncio.Task[None]] = set()
        self.channel: Any = _Channel()

    async def close(self) -> None:
        for task in self._streams:
            task.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)

    async def unary(self, method: Any, request: Any, caller: Caller, limit: float | None) -> Any:
        address, call = self._address(), self._call(method, caller, limit)
        handler = address.methods[method.path]
        outer = CURRENT.set(call)
        try:
            return method.message(await address.pipeline(call, lambda: handler(request, None)))
        except Exception as error:
            told = reported(call, error)  # what a caller behind a socket would learn of it
            if told is error:
                raise
            raise told from error
        finally:
            CURRENT.reset(outer)

    upload = unary  # the handler reads its requests where they are

    async def stream(self, method: Any, request: Any, caller: Caller, limit: float | None) -> AsyncGenerator[Any, None]:
        address, call = self._address(), self._call(method, caller, limit)
        handler = address.methods[method.path]
        items: asyncio.Queue[Any] = asyncio.Queue(MOST_AHEAD)

        async def answer() -> None:
            async with aclosing(handler(request, None)) as responses:
                async for response in responses:
                    await items.put(response)

        context = contextvars.copy_context()
        context.run(CURRENT.set, call)
        task = asyncio.create_task(_until_its_end(address.pipeline, call, answer, items), context=context)
        self._streams.add(task)
        task.add_done_callback(self._streams.discard)
        try:
            while type(item := await items.get()) is not _End:
                yield method.message(item)
            if item.failure is not None:
                raise item.failure
        finally:
            task.cancel()

    def _address(self) -> Address:
        address = _addresses.get(self._target)
        if address is None:
            raise Unavailable("a part of the system cannot be reached")
        return address

    def _call(self, method: Method, caller: Caller, limit: float | None) -> Call:
        outer = current_call()
        return Call(
            method.path,
            {},
            None if limit is None else time.monotonic() + limit,
            request_id=outer.request_id if outer else "",
            caller=_acting(caller, self._service),
        )


@lru_cache(4096)
def _acting(caller: Caller, service: str) -> Caller:
    """The service on behalf of the caller."""
    return replace(caller, service=service)


@dataclass(frozen=True, slots=True)
class _End:
    """Comes after the last response, with what the stream failed by."""

    failure: Exception | None = None


async def _until_its_end(
    pipeline: Pipeline, call: Call, answer: Callable[[], Awaitable[None]], items: asyncio.Queue[Any]
) -> None:
    failure: Exception | None = None
    try:
        await pipeline(call, answer)
    except Exception as error:
        failure = reported(call, error)
    await items.put(_End(failure))
