from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

from kit.telemetry.known_ids import KnownIds, begins_as, id_of


def test_a_span_gets_the_ids_that_were_given_and_its_children_their_own() -> None:
    tracer = TracerProvider(id_generator=KnownIds(), shutdown_on_exit=False).get_tracer("test")
    with begins_as(0xA1, 0xB2):
        known = tracer.start_span("known")
    with trace.use_span(known, end_on_exit=True):
        child = tracer.start_span("child")
    context = known.get_span_context()
    assert (context.trace_id, context.span_id) == (0xA1, 0xB2)
    assert child.get_span_context().trace_id == 0xA1
    assert child.get_span_context().span_id != 0xB2
    assert tracer.start_span("other").get_span_context().trace_id != 0xA1


def test_ids_follow_from_names_and_fit() -> None:
    assert id_of("job#1", 64) == id_of("job#1", 64) != id_of("job#2", 64)
    assert 0 < id_of("job", 64) < 2**64
    assert 0 < id_of("job", 128) < 2**128


def test_a_share_of_ids_made_from_names_is_sampled() -> None:
    """The sampler looks at the lower bits, which must be spread for names that hardly differ."""
    tracer = TracerProvider(ParentBasedTraceIdRatio(0.25), id_generator=KnownIds(), shutdown_on_exit=False).get_tracer(
        "test"
    )
    kept = 0
    for number in range(400):
        with begins_as(id_of(f"job-{number}", 128), 1):
            kept += tracer.start_span("attempt").get_span_context().trace_flags.sampled
    assert 60 < kept < 140
