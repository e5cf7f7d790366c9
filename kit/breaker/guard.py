"""A breaker around the use of one dependency: while it is open, calls fail at once instead of waiting."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
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

    def __call__(self) -> "_Guarded":
        return _Guarded(self._board, self._name, self._message)

    async def run(self, use: Callable[..., Awaitable[T]], *arguments: Any, **named: Any) -> T:
        """What `use` returns."""
        async with self():
            return await use(*arguments, **named)


class _Guarded:
    """One use; a class, because every call to a database passes it."""

    __slots__ = ("_board", "_message", "_name")

    def __init__(self, board: Board, name: str, message: str) -> None:
        self._board, self._name, self._message = board, name, message

    async def __aenter__(self) -> None:
        if not await self._board.admits(self._name):
            raise Unavailable(self._message, retry_after=1)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self._board.succeeded(self._name)
        elif isinstance(error, Unavailable | DeadlineExceeded):
            await self._board.failed(self._name)
        elif isinstance(error, LecternError):
            await self._board.succeeded(self._name)  # a refusal is an answer
        elif isinstance(error, asyncio.CancelledError):
            left = deadline.remaining()
            if left is not None and left < NO_TIME_LEFT:
                await self._board.failed(self._name)
