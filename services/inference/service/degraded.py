"""An answer without a model: the passages themselves, quoted and cited."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from kit import deadline
from kit.auth.caller import Caller
from kit.errors import Reason, Unavailable
from kit.timeouts import Limit
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

    def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """Passes the error on where there is no passage to quote, or where passages are no answer to what was asked."""
        events = self._inner.stream(caller, prompt)
        if prompt.continue_from or not (prompt.sources or prompt.purpose is Purpose.CHAT):
            return events  # nothing else can be done for it
        return _or_passages(events, prompt)


async def _or_passages(events: AsyncGenerator[Event, None], prompt: Prompt) -> AsyncGenerator[Event, None]:
    """The same events, unless nothing was said by the time that the caller's time is almost up."""
    until = _last_moment() if prompt.purpose is Purpose.CHAT else None
    try:
        async with aclosing(events):
            while (event := await _next(events, until)) is not None:
                if isinstance(event, Delta | Finish):
                    until = None
                yield event
            return
    except Unavailable as error:
        if error.reason is not Reason.PROVIDERS_UNAVAILABLE or not _may_quote(prompt):
            raise
    yield Notice("degraded", "No model can answer at the moment; these are the passages that fit best.")
    yield Delta(passages(prompt))
    yield Finish(Usage(), degraded=True, finish_reason="", policy=prompt.policy)


def _may_quote(prompt: Prompt) -> bool:
    """Passages are neither the rest of an answer nor in the form that a schema asks for."""
    return bool(prompt.sources) and not prompt.continues and prompt.schema is None


def _last_moment() -> float | None:
    """When the turn is answered by passages or put off, by the loop's clock."""
    left = deadline.remaining()
    return None if left is None else asyncio.get_running_loop().time() + left - min(SPARE_SECONDS, left * SPARE_SHARE)


async def _next(events: AsyncGenerator[Event, None], until: float | None) -> Event | None:
    if until is None:
        return await anext(events, None)
    try:
        with Limit(until):
            return await anext(events, None)
    except TimeoutError as error:
        raise unanswered() from error


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
