"""Switches traces, metrics and logs on for a process, and flushes them at its end."""

import errno
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

from kit import VERSION
from kit.settings import CommonSettings
from kit.telemetry import spans
from kit.telemetry.logs import configure_logs
from kit.telemetry.scraped import serve_metrics
from kit.telemetry.spanfile import SpanFile

PORT_SECONDS = 0.5
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)


@contextmanager
def telemetry(name: str, settings: CommonSettings, *, succeeds: bool = False) -> Iterator[InMemoryMetricReader]:
    """Telemetry of a service, and what reads its metrics back.

    Without endpoint or file no spans are recorded; trace ids still pass through. A process that `succeeds` another one
    serves its metrics once the other has left their port.
    """
    configure_logs(name, settings)
    resource = Resource.create({"service.name": f"lectern-{name}", "service.version": VERSION})
    tracing = _tracing(resource, settings)
    reader = _metering(resource, settings)
    if settings.metrics_listen:
        _serve_metrics(settings.metrics_listen, succeeds=succeeds)
    try:
        yield reader
    finally:
        if tracing is not None:
            tracing.shutdown()


def _tracing(resource: Resource, settings: CommonSettings) -> TracerProvider | None:
    if not settings.otlp_endpoint and not settings.trace_file:
        return None
    provider = TracerProvider(resource=resource)
    if settings.otlp_endpoint:
        insecure = not settings.otlp_endpoint.startswith("https")
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(settings.otlp_endpoint, insecure=insecure)))
    if settings.trace_file:
        provider.add_span_processor(SimpleSpanProcessor(SpanFile(settings.trace_file)))
    spans.keep(provider)
    return provider


def _metering(resource: Resource, settings: CommonSettings) -> InMemoryMetricReader:
    own = InMemoryMetricReader()
    readers = [own, PrometheusMetricReader()] if settings.metrics_listen else [own]
    seconds = View(instrument_unit="s", aggregation=ExplicitBucketHistogramAggregation(SECONDS))
    metrics.set_meter_provider(MeterProvider(readers, resource=resource, views=[seconds]))
    return own


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
