"""Queues and workers, for operators."""

import asyncio
from typing import Any

from lectern.jobs.v1 import queues_pb2, queues_pb2_grpc, workers_pb2, workers_pb2_grpc

from kit.errors import NotFound
from kit.jobs.policies import Policies, Queue
from kit.jobs.ports import QueueCensus, QueueSwitches, WorkerRegistry
from kit.jobs.submitting import Jobs
from services.gateway.jobs import convert


class QueueServicer(queues_pb2_grpc.QueueServiceServicer):
    """The switches are kept in MongoDB; the dispatcher sees them within its next tick."""

    def __init__(self, policies: Policies, switches: QueueSwitches, census: QueueCensus, jobs: Jobs) -> None:
        self._policies = policies
        self._switches = switches
        self._census = census
        self._jobs = jobs

    async def ListQueues(self, request: queues_pb2.ListQueuesRequest, context: Any) -> queues_pb2.ListQueuesResponse:
        paused = await self._switches.paused()
        queues = sorted(self._policies.queues.values(), key=lambda queue: queue.name)
        counts = await asyncio.gather(*(self._census.counts(queue.name) for queue in queues))
        messages = [
            convert.queue_message(queue, count, queue.name in paused)
            for queue, count in zip(queues, counts, strict=True)
        ]
        return queues_pb2.ListQueuesResponse(queues=messages)

    async def PauseQueue(self, request: queues_pb2.PauseQueueRequest, context: Any) -> queues_pb2.Queue:
        return await self._switch(request.name, paused=True)

    async def ResumeQueue(self, request: queues_pb2.ResumeQueueRequest, context: Any) -> queues_pb2.Queue:
        return await self._switch(request.name, paused=False)

    async def RetryFailedJobs(
        self, request: queues_pb2.RetryFailedJobsRequest, context: Any
    ) -> queues_pb2.RetryFailedJobsResponse:
        retried = await self._jobs.retry_failed(self._queue(request.name).name)
        return queues_pb2.RetryFailedJobsResponse(retried_count=retried)

    async def PurgeQueue(self, request: queues_pb2.PurgeQueueRequest, context: Any) -> queues_pb2.PurgeQueueResponse:
        purged = await self._jobs.purge(self._queue(request.name).name)
        return queues_pb2.PurgeQueueResponse(purged_count=purged)

    async def _switch(self, name: str, paused: bool) -> queues_pb2.Queue:
        queue = self._queue(name)
        await self._switches.set_paused(queue.name, paused)
        return convert.queue_message(queue, await self._census.counts(queue.name), paused)

    def _queue(self, name: str) -> Queue:
        queue = self._policies.queues.get(convert.queue_id(name))
        if queue is None:
            raise NotFound("no such queue")
        return queue


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
