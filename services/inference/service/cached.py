"""Answers that were given before, replayed as a stream."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from opentelemetry import metrics

from kit.auth.caller import Caller
from services.inference.model.generation import Delta, Event, Finish, Prompt, Usage
from services.inference.ports import AnswerCache, Answered, Generator
from services.inference.service.catalog import Catalog
from services.inference.service.keys import answer_key, shareable

REPLAY_LENGTH = 240
LOOKUPS = metrics.get_meter(__name__).create_counter("lectern_cache_requests", description="Look-ups in caches")


class Cached:
    """A Generator that keeps whole answers to turns without personal history."""

    def __init__(self, inner: Generator, answers: AnswerCache, catalog: Catalog) -> None:
        self._inner, self._answers, self._catalog = inner, answers, catalog

    async def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        if not shareable(prompt):
            inner = self._inner.stream(caller, prompt)
        else:
            model = self._catalog.preferred_model(prompt.purpose, prompt.model)
            key = answer_key(caller.tenant, model, prompt)
            known = await self._answers.get(key)
            LOOKUPS.add(1, {"layer": "answer", "result": "hit" if known else "miss"})
            if known is not None:
                for event in _replay(known):
                    yield event
                return
            inner = self._kept(key, caller, prompt)
        async with aclosing(inner) as events:
            async for event in events:
                yield event

    async def _kept(self, key: str, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        texts: list[str] = []
        async with aclosing(self._inner.stream(caller, prompt)) as events:
            async for event in events:
                if isinstance(event, Delta):
                    texts.append(event.text)
                elif isinstance(event, Finish) and event.finish_reason == "stop" and not event.cached:
                    await self._answers.put(key, _answered("".join(texts), event))
                yield event


def _answered(text: str, finish: Finish) -> Answered:
    return Answered(text, finish.provider, finish.model, finish.finish_reason, finish.policy)


def _replay(answer: Answered) -> Iterator[Event]:
    """The answer as a stream that cost nothing."""
    for start in range(0, len(answer.text), REPLAY_LENGTH):
        yield Delta(answer.text[start : start + REPLAY_LENGTH])
    yield Finish(
        Usage(),
        answer.provider,
        answer.model,
        cached=True,
        finish_reason=answer.finish_reason,
        policy=answer.policy,
    )
