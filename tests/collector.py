"""A collector of OpenTelemetry that keeps what it is sent, for tests to wait for."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1 import trace_pb2

SECONDS = 30.0


@dataclass(frozen=True)
class Told:
    """A span, and the service that reported it."""

    service: str
    span: trace_pb2.Span

    @property
    def name(self) -> str:
        return str(self.span.name)

    @property
    def id(self) -> bytes:
        return bytes(self.span.span_id)

    @property
    def attributes(self) -> dict[str, str]:
        """Those of text and numbers, as text."""
        found = ((item.key, item.value, item.value.WhichOneof("value")) for item in self.span.attributes)
        return {key: str(getattr(value, kind)) for key, value, kind in found if kind}


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self) -> None:
        self._told: list[Told] = []
        self._grown = threading.Condition()

    def Export(self, request: Any, context: Any) -> trace_service_pb2.ExportTraceServiceResponse:
        for resource in request.resource_spans:
            service = next((a.value.string_value for a in resource.resource.attributes if a.key == "service.name"), "")
            with self._grown:
                self._told += [Told(service, span) for scope in resource.scope_spans for span in scope.spans]
                self._grown.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()

    def of(self, trace: str) -> list[Told]:
        """What is known of a trace by now."""
        return [told for told in self._told if told.span.trace_id.hex() == trace]

    def wait(self, trace: str, enough: Callable[[Sequence[Told]], bool]) -> list[Told]:
        """The spans of a trace once they are enough; those that are there when nothing more came."""
        with self._grown:
            self._grown.wait_for(lambda: enough(self.of(trace)), timeout=SECONDS)
            return self.of(trace)

    def find(self, name: str, value: str) -> str:
        """The trace of the span with this attribute, as someone on call looks for it."""

        def found() -> set[str]:
            return {told.span.trace_id.hex() for told in self._told if told.attributes.get(name) == value}

        with self._grown:
            self._grown.wait_for(lambda: bool(found()), timeout=SECONDS)
            [trace] = found()
            return trace


@contextmanager
def collector() -> Iterator[tuple[Collector, str]]:
    """A collector, and its address."""
    kept = Collector()
    server = grpc.server(ThreadPoolExecutor(4))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(kept, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield kept, f"http://127.0.0.1:{port}"
    server.stop(None)
