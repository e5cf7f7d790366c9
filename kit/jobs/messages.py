"""Jobs as protobuf messages, for every service that answers with one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from lectern.jobs.v1 import jobs_pb2

from kit.jobs.model import Job, State, Step

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STATES = {state: jobs_pb2.Job.State.Value(state.name) for state in State}


def job_name(job: str) -> str:
    return f"jobs/{job}"


def job_message(job: Job) -> jobs_pb2.Job:
    failed = job.failure if job.state is State.FAILED else None
    return jobs_pb2.Job(
        name=job_name(job.id),
        kind=job.kind,
        queue=f"queues/{job.queue}",
        state=STATES[job.state],
        progress=job.progress,
        message=job.message,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        create_time=timestamp(job.created),
        start_time=timestamp(job.started),
        end_time=timestamp(job.ended),
        error=jobs_pb2.Job.Error(reason=failed.reason, message=failed.message) if failed else None,
        result=_struct(job.result) if job.result is not None else None,
        steps=[_step(step) for step in job.steps],
        trace_id=job.traceparent.split("-")[1] if job.traceparent else "",
        log_lines=job.log,
        quarantined=job.quarantined,
        due_time=timestamp(job.due if job.delayed else None),
    )


def timestamp(time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    # What Timestamp.FromDatetime does, without its checks of what a datetime of ours can't be.
    span = time - EPOCH
    return Timestamp(seconds=span.days * 86_400 + span.seconds, nanos=span.microseconds * 1000)


def _step(step: Step) -> jobs_pb2.Job.Step:
    return jobs_pb2.Job.Step(name=step.name, state=STATES[step.state], message=step.message)


def _struct(result: Mapping[str, Any]) -> Struct:
    # Actors may return what BSON holds; a Struct holds what JSON does.
    message = Struct()
    message.update(orjson.loads(orjson.dumps(result, default=str)))
    return message
