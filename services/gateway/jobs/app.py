"""Puts the jobs API together."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from lectern.jobs.v1 import jobs_pb2_grpc, queues_pb2_grpc, workers_pb2_grpc

from kit.breaker.database import database_guard, guarded
from kit.jobs.mongo.fleet import MongoQueues, MongoWorkers
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import connect_grounds, open_jobs
from kit.jobs.policies import POLICIES
from kit.jobs.ports import WorkerRegistry
from kit.jobs.settings import JobsSettings
from kit.jobs.submitting import Jobs
from kit.pagination import PageTokens
from kit.server import Mount
from kit.turnlog.wakes import Wakes
from services.gateway.jobs.lines import QueueLines
from services.gateway.jobs.operating import QueueServicer, WorkerServicer
from services.gateway.jobs.reading import JobReader
from services.gateway.jobs.servicer import JobServicer


@dataclass(frozen=True)
class JobsFace:
    """Jobs, queues and workers, for every door of the gateway."""

    jobs: Jobs
    reader: JobReader
    lines: QueueLines
    workers: WorkerRegistry

    def mounts(self, *, alive_within: float) -> Sequence[Mount]:
        """The three services of jobs; a worker counts as alive for so many seconds after its last beat."""
        workers = WorkerServicer(self.workers, alive_within=alive_within)
        return [
            Mount(jobs_pb2_grpc.add_JobServiceServicer_to_server, JobServicer(self.reader, self.jobs)),
            Mount(queues_pb2_grpc.add_QueueServiceServicer_to_server, QueueServicer(self.lines, self.jobs)),
            Mount(workers_pb2_grpc.add_WorkerServiceServicer_to_server, workers),
        ]


def jobs_face(settings: JobsSettings, stack: AsyncExitStack, *, heartbeat: float) -> JobsFace:
    """Watched jobs that do not change are sent again every `heartbeat` seconds."""
    grounds = connect_grounds(settings, stack)
    wakes = Wakes(grounds.redis)
    stack.push_async_callback(wakes.close)
    guard = database_guard()
    store, queues = guarded(MongoJobs(grounds.database), guard), guarded(MongoQueues(grounds.database), guard)
    return JobsFace(
        open_jobs(settings, grounds, stack),
        JobReader(store, wakes, PageTokens(settings.internal_secret), heartbeat=heartbeat),
        QueueLines(POLICIES, queues, queues),
        MongoWorkers(grounds.database),
    )
