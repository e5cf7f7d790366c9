"""Many rows, one round trip and one sync of the journal: what arrives while one is under way goes with the next."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.errors import PyMongoError

from kit.mongo import domain_error
from services.threads.adapters.mongo.commands import DURABLE, Commands
from services.threads.adapters.mongo.documents import Document

MAX_ROWS = 128
MAX_BYTES = 12 * 1024 * 1024
DUPLICATE_KEY = 11000


@dataclass(slots=True)
class _Insert:
    row: RawBSONDocument
    done: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class GroupCommit:
    """Inserts rows; a quiet process pays one round trip each, a busy one shares them. No timer delays anything."""

    def __init__(self, commands: Commands, collection: str) -> None:
        self._commands = commands
        self._collection = collection
        self._waiting: deque[_Insert] = deque()
        self._committing: asyncio.Task[None] | None = None

    async def insert(self, row: Document) -> bool:
        """Whether the row stands there now, durably; false where its place is taken. Raises errors of the domain."""
        insert = _Insert(RawBSONDocument(bson.encode(row)))
        self._waiting.append(insert)
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        return await insert.done

    async def _commit(self) -> None:
        while self._waiting:
            batch = self._next()
            try:
                refused = await self._send(batch)
            except PyMongoError as error:
                for insert in batch:
                    _fail(insert, error)
                continue
            for number, insert in enumerate(batch):
                _settle(insert, refused.get(number))

    def _next(self) -> list[_Insert]:
        """As much as one command takes, and at least one row."""
        batch, room = [self._waiting.popleft()], MAX_BYTES
        room -= len(batch[0].row.raw)
        while self._waiting and len(batch) < MAX_ROWS and (room := room - len(self._waiting[0].row.raw)) >= 0:
            batch.append(self._waiting.popleft())
        return batch

    async def _send(self, batch: list[_Insert]) -> dict[int, Document]:
        """The errors of single rows, by their number."""
        rows = [insert.row for insert in batch]
        command = {"insert": self._collection, "documents": rows, "ordered": False, "writeConcern": DURABLE}
        reply = await self._commands.run(command)
        return {error["index"]: error for error in reply.get("writeErrors", ())}


def _settle(insert: _Insert, refused: Document | None) -> None:
    if insert.done.done():
        return  # its writer was cancelled meanwhile
    if refused is None or refused.get("code") == DUPLICATE_KEY:
        insert.done.set_result(refused is None)
    else:
        _fail(insert, PyMongoError(refused.get("errmsg", "")))


def _fail(insert: _Insert, cause: PyMongoError) -> None:
    if insert.done.done():
        return
    failure = domain_error(cause)
    failure.__cause__ = cause
    insert.done.set_exception(failure)
