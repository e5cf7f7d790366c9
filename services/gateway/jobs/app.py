"""Puts the jobs API together."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from lectern.jobs.v1 import jobs_pb2_grpc, queues_pb2_grpc, workers_pb2_grpc

from kit.jobs.mongo.fleet import MongoQueues, MongoWorkers
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import connect_grounds
from kit.jobs.policies import POLICIES
from kit.jobs.settings import JobsSettings
from kit.jobs.submitting import Jobs
from kit.pagination import PageTokens
from kit.server import Mount
from kit.turnlog.wakes import Wakes
from services.gateway.jobs.operating import QueueServicer, WorkerServicer
from services.gateway.jobs.reading import JobReader
from services.gateway.jobs.servicer import JobServicer


def job_mounts(settings: JobsSettings, stack: AsyncExitStack, *, heartbeat: float) -> Sequence[Mount]:
    """The three services of jobs; watched jobs that do not change are sent again every `heartbeat` seconds."""
    grounds = connect_grounds(settings, stack)
    wakes = Wakes(grounds.redis)
    stack.push_async_callback(wakes.close)
    store, queues = MongoJobs(grounds.database), MongoQueues(grounds.database)
    jobs = Jobs(store, grounds.room, grounds.changes, POLICIES)
    reader = JobReader(store, wakes, PageTokens(settings.internal_secret), heartbeat=heartbeat)
    workers = WorkerServicer(MongoWorkers(grounds.database), alive_within=settings.job_lease_seconds)
    return [
        Mount(jobs_pb2_grpc.add_JobServiceServicer_to_server, JobServicer(reader, jobs)),
        Mount(queues_pb2_grpc.add_QueueServiceServicer_to_server, QueueServicer(POLICIES, queues, queues, jobs)),
        Mount(workers_pb2_grpc.add_WorkerServiceServicer_to_server, workers),
    ]
