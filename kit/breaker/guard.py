"""A breaker around the use of one dependency: while it is open, calls fail at once instead of waiting."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from kit import deadline
from kit.breaker.ports import Board
from kit.errors import DeadlineExceeded, LecternError, Unavailable

# A call whose time is up is cancelled by the transport's clock, which is not quite ours.
NO_TIME_LEFT = 0.05

T = TypeVar("T")


class Guard:
    """Counts Unavailable, DeadlineExceeded and deadlines that pass as failures; other errors are answers."""

    def __init__(self, board: Board, name: str, message: str) -> None:
        """`message` is what callers are told while the breaker is open."""
        self._board, self._name, self._message = board, name, message

    async def run(self, use: Callable[..., Awaitable[T]], *arguments: Any, **named: Any) -> T:
        """What `use` returns; for each call of a store, where a context manager would be dearer than the rest."""
        if not await self._board.admits(self._name):
            raise Unavailable(self._message, retry_after=1)
        try:
            result = await use(*arguments, **named)
        except (LecternError, asyncio.CancelledError) as error:
            await self._count(error)
            raise
        await self._board.succeeded(self._name)
        return result

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        if not await self._board.admits(self._name):
            raise Unavailable(self._message, retry_after=1)
        try:
            yield
        except (LecternError, asyncio.CancelledError) as error:
            await self._count(error)
            raise
        await self._board.succeeded(self._name)

    async def _count(self, error: LecternError | asyncio.CancelledError) -> None:
        if isinstance(error, (Unavailable, DeadlineExceeded)):
            await self._board.failed(self._name)
        elif isinstance(error, LecternError):
            await self._board.succeeded(self._name)  # a refusal is an answer
        else:
            left = deadline.remaining()
            if left is not None and left < NO_TIME_LEFT:
                await self._board.failed(self._name)
