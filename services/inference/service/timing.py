"""Time limits of a streamed call: to the first token, between tokens, and in all."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from kit import deadline
from kit.errors import DeadlineExceeded
from services.inference.model.failures import ProviderFailure, Remedy
from services.inference.model.providers import Timeouts
from services.inference.ports import Piece


async def timed(pieces: AsyncGenerator[Piece, None], limits: Timeouts) -> AsyncGenerator[Piece, None]:
    """The same pieces; ProviderFailure where they keep us waiting, DeadlineExceeded where the caller's time is up."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limits.total
    left = deadline.remaining()
    caller_end = None if left is None else loop.time() + left
    patience, began = limits.first_token, False
    async with aclosing(pieces):
        while True:
            until = min(loop.time() + patience, end, caller_end or end)
            try:
                async with asyncio.timeout_at(until):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                if caller_end is not None and loop.time() >= caller_end:
                    raise DeadlineExceeded("the deadline passed while the model was answering") from error
                raise _late(began=began) from error
            patience, began = limits.between_tokens, True
            yield piece


def _late(*, began: bool) -> ProviderFailure:
    if began:
        return ProviderFailure(Remedy.RETRY, "stall", "the provider stopped in the middle of its answer")
    return ProviderFailure(Remedy.RETRY, "timeout", "the provider did not begin to answer in time")
