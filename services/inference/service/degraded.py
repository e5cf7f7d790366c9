"""An answer without a model: the passages themselves, quoted and cited."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from kit import deadline
from kit.auth.caller import Caller
from kit.errors import Reason, Unavailable
from services.inference.model.generation import Delta, Event, Finish, Notice, Prompt, Purpose, Source, Usage
from services.inference.ports import Generator
from services.inference.service import tokens
from services.inference.service.plan import unanswered

PASSAGES = 3
QUOTE_TOKENS = 90
# What is kept of the caller's time to answer without a model.
SPARE_SECONDS, SPARE_SHARE = 1.0, 0.25


class Degrading:
    """A Generator that answers with the best passages where no model can answer."""

    def __init__(self, inner: Generator) -> None:
        self._inner = inner

    async def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """Passes the error on where there is no passage to quote, or where a part was said already."""
        events = self._inner.stream(caller, prompt)
        try:
            async with aclosing(_in_time(events) if _can_do_otherwise(prompt) else events) as events:
                async for event in events:
                    yield event
                return
        except Unavailable as error:
            if error.reason is not Reason.PROVIDERS_UNAVAILABLE or not prompt.sources or prompt.continue_from:
                raise
        yield Notice("degraded", "No model can answer at the moment; these are the passages that fit best.")
        yield Delta(passages(prompt))
        yield Finish(Usage(), degraded=True, policy=prompt.policy)


def _can_do_otherwise(prompt: Prompt) -> bool:
    """Whether the turn can be answered by passages or put off, when the models keep it waiting."""
    return prompt.purpose is Purpose.CHAT and not prompt.continue_from


async def _in_time(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """The same events; Unavailable where nothing was said until the caller's time is almost up."""
    left = deadline.remaining()
    until = None if left is None else asyncio.get_running_loop().time() + left - min(SPARE_SECONDS, left * SPARE_SHARE)
    async with aclosing(events):
        event: Event | None = None
        while not isinstance(event, Delta | Finish):
            try:
                async with asyncio.timeout_at(until):
                    event = await anext(events, None)
            except TimeoutError as error:
                raise unanswered() from error
            if event is None:
                return
            yield event
        async for event in events:
            yield event


def passages(prompt: Prompt) -> str:
    """The best passages as text; under a policy that does not tell, only where to look."""
    numbered = list(enumerate(prompt.sources[:PASSAGES], 1))
    if prompt.policy in ("", "answer", "hints:4"):
        lead = "No model can answer right now, but these parts of the course fit your question best:"
        return "\n\n".join([lead, *(_quote(number, source) for number, source in numbered)])
    places = "\n".join(f"- {source.label} [{number}]" for number, source in numbered)
    return f"No model can help right now, but these parts of the course are worth another look:\n\n{places}"


def _quote(number: int, source: Source) -> str:
    label = f"{source.label}: " if source.label else ""
    return f"> {label}“{tokens.shortened(source.text, QUOTE_TOKENS)}” [{number}]"
