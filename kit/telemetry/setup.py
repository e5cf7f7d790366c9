"""Switches traces, metrics and logs on for a process, and flushes them at its end."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from prometheus_client import disable_created_metrics

from kit import VERSION, older_settings
from kit.settings import CommonSettings
from kit.telemetry import spans
from kit.telemetry.known_ids import KnownIds
from kit.telemetry.logs import configure_logs
from kit.telemetry.scraped import serve_metrics
from kit.telemetry.spanfile import SpanFile

PORT_SECONDS = 0.5

log = structlog.get_logger()


@contextmanager
def telemetry(name: str, settings: CommonSettings, *, succeeds: bool = False) -> Iterator[None]:
    """Telemetry of a service.

    Without endpoint or file no spans are recorded; trace ids still pass through. A process that `succeeds` another one
    serves its metrics once the other has left their port.
    """
    configure_logs(name, settings)
    if not succeeds:  # it was said when the first of them started
        older_settings.log_advice(os.environ, log)
    resource = Resource.create({"service.name": f"lectern-{name}", "service.version": VERSION})
    tracing = _tracing(resource, settings)
    if settings.metrics_listen:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the client does not tell its types here
        _serve_metrics(settings.metrics_listen, succeeds=succeeds)
    try:
        yield
    finally:
        if tracing is not None:
            tracing.shutdown()


def _tracing(resource: Resource, settings: CommonSettings) -> TracerProvider | None:
    if not settings.otlp_endpoint and not settings.trace_file:
        return None
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(settings.trace_ratio), resource=resource, id_generator=KnownIds()
    )
    if settings.otlp_endpoint:
        insecure = not settings.otlp_endpoint.startswith("https")
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(settings.otlp_endpoint, insecure=insecure)))
    if settings.trace_file:
        provider.add_span_processor(SimpleSpanProcessor(SpanFile(settings.trace_file)))
    spans.keep(provider)
    return provider


def _serve_metrics(listen: str, *, succeeds: bool) -> None:
    host, _, port = listen.rpartition(":")
    try:
        serve_metrics(host or "127.0.0.1", int(port))
    except OSError as error:
        if not succeeds or error.errno != errno.EADDRINUSE:
            raise
        threading.Thread(target=_serve_metrics_later, args=(listen,), daemon=True).start()


def _serve_metrics_later(listen: str) -> None:
    time.sleep(PORT_SECONDS)
    _serve_metrics(listen, succeeds=True)
