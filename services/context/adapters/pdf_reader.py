import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import orjson

from kit.errors import InvalidArgument, Reason
from services.context.adapters.pdf_pages import TOO_HEAVY

MOST_PAGES = 5000
MOST_TEXT = 64 * 1024 * 1024
ROOT = Path(__file__).parents[3]


class SubprocessPdfReader:
    """Reads each PDF in a process of its own, with limits on its memory and time: what it breaks is that process."""

    def __init__(self, *, memory_mb: int, seconds: int) -> None:
        """`seconds` bounds both the processor's time and, doubled, that of the clock."""
        self._limits = (str(memory_mb * 1024 * 1024), str(seconds), str(MOST_PAGES))
        self._seconds = seconds

    async def pages(self, chunks: AsyncIterator[bytes]) -> Sequence[str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.context.adapters.pdf_pages", *self._limits),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=ROOT,
            env={},
        )
        try:
            async with asyncio.timeout(2 * self._seconds):
                _, answer = await asyncio.gather(_fed(process.stdin, chunks), _said(process.stdout))
        except TimeoutError:
            raise _unreadable(TOO_HEAVY) from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        return _pages_of(answer)


async def _fed(writer: asyncio.StreamWriter | None, chunks: AsyncIterator[bytes]) -> None:
    if writer is None:
        return
    with contextlib.suppress(ConnectionError):  # it died; what it said, or did not, tells why
        async for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
        writer.close()


async def _said(reader: asyncio.StreamReader | None) -> bytes:
    said = bytearray()
    while reader and (chunk := await reader.read(1024 * 1024)):
        said += chunk
        if len(said) > MOST_TEXT:
            raise _unreadable("has more text than can be searched")
    return bytes(said)


def _pages_of(answer: bytes) -> Sequence[str]:
    try:
        found = orjson.loads(answer)
    except orjson.JSONDecodeError:  # it was ended in the middle
        raise _unreadable(TOO_HEAVY) from None
    if "unreadable" in found:
        raise _unreadable(found["unreadable"])
    return list(found["pages"])


def _unreadable(why: str) -> InvalidArgument:
    return InvalidArgument(f"the document {why}", Reason.DOCUMENT_UNREADABLE)
