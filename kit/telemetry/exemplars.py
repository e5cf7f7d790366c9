"""The trace that a figure comes from, where one is kept: how one gets from a slow bucket to what was slow."""

from opentelemetry import trace

from kit.telemetry.spans import recorded


def exemplar(span: trace.Span | None = None) -> dict[str, str] | None:
    """For `observe` and `inc`, of this span or the current one.

    None where this process keeps no spans, or this trace was not chosen to be kept.
    """
    if not recorded():
        return None
    context = (span or trace.get_current_span()).get_span_context()
    if not context.trace_flags.sampled or not context.is_valid:
        return None
    return {"trace_id": format(context.trace_id, "032x")}
