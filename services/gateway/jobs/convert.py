"""Jobs, queues and workers as protobuf messages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from google.protobuf import json_format
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from lectern.jobs.v1 import jobs_pb2, queues_pb2, workers_pb2

from kit import names
from kit.jobs.model import Job, State, Step
from kit.jobs.ports import WorkerBeat
from services.gateway.jobs.lines import Line


def job_name(job: str) -> str:
    return f"jobs/{job}"


def job_id(name: str) -> str:
    return names.parse("jobs/{job}", name)["job"]


def queue_id(name: str, field: str = "name") -> str:
    return names.parse("queues/{queue}", name, field)["queue"]


def state_of(state: "jobs_pb2.Job.State.ValueType") -> State | None:
    """The state that a filter names; None where it names none."""
    return State(jobs_pb2.Job.State.Name(state).lower()) if state else None


def job_message(job: Job) -> jobs_pb2.Job:
    failed = job.failure if job.state is State.FAILED else None
    return jobs_pb2.Job(
        name=job_name(job.id),
        kind=job.kind,
        queue=f"queues/{job.queue}",
        state=_state(job.state),
        progress=job.progress,
        message=job.message,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        create_time=_timestamp(job.created),
        start_time=_timestamp(job.started),
        end_time=_timestamp(job.ended),
        error=jobs_pb2.Job.Error(reason=failed.reason, message=failed.message) if failed else None,
        result=_struct(job.result) if job.result is not None else None,
        steps=[_step(step) for step in job.steps],
        trace_id=job.traceparent.split("-")[1] if job.traceparent else "",
        log_lines=job.log,
        quarantined=job.quarantined,
        due_time=_timestamp(job.due if job.delayed else None),
    )


def queue_message(line: Line) -> queues_pb2.Queue:
    queue, counts = line.queue, line.counts
    message = queues_pb2.Queue(
        name=f"queues/{queue.name}",
        waiting_count=counts.waiting,
        running_count=counts.running,
        delayed_count=counts.delayed,
        failed_count=counts.failed,
        paused=line.paused,
        concurrency=queue.concurrency,
        throughput_per_minute=counts.ended,
    )
    if queue.rate is not None:
        message.rate.count = queue.rate.count
        message.rate.period.CopyFrom(_duration(queue.rate.seconds))
    if counts.oldest is not None:
        message.oldest_age.CopyFrom(_duration((datetime.now(UTC) - counts.oldest).total_seconds()))
    return message


def worker_message(worker: WorkerBeat) -> workers_pb2.Worker:
    return workers_pb2.Worker(
        name=f"workers/{worker.id}",
        host=worker.host,
        concurrency={f"queues/{queue}": jobs for queue, jobs in worker.capacity.items()},
        running_jobs=[job_name(job) for job in worker.running],
        beat_time=_timestamp(worker.beat),
    )


def _step(step: Step) -> jobs_pb2.Job.Step:
    return jobs_pb2.Job.Step(name=step.name, state=_state(step.state), message=step.message)


def _state(state: State) -> "jobs_pb2.Job.State.ValueType":
    return jobs_pb2.Job.State.Value(state.name)


def _struct(result: Mapping[str, Any]) -> Struct:
    # Actors may return what BSON holds; a Struct holds what JSON does.
    return json_format.Parse(orjson.dumps(result, default=str), Struct())


def _timestamp(time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    message = Timestamp()
    message.FromDatetime(time)
    return message


def _duration(seconds: float) -> Duration:
    message = Duration()
    message.FromMilliseconds(max(0, round(seconds * 1000)))
    return message
