"""What is around every call, as one ordered list that a server composes once."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from kit.call import Call

Proceed = Callable[[], Awaitable[Any]]
Interceptor = Callable[[Call, Proceed], Awaitable[Any]]
Pipeline = Callable[[Call, Proceed], Awaitable[Any]]


def pipeline(interceptors: Sequence[Interceptor]) -> Pipeline:
    """Runs a handler inside all of them, the first outermost.

    Each awaits what it is around, or hands it back where it has nothing to add to this call.
    """
    composed: Pipeline = _handled
    for interceptor in reversed(interceptors):
        composed = _around(interceptor, composed)
    return composed


def _handled(_: Call, handle: Proceed) -> Awaitable[Any]:
    return handle()


def _around(interceptor: Interceptor, inner: Pipeline) -> Pipeline:
    def entered(call: Call, handle: Proceed) -> Awaitable[Any]:
        return interceptor(call, partial(inner, call, handle))

    return entered
