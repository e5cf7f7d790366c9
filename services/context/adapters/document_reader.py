import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from kit.document_kinds import DocumentKind
from kit.errors import InvalidArgument, Reason
from services.context.adapters.spawned import Ended, run_module
from services.context.model import RawPage
from services.context.ports import ReadingInterrupted
from services.context.reading.refusals import DAMAGED, TOO_HEAVY, UnreadableError
from services.context.reading.wire import UNREADABLE, read_pages

MODULE = "services.context.reading"
MOST_PAGES = 5000
# Allocators end a process that asks for more than it may have by one of these.
OF_ITS_OWN = frozenset({signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP})
# One that was ended by its limit held this share of it; a request for the rest was what ended it.
LARGE_SHARE = 0.4
MEGABYTE = 1024 * 1024


class SpawnedDocumentReader:
    """Reads each document in a process of its own, under limits of memory and time: what it breaks is that process."""

    def __init__(self, *, memory_mb: int, seconds: int) -> None:
        """`seconds` bounds the processor's time and, doubled, that of the clock."""
        self._memory = memory_mb * MEGABYTE
        self._seconds = seconds

    async def pages(self, kind: DocumentKind, chunks: AsyncIterator[bytes]) -> Sequence[RawPage]:
        with tempfile.TemporaryDirectory(prefix="lectern-document-") as folder:
            said = await self._run(kind, chunks, Path(folder))
            try:
                return read_pages(said)
            except UnreadableError as error:
                raise _unreadable(str(error)) from None

    async def pictures(self, chunks: AsyncIterator[bytes], pages: Sequence[int]) -> Sequence[bytes]:
        with tempfile.TemporaryDirectory(prefix="lectern-document-") as folder:
            said = await self._run(DocumentKind.PDF, chunks, Path(folder), *map(str, pages))
            if UNREADABLE in said:
                raise _unreadable(DAMAGED)
            drawn = [Path(folder, f"answer.{page}") for page in pages]
            return [await asyncio.to_thread(each.read_bytes) for each in drawn]

    async def _run(self, kind: DocumentKind, chunks: AsyncIterator[bytes], folder: Path, *drawn: str) -> bytes:
        """What the process said; raises InvalidArgument for its limits, ReadingInterrupted where it died otherwise."""
        file, answer = folder / "document", folder / "answer"
        await _kept(file, chunks)
        limits = (str(self._memory), str(self._seconds), str(MOST_PAGES))
        ended = await run_module(
            MODULE, (str(file), kind.value, str(answer), *limits, *drawn), seconds=2 * self._seconds
        )
        if ended.signal or ended.status:
            raise self._broken(ended)
        return await asyncio.to_thread(answer.read_bytes)

    def _broken(self, ended: Ended) -> Exception:
        if ended.signal == signal.SIGXCPU:
            return _unreadable(TOO_HEAVY)
        if ended.signal in OF_ITS_OWN and ended.memory >= LARGE_SHARE * self._memory:
            return _unreadable(TOO_HEAVY)
        if ended.overdue:  # by the clock, and not by the processor: the machine had no time for it
            return ReadingInterrupted("the document could not be read in time; it is tried again")
        return ReadingInterrupted("the reading of the document was interrupted; it is tried again")


async def _kept(file: Path, chunks: AsyncIterator[bytes]) -> None:
    handle = await asyncio.to_thread(file.open, "wb")
    try:
        async for chunk in chunks:
            await asyncio.to_thread(handle.write, chunk)
    finally:
        await asyncio.to_thread(handle.close)


def _unreadable(why: str) -> InvalidArgument:
    return InvalidArgument(f"the document {why}", Reason.DOCUMENT_UNREADABLE)
