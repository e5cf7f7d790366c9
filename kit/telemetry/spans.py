"""Whether there is a trace to go on with: where nobody reads spans, none are made."""

from opentelemetry import trace

_kept = False


def keep(provider: trace.TracerProvider) -> None:
    """Spans are made by this provider from now on."""
    global _kept
    trace.set_tracer_provider(provider)
    _kept = True


def recorded() -> bool:
    """Whether this process keeps spans at all."""
    return _kept


def traced() -> bool:
    """Whether what happens now belongs to a trace, of this process or of whoever called it."""
    return trace.get_current_span() is not trace.INVALID_SPAN


def sampled() -> bool:
    """Whether what happens now belongs to a trace that is kept, so that each command to a store is worth a span."""
    return _kept and trace.get_current_span().get_span_context().trace_flags.sampled
