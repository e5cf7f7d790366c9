"""Queues and workers, for operators."""

from typing import Any

from lectern.jobs.v1 import queues_pb2, queues_pb2_grpc, workers_pb2, workers_pb2_grpc

from kit.call import current_caller
from kit.jobs.ports import WorkerRegistry
from kit.jobs.submitting import Jobs
from kit.pagination import page_size
from services.gateway.jobs import convert
from services.gateway.jobs.limits import control_fields
from services.gateway.jobs.lines import QueueLines


class QueueServicer(queues_pb2_grpc.QueueServiceServicer):
    """What is set is kept in MongoDB, with who did; the dispatcher is told of it."""

    def __init__(self, lines: QueueLines, jobs: Jobs) -> None:
        self._lines = lines
        self._jobs = jobs

    async def ListQueues(self, request: queues_pb2.ListQueuesRequest, context: Any) -> queues_pb2.ListQueuesResponse:
        messages = [convert.queue_message(line) for line in await self._lines.all()]
        return queues_pb2.ListQueuesResponse(queues=messages)

    async def GetQueue(self, request: queues_pb2.GetQueueRequest, context: Any) -> queues_pb2.Queue:
        return convert.queue_message(await self._lines.line(convert.queue_id(request.name)))

    async def UpdateQueue(self, request: queues_pb2.UpdateQueueRequest, context: Any) -> queues_pb2.Queue:
        queue = request.queue
        name, fields = convert.queue_id(queue.name, "queue.name"), control_fields(queue, request.update_mask.paths)
        return convert.queue_message(await self._lines.change(current_caller(), name, fields, queue.etag))

    async def ListQueueChanges(
        self, request: queues_pb2.ListQueueChangesRequest, context: Any
    ) -> queues_pb2.ListQueueChangesResponse:
        queue = convert.queue_id(request.parent, "parent")
        page = await self._lines.changes(queue, page_size(request.page_size), request.page_token)
        changes = [convert.change_message(change, current_caller()) for change in page.changes]
        return queues_pb2.ListQueueChangesResponse(changes=changes, next_page_token=page.next_token)

    async def PauseQueue(self, request: queues_pb2.PauseQueueRequest, context: Any) -> queues_pb2.Queue:
        return await self._switched(request.name, paused=True)

    async def ResumeQueue(self, request: queues_pb2.ResumeQueueRequest, context: Any) -> queues_pb2.Queue:
        return await self._switched(request.name, paused=False)

    async def RetryFailedJobs(
        self, request: queues_pb2.RetryFailedJobsRequest, context: Any
    ) -> queues_pb2.RetryFailedJobsResponse:
        retried = await self._jobs.retry_failed(self._queue(request.name))
        return queues_pb2.RetryFailedJobsResponse(retried_count=retried)

    async def PurgeQueue(self, request: queues_pb2.PurgeQueueRequest, context: Any) -> queues_pb2.PurgeQueueResponse:
        purged = await self._jobs.purge(self._queue(request.name))
        return queues_pb2.PurgeQueueResponse(purged_count=purged)

    async def _switched(self, name: str, *, paused: bool) -> queues_pb2.Queue:
        line = await self._lines.change(current_caller(), convert.queue_id(name), {"paused": paused})
        return convert.queue_message(line)

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
