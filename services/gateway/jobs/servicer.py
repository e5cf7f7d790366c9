from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from lectern.jobs.v1 import jobs_pb2, jobs_pb2_grpc

from kit.call import current_caller
from kit.jobs.messages import job_message
from kit.jobs.ports import JobQuery
from kit.jobs.submitting import Jobs
from kit.pagination import page_size
from services.gateway.jobs import convert
from services.gateway.jobs.reading import JobReader


class JobServicer(jobs_pb2_grpc.JobServiceServicer):
    """The caller's own jobs."""

    def __init__(self, reader: JobReader, jobs: Jobs) -> None:
        self._reader = reader
        self._jobs = jobs

    async def GetJob(self, request: jobs_pb2.GetJobRequest, context: Any) -> jobs_pb2.Job:
        return job_message(await self._reader.get(current_caller(), convert.job_id(request.name)))

    async def ListJobs(self, request: jobs_pb2.ListJobsRequest, context: Any) -> jobs_pb2.ListJobsResponse:
        query = JobQuery(
            limit=page_size(request.page_size),
            queue=convert.queue_id(request.queue, "queue") if request.queue else "",
            state=convert.state_of(request.state),
            kind=request.kind,
        )
        page = await self._reader.page(current_caller(), query, request.page_token)
        jobs = [job_message(job) for job in page.jobs]
        return jobs_pb2.ListJobsResponse(jobs=jobs, next_page_token=page.next_token)

    async def WatchJob(self, request: jobs_pb2.WatchJobRequest, context: Any) -> AsyncIterator[jobs_pb2.Job]:
        async with aclosing(self._reader.watch(current_caller(), convert.job_id(request.name))) as changes:
            async for job in changes:
                yield job_message(job)

    async def CancelJob(self, request: jobs_pb2.CancelJobRequest, context: Any) -> jobs_pb2.Job:
        return job_message(await self._jobs.cancel(current_caller(), convert.job_id(request.name)))

    async def RetryJob(self, request: jobs_pb2.RetryJobRequest, context: Any) -> jobs_pb2.Job:
        return job_message(await self._jobs.retry(current_caller(), convert.job_id(request.name)))
