"""Puts the jobs API together."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from lectern.jobs.v1 import jobs_pb2_grpc, queues_pb2_grpc, webhooks_pb2_grpc, workers_pb2_grpc

from kit.breaker.database import database_guard, guarded
from kit.jobs.mongo.controls import MongoQueueControls
from kit.jobs.mongo.fleet import MongoQueueCensus, MongoWorkers
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import connect_grounds, open_jobs
from kit.jobs.ports import WorkerRegistry
from kit.jobs.settings import JobsSettings
from kit.jobs.submitting import Jobs
from kit.jobs.switching import SignalledControls
from kit.jobs.webhooks.mongo import MongoWebhooks
from kit.jobs.webhooks.postman import PublicPostman
from kit.pagination import PageTokens
from kit.server import Mount
from kit.turnlog.wakes import Wakes
from services.gateway.jobs.hooks import Webhooks
from services.gateway.jobs.lines import QueueLines
from services.gateway.jobs.operating import QueueServicer, WorkerServicer
from services.gateway.jobs.reading import JobReader
from services.gateway.jobs.servicer import JobServicer
from services.gateway.jobs.webhook_servicer import WebhookServicer


@dataclass(frozen=True)
class JobsFace:
    """Jobs, queues and workers, for every door of the gateway."""

    jobs: Jobs
    reader: JobReader
    lines: QueueLines
    workers: WorkerRegistry
    webhooks: Webhooks
    tokens: PageTokens

    def mounts(self, *, alive_within: float) -> Sequence[Mount]:
        """The services of jobs; a worker counts as alive for so many seconds after its last beat."""
        workers = WorkerServicer(self.workers, alive_within=alive_within)
        return [
            Mount(jobs_pb2_grpc.add_JobServiceServicer_to_server, JobServicer(self.reader, self.jobs)),
            Mount(queues_pb2_grpc.add_QueueServiceServicer_to_server, QueueServicer(self.lines, self.jobs)),
            Mount(webhooks_pb2_grpc.add_WebhookServiceServicer_to_server, WebhookServicer(self.webhooks, self.tokens)),
            Mount(workers_pb2_grpc.add_WorkerServiceServicer_to_server, workers),
        ]


def jobs_face(settings: JobsSettings, stack: AsyncExitStack, *, heartbeat: float) -> JobsFace:
    """Watched jobs that do not change are sent again every `heartbeat` seconds."""
    grounds = connect_grounds(settings, stack)
    wakes = Wakes(grounds.redis)
    stack.push_async_callback(wakes.close)
    guard = database_guard()
    store = guarded(MongoJobs(grounds.database), guard)
    controls = guarded(SignalledControls(MongoQueueControls(grounds.database), grounds.signals), guard)
    census = guarded(MongoQueueCensus(grounds.database), guard)
    jobs, tokens = open_jobs(settings, grounds, stack), PageTokens(settings.internal_secret)
    postman = PublicPostman(private=settings.webhooks_private)
    stack.push_async_callback(postman.close)
    return JobsFace(
        jobs,
        JobReader(store, wakes, tokens, heartbeat=heartbeat),
        QueueLines(settings.policies, controls, census, tokens),
        MongoWorkers(grounds.database),
        Webhooks(guarded(MongoWebhooks(grounds.database), guard), postman, jobs, store),
        tokens,
    )
