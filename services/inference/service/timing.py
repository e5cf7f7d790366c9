"""Time limits of a streamed call: to the first token, between tokens, and in all."""

import asyncio
from collections.abc import AsyncGenerator

from kit import deadline
from kit.errors import DeadlineExceeded
from kit.timeouts import Limit
from services.inference.model.failures import OVERRUN, ProviderFailure, Remedy
from services.inference.model.providers import Timeouts
from services.inference.ports import Piece


class Patience:
    """How long one call may keep us waiting, from now on."""

    def __init__(self, limits: Timeouts, *, whole: bool = False) -> None:
        """`whole`: an answer that takes longer than all may is of no use, and is not continued."""
        self._whole = whole
        self._loop = asyncio.get_running_loop()
        now, left = self._loop.time(), deadline.remaining()
        self._between, self._total = limits.between_tokens, limits.total
        self._limits_end = now + limits.total
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
            return DeadlineExceeded("the caller's deadline passed while the model was answering")
        if self._whole and self._loop.time() >= self._limits_end:
            return overrun(self._total)
        if self._began:
            return ProviderFailure(Remedy.RETRY, "stall", "the provider stopped in the middle of its answer")
        return ProviderFailure(Remedy.RETRY, "timeout", "the provider did not begin to answer in time")


def overrun(seconds: float) -> ProviderFailure:
    """An answer that was not whole in the time of its class; the same model would take as long again."""
    return ProviderFailure(Remedy.FAIL_OVER, OVERRUN, f"the answer was not whole within {seconds:g} s")
