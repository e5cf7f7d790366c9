"""Whether there is a trace to go on with: where nobody reads spans, none are made."""

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider


def recorded() -> bool:
    """Whether this process keeps spans at all."""
    return isinstance(trace.get_tracer_provider(), TracerProvider)


def traced() -> bool:
    """Whether what happens now belongs to a trace, of this process or of whoever called it."""
    return trace.get_current_span() is not trace.INVALID_SPAN
