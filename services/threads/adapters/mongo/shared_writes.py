"""Documents of many callers in one command, with one sync of the journal."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.errors import PyMongoError

from kit.group_commit import DELAY_SECONDS, GroupCommit
from kit.mongo import domain_error, translated
from services.threads.adapters.mongo.documents import Document

MAX_WRITES = 128
# A command is a document too, which may have 16 MiB.
MAX_BYTES = 12 * 1024 * 1024

Result = TypeVar("Result")
Send = Callable[[Sequence[RawBSONDocument]], Awaitable[Sequence[Result | PyMongoError]]]


class SharedWrites(Generic[Result]):
    """Writes by group commit; a document is encoded once, which also shows how much of a command it takes."""

    def __init__(self, send: Send[Result]) -> None:
        """`send` writes the documents and says what became of each, in order."""
        self._send = send
        self._commits: GroupCommit[RawBSONDocument, Result] = GroupCommit(
            self._commit, MAX_BYTES, delay=DELAY_SECONDS, size=_size
        )

    async def write(self, document: Document) -> Result:
        """What became of it; raises errors of the domain."""
        return await self._commits.add(RawBSONDocument(bson.encode(document)))

    async def _commit(self, documents: Sequence[RawBSONDocument]) -> list[Result | Exception]:
        with translated():
            results = await self._send(documents)
        return [_failure(result) if isinstance(result, PyMongoError) else result for result in results]


def _size(document: RawBSONDocument) -> int:
    """Its bytes, or a share of a group that lets no more than `MAX_WRITES` in."""
    return max(len(document.raw), MAX_BYTES // MAX_WRITES)


def _failure(cause: PyMongoError) -> Exception:
    failure = domain_error(cause)
    failure.__cause__ = cause
    return failure
