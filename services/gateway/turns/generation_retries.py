"""An answer is asked for until its end, though inference goes away meanwhile."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import structlog

from kit.auth.caller import Caller
from kit.errors import Reason, Unavailable
from services.gateway.model import Delta, Finish, Notice, Prompt
from services.gateway.ports import Generation

SECONDS = 20.0
PAUSE_SECONDS = 0.5
AWAY = {Reason.DEPENDENCY_UNAVAILABLE, Reason.SHUTTING_DOWN}
WENT_ON = Notice("continued", "The answer was interrupted; it goes on from here.")

log = structlog.get_logger()


async def generate_with_retries(
    generation: Generation, caller: Caller, prompt: Prompt
) -> AsyncGenerator[Delta | Notice | Finish, None]:
    """What inference says to the prompt, once each.

    Where its last instance dies or restarts, the next one is asked for the rest. Raises Unavailable after twenty
    seconds without a word, and what inference itself refuses at once.
    """
    away_since: float | None = None
    while True:
        said = ""
        try:
            async with aclosing(generation.generate(caller, prompt)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Delta):
                        said += piece.text
                    yield piece
                return
        except Unavailable as error:
            if error.reason not in AWAY:
                raise
            if said or away_since is None:
                away_since = time.monotonic()
                log.info("inference_away", reason=error.reason)
            elif time.monotonic() - away_since > SECONDS:
                raise
        if said:
            prompt = replace(prompt, continue_from=prompt.continue_from + said)
            yield WENT_ON
        await asyncio.sleep(PAUSE_SECONDS)
