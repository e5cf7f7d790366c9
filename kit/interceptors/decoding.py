"""Requests that are no message of their type: refused as what they are, rather than as a defect of the server."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from google.protobuf.message import DecodeError

from kit.errors import InvalidArgument

_UNDECODABLE = object()


def forgiving(deserialize: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
    """Puts a mark in place of what can't be read: gRPC itself would answer UNKNOWN before anybody is asked."""
    if deserialize is None:
        return None

    def decode(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError:
            return _UNDECODABLE

    return decode


def decoded(request: Any) -> Any:
    """The request; raises InvalidArgument in place of the mark."""
    if request is _UNDECODABLE:
        raise InvalidArgument("the request is not a message of this call's type")
    return request


async def each_decoded(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """The requests of a stream; raises InvalidArgument at a mark."""
    async for request in requests:
        yield decoded(request)
