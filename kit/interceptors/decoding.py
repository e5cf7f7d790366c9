"""What goes over the wire: requests that are no message of their type are refused as such, not as a defect of ours."""

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


def serialized(serialize: Callable[[Any], bytes] | None) -> Callable[[Any], bytes] | None:
    """Lets responses pass that a servicer has serialized already, because it keeps or sends them more than once."""
    if serialize is None:
        return None

    def encode(message: Any) -> bytes:
        return message if type(message) is bytes else serialize(message)

    return encode
