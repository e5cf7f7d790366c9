"""The span of each attempt at a job: in the trace of whoever submitted it, linked to the attempt before.

A job that was submitted outside of any trace has one of its own, for all its attempts.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import propagate, trace
from opentelemetry.util.types import AttributeValue

from kit.jobs.model import Failed, Job, Outcome
from kit.telemetry.known_ids import begins_as, id_of

TRACER = trace.get_tracer("lectern.jobs")


@contextmanager
def attempt_span(job: Job) -> Iterator[trace.Span]:
    """The current span while the attempt runs."""
    parent = propagate.extract({"traceparent": job.traceparent})
    submitted = trace.get_current_span(parent).get_span_context()
    trace_id = submitted.trace_id if submitted.is_valid else id_of(job.id, 128)
    links = [trace.Link(_context(trace_id, job, job.token - 1), {"lectern.link": "previous attempt"})]
    attributes: dict[str, AttributeValue] = {
        "lectern.job": job.id,
        "lectern.job.kind": job.kind,
        "lectern.job.attempt": job.attempt,
        "messaging.system": "dramatiq",
        "messaging.operation.type": "process",
        "messaging.destination.name": job.queue,
    }
    with begins_as(trace_id, _span_id(job, job.token)):
        span = TRACER.start_span(
            f"job {job.kind}", parent, trace.SpanKind.CONSUMER, attributes, links if job.token > 1 else None
        )
    with trace.use_span(span, end_on_exit=True):
        yield span


def tell_outcome(span: trace.Span, outcome: Outcome | None) -> None:
    """Marks what failed; a job that is postponed or cancelled did not."""
    if outcome is None:
        return
    span.set_attribute("lectern.job.outcome", type(outcome).__name__.lower())
    if isinstance(outcome, Failed):
        span.set_attribute("error.type", outcome.failure.reason)
        span.set_status(trace.StatusCode.ERROR, outcome.failure.message)


def _context(trace_id: int, job: Job, token: int) -> trace.SpanContext:
    return trace.SpanContext(
        trace_id, _span_id(job, token), is_remote=True, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED)
    )


def _span_id(job: Job, token: int) -> int:
    """Each claim raises the token by one, so that the next attempt knows the one before."""
    return id_of(f"{job.id}#{token}", 64)
