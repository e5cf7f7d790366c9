"""Spans of what a sampled call asks of MongoDB, by OpenTelemetry's names for databases.

Filters and documents are left out: they hold what students ask.
"""

from opentelemetry import trace
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from kit.telemetry.spans import sampled

_tracer = trace.get_tracer("kit.mongo")


class CommandSpans(CommandListener):
    """The driver tells of its commands in the task of whoever asked, so the current span is theirs."""

    def __init__(self) -> None:
        self._under_way: dict[tuple[int | None, int], trace.Span] = {}

    def started(self, event: CommandStartedEvent) -> None:
        if not sampled():
            return
        operation, collection = event.command_name, _collection(event)
        attributes = {
            "db.system.name": "mongodb",
            "db.namespace": event.database_name,
            "db.operation.name": operation,
        }
        if collection:
            attributes["db.collection.name"] = collection
        span = _tracer.start_span(
            f"{operation} {collection}".rstrip(), kind=trace.SpanKind.CLIENT, attributes=attributes
        )
        self._under_way[event.operation_id, event.request_id] = span

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if span := self._under_way.pop((event.operation_id, event.request_id), None):
            span.end()

    def failed(self, event: CommandFailedEvent) -> None:
        if span := self._under_way.pop((event.operation_id, event.request_id), None):
            # The name of the error alone: its message may quote a document.
            name = str(event.failure.get("codeName") or event.failure.get("errtype") or "error")
            span.set_attribute("error.type", name)
            span.set_status(trace.StatusCode.ERROR, name)
            span.end()


def _collection(event: CommandStartedEvent) -> str:
    """Commands on a collection name it by their first field; `getMore` by another."""
    field = "collection" if event.command_name == "getMore" else event.command_name
    named = event.command.get(field)
    return named if isinstance(named, str) else ""
