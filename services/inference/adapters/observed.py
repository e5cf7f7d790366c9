"""Calls to models as spans and metrics, by the GenAI names of OpenTelemetry."""

import functools
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace

from opentelemetry import propagate, trace
from prometheus_client import Counter, Histogram

from kit.telemetry.exemplars import exemplar
from kit.telemetry.spans import recorded
from services.inference.model.failures import ProviderFailure
from services.inference.model.generation import Usage, Vectors
from services.inference.model.providers import Route
from services.inference.ports import ChatCall, ChatProvider, EmbeddingProvider, Piece

SMOOTHING = 0.2

TRACER = trace.get_tracer(__name__)
CALL = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"]
# The boundaries that the conventions ask for.
TOKEN_COUNTS = tuple(4**power for power in range(14))
CALL_SECONDS = tuple(0.01 * 2**power for power in range(14))
REQUESTS = Counter("lectern_provider_requests", "Calls to providers by outcome", ["provider", "outcome"])
TOKENS = Histogram("gen_ai_client_token_usage", "Tokens of a call", [*CALL, "gen_ai_token_type"], buckets=TOKEN_COUNTS)
DURATION = Histogram("gen_ai_client_operation_duration_seconds", "Time of a call", CALL, buckets=CALL_SECONDS)
FIRST = Histogram(
    "gen_ai_client_operation_time_to_first_chunk_seconds", "Time to the first token", CALL, buckets=CALL_SECONDS
)


class Latencies:
    """Seconds to the first token, as a moving average for each provider."""

    def __init__(self) -> None:
        self._averages: dict[str, float] = {}

    def add(self, provider: str, seconds: float) -> None:
        before = self._averages.get(provider, seconds)
        self._averages[provider] = before + SMOOTHING * (seconds - before)

    def of(self, provider: str) -> float:
        return self._averages.get(provider, 0.0)


class _Meters:
    """Where the figures of calls to one model go; looked up once."""

    def __init__(self, operation: str, provider: str, model: str) -> None:
        call = (operation, provider, model)
        self.duration = DURATION.labels(*call)
        self.first = functools.cache(functools.partial(FIRST.labels, *call))  # embeddings have none
        self.input, self.output = TOKENS.labels(*call, "input"), TOKENS.labels(*call, "output")


_meters_of = functools.cache(_Meters)


@dataclass(slots=True)
class _Operation:
    """One call while it is watched."""

    route: Route
    span: trace.Span
    meters: _Meters
    start: float
    outcome: str = "cancelled"
    first: float | None = None
    usage: Usage | None = None

    def headers(self) -> dict[str, str]:
        """The W3C headers by which the provider's own spans join the trace; none where there is no trace."""
        carrier: dict[str, str] = {}
        if self.span is not trace.INVALID_SPAN:
            propagate.inject(carrier, trace.set_span_in_context(self.span))
        return carrier

    def exemplar(self) -> dict[str, str] | None:
        """The trace of the call's own span, which is not the current one while it streams."""
        return exemplar(self.span)

    def began(self) -> float | None:
        """Seconds to the first token, told once."""
        if self.first is not None:
            return None
        self.first = time.monotonic() - self.start
        self.meters.first().observe(self.first, self.exemplar())
        return self.first


class ObservedChat:
    """A ChatProvider that is watched."""

    def __init__(self, inner: ChatProvider, latencies: Latencies) -> None:
        self._inner, self._latencies = inner, latencies

    async def stream(self, call: ChatCall) -> AsyncGenerator[Piece, None]:
        with _watched("chat", call.route) as operation:
            if headers := operation.headers():
                call = replace(call, headers={**call.headers, **headers})
            async with aclosing(self._inner.stream(call)) as pieces:
                async for piece in pieces:
                    if piece.text and (seconds := operation.began()) is not None:
                        self._latencies.add(call.route.provider.name, seconds)
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
    operation = _Operation(
        route, _span(name, route), _meters_of(name, route.provider.name, route.model), time.monotonic()
    )
    try:
        yield operation
        operation.outcome = "ok"
    except ProviderFailure as failure:
        operation.outcome = failure.outcome
        operation.span.set_attribute("error.type", failure.outcome)
        operation.span.set_status(trace.StatusCode.ERROR, failure.message)
        raise
    finally:
        _record(operation)
        operation.span.end()


def _span(name: str, route: Route) -> trace.Span:
    """A span where spans are kept; elsewhere that of whoever called, if there is one."""
    if not recorded():
        return trace.get_current_span()
    attributes = {
        "gen_ai.operation.name": name,
        "gen_ai.provider.name": route.provider.name,
        "gen_ai.request.model": route.model,
    }
    return TRACER.start_span(f"{name} {route.model}", kind=trace.SpanKind.CLIENT, attributes=attributes)


def _record(operation: _Operation) -> None:
    meters, usage, of_trace = operation.meters, operation.usage, operation.exemplar()
    REQUESTS.labels(operation.route.provider.name, operation.outcome).inc(exemplar=of_trace)
    meters.duration.observe(time.monotonic() - operation.start, of_trace)
    if usage is None:
        return
    for kind, count, meter in (
        ("input", usage.prompt_tokens, meters.input),
        ("output", usage.completion_tokens, meters.output),
    ):
        operation.span.set_attribute(f"gen_ai.usage.{kind}_tokens", count)
        meter.observe(count, of_trace)
