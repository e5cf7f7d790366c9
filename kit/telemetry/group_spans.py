"""Spans of writes that callers share: each sampled caller sees its wait, and the first of them what was written."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from opentelemetry import trace

R = TypeVar("R")

_tracer = trace.get_tracer("kit.group_commit")


class GroupSpans:
    """The sampled callers who wait for groups of one kind."""

    def __init__(self, commit: Callable[..., Any]) -> None:
        self._attributes = {"code.function.name": getattr(commit, "__qualname__", type(commit).__name__)}
        self._waits: dict[asyncio.Future[Any], trace.Span] = {}

    @property
    def none_waits(self) -> bool:
        return not self._waits

    async def wait(self, done: "asyncio.Future[R]", put: Callable[[], None]) -> R:
        """Puts an item and waits until it is done, under a span."""
        with _tracer.start_as_current_span("group commit", attributes=self._attributes) as span:
            self._waits[done] = span
            try:
                put()
                return await done
            finally:
                del self._waits[done]

    def committing(self, dones: "Sequence[asyncio.Future[Any] | None]") -> AbstractContextManager[Any]:
        """Around the commit of a group: what it asks of a store stands under the first sampled caller's span.

        The others' spans are linked to that one, which is in another trace.
        """
        spans = [self._waits[done] for done in dones if done in self._waits]
        if not spans:
            return nullcontext()
        for span in spans:
            span.set_attribute("lectern.group.members", len(dones))
        for other in spans[1:]:
            other.add_link(spans[0].get_span_context())
        return trace.use_span(spans[0], record_exception=False, set_status_on_exception=False)
