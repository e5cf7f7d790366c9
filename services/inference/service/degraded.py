"""An answer without a model: the passages themselves, quoted and cited."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from kit.auth.caller import Caller
from kit.errors import Reason, Unavailable
from services.inference.model.generation import Delta, Event, Finish, Notice, Prompt, Source, Usage
from services.inference.ports import Generator
from services.inference.service import tokens

PASSAGES = 3
QUOTE_TOKENS = 90


class Degrading:
    """A Generator that answers with the best passages where no model can answer."""

    def __init__(self, inner: Generator) -> None:
        self._inner = inner

    async def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """Passes the error on where there is no passage to quote, or where a part was said already."""
        try:
            async with aclosing(self._inner.stream(caller, prompt)) as events:
                async for event in events:
                    yield event
                return
        except Unavailable as error:
            if error.reason is not Reason.PROVIDERS_UNAVAILABLE or not prompt.sources or prompt.continue_from:
                raise
        yield Notice("degraded", "No model can answer at the moment; these are the passages that fit best.")
        yield Delta(passages(prompt))
        yield Finish(Usage(), degraded=True, policy=prompt.policy)


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
