"""Queues and workers, for operators."""

from typing import Any

from lectern.jobs.v1 import queues_pb2, queues_pb2_grpc, workers_pb2, workers_pb2_grpc

from kit.jobs.ports import WorkerRegistry
from kit.jobs.submitting import Jobs
from services.gateway.jobs import convert
from services.gateway.jobs.lines import QueueLines


class QueueServicer(queues_pb2_grpc.QueueServiceServicer):
    """The switches are kept in MongoDB; the dispatcher is told of them."""

    def __init__(self, lines: QueueLines, jobs: Jobs) -> None:
        self._lines = lines
        self._jobs = jobs

    async def ListQueues(self, request: queues_pb2.ListQueuesRequest, context: Any) -> queues_pb2.ListQueuesResponse:
        messages = [convert.queue_message(line) for line in await self._lines.all()]
        return queues_pb2.ListQueuesResponse(queues=messages)

    async def PauseQueue(self, request: queues_pb2.PauseQueueRequest, context: Any) -> queues_pb2.Queue:
        return convert.queue_message(await self._lines.switch(convert.queue_id(request.name), paused=True))

    async def ResumeQueue(self, request: queues_pb2.ResumeQueueRequest, context: Any) -> queues_pb2.Queue:
        return convert.queue_message(await self._lines.switch(convert.queue_id(request.name), paused=False))

    async def RetryFailedJobs(
        self, request: queues_pb2.RetryFailedJobsRequest, context: Any
    ) -> queues_pb2.RetryFailedJobsResponse:
        retried = await self._jobs.retry_failed(self._queue(request.name))
        return queues_pb2.RetryFailedJobsResponse(retried_count=retried)

    async def PurgeQueue(self, request: queues_pb2.PurgeQueueRequest, context: Any) -> queues_pb2.PurgeQueueResponse:
        purged = await self._jobs.purge(self._queue(request.name))
        return queues_pb2.PurgeQueueResponse(purged_count=purged)

    def _queue(self, name: str) -> str:
        return self._lines.queue(convert.queue_id(name)).name


class WorkerServicer(workers_pb2_grpc.WorkerServiceServicer):
    """Workers that are alive."""

    def __init__(self, workers: WorkerRegistry, *, alive_within: float) -> None:
        """A worker counts as alive for so many seconds after its last beat."""
        self._workers = workers
        self._alive_within = alive_within

    async def ListWorkers(
        self, request: workers_pb2.ListWorkersRequest, context: Any
    ) -> workers_pb2.ListWorkersResponse:
        alive = await self._workers.alive(self._alive_within)
        return workers_pb2.ListWorkersResponse(workers=[convert.worker_message(worker) for worker in alive])
