"""Request bodies: read within bounds, checked against their models."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from kit.errors import InvalidArgument, Reason

MAX_BYTES = 2 * 1024 * 1024

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")


async def read_body(request: Request, limit: int = MAX_BYTES) -> bytes:
    """The whole body; raises InvalidArgument with TOO_LARGE above so many bytes."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > limit:
            raise InvalidArgument(f"the body must have at most {limit} bytes", Reason.TOO_LARGE)
    return bytes(read)


async def read_model(request: Request, model: type[Model]) -> Model:
    """The JSON body as a model; raises InvalidArgument that names the first field at fault."""
    try:
        found = orjson.loads(await read_body(request))
    except orjson.JSONDecodeError as error:
        raise InvalidArgument("the body is not JSON") from error
    try:
        return model.model_validate(found)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        # Of a value that may be of several kinds each kind has its say: whoever read the furthest knows the reason.
        fault = max(
            (each for each in faults if each["loc"][:1] == faults[0]["loc"][:1]), key=lambda each: len(each["loc"])
        )
        field = ".".join(str(part) for part in fault["loc"] if not _is_kind(part))
        raise InvalidArgument(f"{field}: {fault['msg']}" if field else fault["msg"], field=field) from error


def _is_kind(part: int | str) -> bool:
    """Whether a part of a place is no field, but one of the kinds that its value may be of."""
    return isinstance(part, str) and (part == "str" or "[" in part)


async def while_connected(receive: Receive, work: Awaitable[T]) -> T:
    """The result of the work, which is cancelled where the client goes; raises ClientDisconnect then.

    The body must have been read before.
    """
    task, gone = asyncio.current_task(), asyncio.ensure_future(_disconnected(receive))
    assert task is not None  # noqa: S101 - a coroutine always runs in a task
    left = False

    def leave(_: object) -> None:
        nonlocal left
        left = True
        task.cancel()

    gone.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if left and not task.uncancel():
            raise ClientDisconnect from None
        raise
    finally:
        gone.remove_done_callback(leave)
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
