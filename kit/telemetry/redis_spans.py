"""Spans of what a sampled call asks of Redis, by OpenTelemetry's names for databases.

Keys and values are left out: they name users, and hold what students ask.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.util.types import AttributeValue

# What a stream does for each piece of an answer would fill its trace: of that, only what took longer is told.
ROUTINE_SECONDS = 0.01

_tracer = trace.get_tracer("kit.redis")


@contextmanager
def asked(command: str, script: str = "", *, routine: bool = False) -> Iterator[None]:
    """Around a command of a sampled call; `script` names what Redis runs.

    The span is made when the reply is there: of what is `routine`, only slow and failed commands are told.
    """
    began, failure = time.time_ns(), ""
    try:
        yield
    except BaseException as error:
        failure = type(error).__name__
        raise
    finally:
        took = time.time_ns() - began
        if failure or not routine or took > ROUTINE_SECONDS * 1e9:
            _tell(command, script, began, failure)


def _tell(command: str, script: str, began: int, failure: str) -> None:
    attributes: dict[str, AttributeValue] = {"db.system.name": "redis", "db.operation.name": command}
    if script:
        attributes["db.stored_procedure.name"] = script
    if failure:
        attributes["error.type"] = failure
    name = f"{command} {script}" if script else command
    span = _tracer.start_span(name, kind=trace.SpanKind.CLIENT, attributes=attributes, start_time=began)
    if failure:
        span.set_status(trace.StatusCode.ERROR, failure)
    span.end()
