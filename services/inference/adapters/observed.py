"""Calls to models as spans and metrics, by the GenAI names of OpenTelemetry."""

import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace

from opentelemetry import metrics, propagate, trace

from services.inference.model.failures import ProviderFailure
from services.inference.model.generation import Usage, Vectors
from services.inference.model.providers import Route
from services.inference.ports import ChatCall, ChatProvider, EmbeddingProvider, Piece

SMOOTHING = 0.2

TRACER = trace.get_tracer(__name__)
METER = metrics.get_meter(__name__)
REQUESTS = METER.create_counter("lectern_provider_requests", description="Calls to providers by outcome")
TOKENS = METER.create_histogram("gen_ai.client.token.usage", "{token}", "Tokens of a call")
DURATION = METER.create_histogram("gen_ai.client.operation.duration", "s", "Time of a call")
FIRST = METER.create_histogram("gen_ai.client.operation.time_to_first_chunk", "s", "Time to the first token")


class Latencies:
    """Seconds to the first token, as a moving average for each provider."""

    def __init__(self) -> None:
        self._averages: dict[str, float] = {}

    def add(self, provider: str, seconds: float) -> None:
        before = self._averages.get(provider, seconds)
        self._averages[provider] = before + SMOOTHING * (seconds - before)

    def of(self, provider: str) -> float:
        return self._averages.get(provider, 0.0)


@dataclass(slots=True)
class _Operation:
    """One call while it is watched."""

    span: trace.Span
    attributes: dict[str, str]
    start: float
    outcome: str = "cancelled"
    first: float | None = None
    usage: Usage | None = None

    def headers(self) -> dict[str, str]:
        """The W3C headers by which the provider's own spans join the trace."""
        carrier: dict[str, str] = {}
        propagate.inject(carrier, trace.set_span_in_context(self.span))
        return carrier

    def began(self) -> float | None:
        """Seconds to the first token, told once."""
        if self.first is not None:
            return None
        self.first = time.monotonic() - self.start
        return self.first


class ObservedChat:
    """A ChatProvider that is watched."""

    def __init__(self, inner: ChatProvider, latencies: Latencies) -> None:
        self._inner, self._latencies = inner, latencies

    async def stream(self, call: ChatCall) -> AsyncGenerator[Piece, None]:
        with _watched("chat", call.route) as operation:
            call = replace(call, headers={**call.headers, **operation.headers()})
            async with aclosing(self._inner.stream(call)) as pieces:
                async for piece in pieces:
                    if piece.text and (seconds := operation.began()) is not None:
                        self._latencies.add(call.route.provider.name, seconds)
                        FIRST.record(seconds, operation.attributes)
                    operation.usage = piece.usage or operation.usage
                    yield piece


class ObservedEmbeddings:
    """An EmbeddingProvider that is watched."""

    def __init__(self, inner: EmbeddingProvider) -> None:
        self._inner = inner

    async def embed(self, route: Route, texts: Sequence[str], *, query: bool, timeout: float) -> Vectors:
        with _watched("embeddings", route) as operation, trace.use_span(operation.span):
            vectors = await self._inner.embed(route, texts, query=query, timeout=timeout)
            operation.usage = vectors.usage
            return vectors


@contextmanager
def _watched(name: str, route: Route) -> Iterator[_Operation]:
    attributes = {
        "gen_ai.operation.name": name,
        "gen_ai.provider.name": route.provider.name,
        "gen_ai.request.model": route.model,
    }
    span = TRACER.start_span(f"{name} {route.model}", kind=trace.SpanKind.CLIENT, attributes=attributes)
    operation = _Operation(span, attributes, time.monotonic())
    try:
        yield operation
        operation.outcome = "ok"
    except ProviderFailure as failure:
        operation.outcome = failure.outcome
        span.set_attribute("error.type", failure.outcome)
        span.set_status(trace.StatusCode.ERROR, failure.message)
        raise
    finally:
        _record(operation)
        span.end()


def _record(operation: _Operation) -> None:
    attributes = operation.attributes
    REQUESTS.add(1, {"provider": attributes["gen_ai.provider.name"], "outcome": operation.outcome})
    DURATION.record(time.monotonic() - operation.start, attributes)
    if operation.usage is None:
        return
    counts = {"input": operation.usage.prompt_tokens, "output": operation.usage.completion_tokens}
    for kind, count in counts.items():
        operation.span.set_attribute(f"gen_ai.usage.{kind}_tokens", count)
        TOKENS.record(count, {**attributes, "gen_ai.token.type": kind})
