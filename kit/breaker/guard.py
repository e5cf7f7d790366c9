"""A breaker around the use of one dependency: while it is open, calls fail at once instead of waiting."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.breaker.ports import Board
from kit.errors import DeadlineExceeded, Unavailable


class Guard:
    """Counts Unavailable and DeadlineExceeded as failures of the dependency; other errors are answers."""

    def __init__(self, board: Board, name: str, message: str) -> None:
        """`message` is what callers are told while the breaker is open."""
        self._board, self._name, self._message = board, name, message

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        if not await self._board.admits(self._name):
            raise Unavailable(self._message, retry_after=1)
        try:
            yield
        except (Unavailable, DeadlineExceeded):
            await self._board.failed(self._name)
            raise
        await self._board.succeeded(self._name)
