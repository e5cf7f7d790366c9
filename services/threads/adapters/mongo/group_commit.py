"""Many writes, one round trip and one sync of the journal: what arrives while one is under way goes with the next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.errors import PyMongoError

from kit.mongo import domain_error
from services.threads.adapters.mongo.documents import Document

MAX_WRITES = 128
MAX_BYTES = 12 * 1024 * 1024

Result = TypeVar("Result")
Send = Callable[[Sequence[RawBSONDocument]], Awaitable[Sequence[Result | PyMongoError]]]


@dataclass(slots=True)
class _Write(Generic[Result]):
    document: RawBSONDocument
    done: asyncio.Future[Result] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class GroupCommit(Generic[Result]):
    """A quiet process pays one round trip for each write, a busy one shares them. No timer delays anything."""

    def __init__(self, send: Send[Result]) -> None:
        """`send` writes the documents and says what became of each, in order."""
        self._send = send
        self._waiting: deque[_Write[Result]] = deque()
        self._committing: asyncio.Task[None] | None = None

    async def write(self, document: Document) -> Result:
        """What became of it; raises errors of the domain."""
        write: _Write[Result] = _Write(RawBSONDocument(bson.encode(document)))
        self._waiting.append(write)
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        return await write.done

    async def _commit(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # for those whose turn it is in the same round of the loop
            batch = self._next()
            results: Sequence[Result | Exception]
            try:
                results = await self._send([write.document for write in batch])
            except Exception as error:
                results = [error] * len(batch)
            for write, result in zip(batch, results, strict=True):
                _settle(write, result)

    def _next(self) -> list[_Write[Result]]:
        """As much as one command takes, and at least one document."""
        batch = [self._waiting.popleft()]
        room = MAX_BYTES - len(batch[0].document.raw)
        while self._waiting and len(batch) < MAX_WRITES and (room := room - len(self._waiting[0].document.raw)) >= 0:
            batch.append(self._waiting.popleft())
        return batch


def _settle(write: _Write[Result], result: Result | Exception) -> None:
    if write.done.done():
        return  # its writer was cancelled meanwhile
    if isinstance(result, Exception):
        write.done.set_exception(_failure(result))
    else:
        write.done.set_result(result)


def _failure(cause: Exception) -> Exception:
    if not isinstance(cause, PyMongoError):
        return cause
    failure = domain_error(cause)
    failure.__cause__ = cause
    return failure
