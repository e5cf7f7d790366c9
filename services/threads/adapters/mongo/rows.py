"""The rows of ended turns, inserted by group commit."""

from collections.abc import Sequence

from bson.raw_bson import RawBSONDocument
from pymongo.errors import PyMongoError

from services.threads.adapters.mongo.commands import DURABLE, Commands
from services.threads.adapters.mongo.documents import Document
from services.threads.adapters.mongo.shared_writes import SharedWrites

DUPLICATE_KEY = 11000


class Rows:
    """A row is inserted once; nothing that stands in its place is replaced."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._commits: SharedWrites[bool] = SharedWrites(self._send)

    async def insert(self, row: Document) -> bool:
        """Whether the row stands there now, durably; false where its place is taken. Raises errors of the domain."""
        return await self._commits.write(row)

    async def _send(self, rows: Sequence[RawBSONDocument]) -> Sequence[bool | PyMongoError]:
        command = {"insert": "turns", "documents": rows, "ordered": False, "writeConcern": DURABLE}
        reply = await self._commands.run(command)
        refused = {error["index"]: error for error in reply.get("writeErrors", ())}
        return [_result(refused.get(number)) for number in range(len(rows))]


def _result(refused: Document | None) -> bool | PyMongoError:
    if refused is None or refused.get("code") == DUPLICATE_KEY:
        return refused is None
    return PyMongoError(refused.get("errmsg", ""))
