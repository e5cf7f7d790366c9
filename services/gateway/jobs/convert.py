"""Queues and workers as protobuf messages, and the names that clients use."""

from datetime import UTC, datetime

from google.protobuf.duration_pb2 import Duration
from lectern.jobs.v1 import jobs_pb2, queues_pb2, workers_pb2

from kit import names
from kit.auth.caller import Caller
from kit.jobs.controls import QueueChange, Standing
from kit.jobs.limits import Rate
from kit.jobs.messages import job_name, timestamp
from kit.jobs.model import State
from kit.jobs.ports import WorkerBeat
from services.gateway.jobs.lines import Line


def job_id(name: str) -> str:
    return names.parse("jobs/{job}", name)["job"]


def queue_id(name: str, field: str = "name") -> str:
    return names.parse("queues/{queue}", name, field)["queue"]


def state_of(state: "jobs_pb2.Job.State.ValueType") -> State | None:
    """The state that a filter names; None where it names none."""
    return State(jobs_pb2.Job.State.Name(state).lower()) if state else None


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
        rate=_rate(queue.rate),
        throughput_per_minute=counts.ended,
        default_limits=_limits(line.configured.concurrency, line.configured.rate),
        per_worker_concurrency=queue.per_worker,
        etag=line.control.etag,
        update_time=timestamp(line.control.changed),
    )
    if counts.oldest is not None:
        message.oldest_age.CopyFrom(_duration((datetime.now(UTC) - counts.oldest).total_seconds()))
    return message


def change_message(change: QueueChange, reader: Caller) -> queues_pb2.QueueChange:
    """Queues are shared by all tenants, the names of their people are not."""
    own = change.tenant == reader.tenant
    return queues_pb2.QueueChange(
        name=f"queues/{change.queue}/changes/{change.id}",
        create_time=timestamp(change.at),
        user=change.user if own else "",
        tenant=change.tenant if own else "",
        before=_standing(change.before),
        after=_standing(change.after),
    )


def _standing(standing: Standing) -> queues_pb2.QueueChange.Standing:
    limits = _limits(standing.concurrency, standing.rate)
    return queues_pb2.QueueChange.Standing(paused=standing.paused, limits=limits)


def _limits(concurrency: int, rate: Rate | None) -> queues_pb2.Queue.Limits:
    return queues_pb2.Queue.Limits(concurrency=concurrency, rate=_rate(rate))


def _rate(rate: Rate | None) -> queues_pb2.Queue.Rate | None:
    return queues_pb2.Queue.Rate(count=rate.count, period=_duration(rate.seconds)) if rate else None


def worker_message(worker: WorkerBeat) -> workers_pb2.Worker:
    return workers_pb2.Worker(
        name=f"workers/{worker.id}",
        host=worker.host,
        concurrency={f"queues/{queue}": jobs for queue, jobs in worker.capacity.items()},
        running_jobs=[job_name(job) for job in worker.running],
        beat_time=timestamp(worker.beat),
    )


def _duration(seconds: float) -> Duration:
    message = Duration()
    message.FromMilliseconds(max(0, round(seconds * 1000)))
    return message
