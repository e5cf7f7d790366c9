"""Time limits of a streamed call: to the first token, between tokens, and in all."""

import asyncio
from collections.abc import AsyncGenerator

from kit import deadline
from kit.errors import DeadlineExceeded
from kit.timeouts import Limit
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.providers import Timeouts
from services.inference.ports import Piece


class Patience:
    """How long one call may keep us waiting, from now on."""

    def __init__(self, limits: Timeouts) -> None:
        self._loop = asyncio.get_running_loop()
        now, left = self._loop.time(), deadline.remaining()
        self._between = limits.between_tokens
        self._caller_end = None if left is None else now + left
        self._end = now + limits.total if self._caller_end is None else min(now + limits.total, self._caller_end)
        self._seconds, self._began = limits.first_token, False

    async def next(self, pieces: AsyncGenerator[Piece, None]) -> Piece | None:
        """The next piece, None after the last one.

        Raises ProviderFailure where it keeps us waiting, DeadlineExceeded where the caller's time is up.
        """
        try:
            with Limit(min(self._loop.time() + self._seconds, self._end)):
                piece = await anext(pieces, None)
        except TimeoutError as error:
            raise self._late() from error
        self._seconds, self._began = self._between, True
        return piece

    def _late(self) -> Exception:
        if self._caller_end is not None and self._loop.time() >= self._caller_end:
            return DeadlineExceeded("the deadline passed while the model was answering")
        if self._began:
            return ProviderFailure(Remedy.RETRY, "stall", "the provider stopped in the middle of its answer")
        return ProviderFailure(Remedy.RETRY, "timeout", "the provider did not begin to answer in time")
