"""The jobs API over a real server: a job is read, watched, steered; queues and workers are operated."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from lectern.jobs.v1 import jobs_pb2, jobs_pb2_grpc, queues_pb2, queues_pb2_grpc, workers_pb2, workers_pb2_grpc

from kit.auth.caller import Caller, Role
from kit.channel import Peer
from kit.errors import Conflict, FailedPrecondition, InvalidArgument, NotFound, PermissionDenied, Reason
from kit.jobs.model import Failed, Failure, Job, State, Step, Submission, Succeeded
from kit.jobs.mongo.claims import MongoClaims
from kit.jobs.mongo.fleet import MongoWorkers
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import Grounds, open_grounds
from kit.jobs.policies import POLICIES
from kit.jobs.ports import WorkerBeat
from kit.jobs.settings import JobsSettings
from kit.jobs.submitting import Jobs
from kit.jobs.work import Work
from kit.process import running
from kit.server import Mount
from services.gateway.jobs.app import jobs_face

ANN = Caller("school", "ann")
ADMIN = Caller("school", "eve", frozenset({Role.ADMIN}))
TEACHER = Caller("school", "tom", frozenset({Role.TEACHER}))
OLGA = Caller("other", "olga", frozenset({Role.ADMIN}))
REPORTS = "queues/reports"


@dataclass
class Api:
    peer: Peer
    grounds: Grounds

    def __post_init__(self) -> None:
        self.claims = MongoClaims(self.grounds.database)
        self.jobs = Jobs(MongoJobs(self.grounds.database), self.grounds.room, self.grounds.changes, POLICIES)
        self.job_stub = self.peer.stub(jobs_pb2_grpc.JobServiceStub)
        self.queue_stub = self.peer.stub(queues_pb2_grpc.QueueServiceStub)

    async def submitted(self, caller: Caller = ANN) -> str:
        return (await self.jobs.submit(caller, Submission("generate_report"))).id

    async def claimed(self) -> Job:
        job = await self.claims.claim(await self.submitted(), "w1", 60)
        assert job is not None
        return job

    async def get(self, job: str, caller: Caller = ANN) -> jobs_pb2.Job:
        return await self.peer.call(self.job_stub.GetJob, jobs_pb2.GetJobRequest(name=f"jobs/{job}"), caller, timeout=5)

    async def reports(self) -> queues_pb2.Queue:
        listed = await self.peer.call(self.queue_stub.ListQueues, queues_pb2.ListQueuesRequest(), ADMIN, timeout=5)
        [queue] = [queue for queue in listed.queues if queue.name == REPORTS]
        return queue


@pytest.fixture
async def api(redis_url: str, mongodb_uri: str) -> AsyncIterator[Api]:
    settings = JobsSettings(
        local=True,
        redis_url=redis_url,
        mongodb_uri=mongodb_uri,
        jobs_database=f"jobs_{uuid.uuid4().hex[:8]}",
        drain_seconds=0.1,
    )

    async def build(made: JobsSettings, stack: AsyncExitStack) -> Sequence[Mount]:
        return jobs_face(made, stack, heartbeat=10).mounts(alive_within=made.job_lease_seconds)

    async with AsyncExitStack() as stack:
        grounds = await open_grounds(settings, stack)
        server = await stack.enter_async_context(running("test", settings, build))
        peer = Peer(f"127.0.0.1:{server.port}", service="test", secret=settings.internal_secret)
        stack.push_async_callback(peer.close)
        yield Api(peer, grounds)
        await grounds.database.client.drop_database(settings.jobs_database)


async def test_a_job_is_read_with_all_that_is_known(api: Api) -> None:
    job = await api.claimed()
    await api.claims.step(job.claim, Step("outline", State.SUCCEEDED, "three chapters", [1, 2, 3]))
    await api.claims.report(job.claim, 40, "writing", ["chapter 1"])
    shown = await api.get(job.id)
    assert (shown.name, shown.kind, shown.queue) == (f"jobs/{job.id}", "generate_report", REPORTS)
    assert (shown.state, shown.progress, shown.message) == (jobs_pb2.Job.RUNNING, 40, "writing")
    assert (shown.attempt, shown.max_attempts, list(shown.log_lines)) == (1, 3, ["chapter 1"])
    assert [(step.name, step.state) for step in shown.steps] == [("outline", jobs_pb2.Job.SUCCEEDED)]
    await api.claims.settle(job.claim, Succeeded({"report": "reports/1"}))
    ended = await api.get(job.id)
    assert ended.result["report"] == "reports/1"
    assert ended.end_time.seconds > 0


async def test_jobs_are_listed_in_pages(api: Api) -> None:
    mine = {f"jobs/{await api.submitted()}" for _ in range(5)}
    await api.submitted(Caller("school", "bob"))
    found: set[str] = set()
    token = ""
    while True:
        request = jobs_pb2.ListJobsRequest(page_size=2, page_token=token, queue=REPORTS, state=jobs_pb2.Job.QUEUED)
        page = await api.peer.call(api.job_stub.ListJobs, request, ANN, timeout=5)
        found |= {job.name for job in page.jobs}
        token = page.next_page_token
        if not token:
            break
    assert found == mine
    with pytest.raises(InvalidArgument):
        await api.peer.call(api.job_stub.ListJobs, jobs_pb2.ListJobsRequest(page_token="x"), ANN, timeout=5)


async def test_a_watched_job_is_followed_to_its_end(api: Api) -> None:
    job = await api.claimed()
    seen: list[jobs_pb2.Job] = []
    begun = asyncio.Event()

    async def watch() -> None:
        request = jobs_pb2.WatchJobRequest(name=f"jobs/{job.id}")
        async for change in api.peer.stream(api.job_stub.WatchJob, request, ANN, timeout=30):
            seen.append(change)
            begun.set()

    watching = asyncio.create_task(watch())
    await begun.wait()
    work = Work(job, api.claims, api.grounds.changes)
    await work.report(50, "half way")
    await api.claims.settle(job.claim, Succeeded())
    await api.grounds.changes.changed(job.id)
    await watching
    assert seen[0].state == jobs_pb2.Job.RUNNING
    assert (seen[-1].state, seen[-1].message) == (jobs_pb2.Job.SUCCEEDED, "half way")


async def test_a_job_is_cancelled_and_retried(api: Api) -> None:
    name = f"jobs/{await api.submitted()}"
    cancelled = await api.peer.call(api.job_stub.CancelJob, jobs_pb2.CancelJobRequest(name=name), ANN, timeout=5)
    assert cancelled.state == jobs_pb2.Job.CANCELLED
    retried = await api.peer.call(api.job_stub.RetryJob, jobs_pb2.RetryJobRequest(name=name), ANN, timeout=5)
    assert retried.state == jobs_pb2.Job.QUEUED
    with pytest.raises(FailedPrecondition):
        await api.peer.call(api.job_stub.RetryJob, jobs_pb2.RetryJobRequest(name=name), ANN, timeout=5)


async def test_queues_are_paused_counted_retried_and_purged(api: Api) -> None:
    job = await api.claimed()
    await api.claims.settle(job.claim, Failed(Failure("INTERNAL", "no")))
    await api.submitted()
    pause = queues_pb2.PauseQueueRequest(name=REPORTS)
    assert (await api.peer.call(api.queue_stub.PauseQueue, pause, ADMIN, timeout=5)).paused
    queue = await api.reports()
    assert (queue.paused, queue.waiting_count, queue.failed_count, queue.throughput_per_minute) == (True, 1, 1, 1)
    assert (queue.concurrency, queue.rate.count, queue.rate.period.seconds) == (5, 10, 60)
    resume = queues_pb2.ResumeQueueRequest(name=REPORTS)
    assert not (await api.peer.call(api.queue_stub.ResumeQueue, resume, ADMIN, timeout=5)).paused
    retry = queues_pb2.RetryFailedJobsRequest(name=REPORTS)
    assert (await api.peer.call(api.queue_stub.RetryFailedJobs, retry, ADMIN, timeout=5)).retried_count == 1
    purge = queues_pb2.PurgeQueueRequest(name=REPORTS)
    assert (await api.peer.call(api.queue_stub.PurgeQueue, purge, ADMIN, timeout=5)).purged_count == 2
    with pytest.raises(NotFound):
        await api.peer.call(
            api.queue_stub.PauseQueue, queues_pb2.PauseQueueRequest(name="queues/none"), ADMIN, timeout=5
        )


async def _update(api: Api, queue: queues_pb2.Queue, *mask: str, caller: Caller = ADMIN) -> queues_pb2.Queue:
    request = queues_pb2.UpdateQueueRequest(queue=queue, update_mask=FieldMask(paths=mask))
    updated: queues_pb2.Queue = await api.peer.call(api.queue_stub.UpdateQueue, request, caller, timeout=5)
    return updated


def _rate(count: int, seconds: int) -> queues_pb2.Queue.Rate:
    return queues_pb2.Queue.Rate(count=count, period=Duration(seconds=seconds))


async def test_an_admin_changes_limits_and_takes_them_back(api: Api) -> None:
    before = await api.reports()
    assert (before.per_worker_concurrency, before.default_limits.concurrency, before.etag) == (5, 5, "0")
    assert not before.HasField("update_time")
    wanted = queues_pb2.Queue(name=REPORTS, concurrency=50, rate=_rate(100, 30))
    changed = await _update(api, wanted)
    assert changed == await api.reports()
    assert (changed.concurrency, changed.rate) == (50, _rate(100, 30))
    assert changed.HasField("update_time")
    assert changed.default_limits == before.default_limits
    changed = await _update(api, queues_pb2.Queue(name=REPORTS, concurrency=1, rate=_rate(7, 30)), "rate")
    assert (changed.concurrency, changed.rate.count) == (50, 7), "the mask names the rate alone"
    changed = await _update(api, queues_pb2.Queue(name=REPORTS, rate=queues_pb2.Queue.Rate()), "rate")
    assert not changed.HasField("rate"), "a count of 0 is without a limit"
    changed = await _update(api, queues_pb2.Queue(name=REPORTS), "concurrency", "rate")
    assert (changed.concurrency, changed.rate) == (before.concurrency, before.rate)
    read = await api.peer.call(api.queue_stub.GetQueue, queues_pb2.GetQueueRequest(name=REPORTS), ADMIN, timeout=5)
    assert read.etag == changed.etag


async def test_limits_and_pauses_leave_each_other_alone(api: Api) -> None:
    await _update(api, queues_pb2.Queue(name=REPORTS, concurrency=50))
    paused = await api.peer.call(
        api.queue_stub.PauseQueue, queues_pb2.PauseQueueRequest(name=REPORTS), ADMIN, timeout=5
    )
    assert (paused.paused, paused.concurrency) == (True, 50)
    assert (await _update(api, queues_pb2.Queue(name=REPORTS, concurrency=7))).paused


async def test_the_record_says_who_changed_what(api: Api) -> None:
    await _update(api, queues_pb2.Queue(name=REPORTS, concurrency=50))
    await api.peer.call(api.queue_stub.PauseQueue, queues_pb2.PauseQueueRequest(name=REPORTS), OLGA, timeout=5)
    await _update(api, queues_pb2.Queue(name=REPORTS, concurrency=50))
    pause, limit = await _changes(api, ADMIN)
    assert (limit.user, limit.tenant) == ("eve", "school")
    assert (limit.before.limits.concurrency, limit.after.limits.concurrency) == (5, 50)
    assert (pause.before.paused, pause.after.paused, pause.after.limits.concurrency) == (False, True, 50)
    assert limit.name.startswith(f"{REPORTS}/changes/")
    assert limit.create_time.seconds > 0


async def test_the_record_names_nobody_to_other_tenants(api: Api) -> None:
    await _update(api, queues_pb2.Queue(name=REPORTS, concurrency=50))
    await api.peer.call(api.queue_stub.PauseQueue, queues_pb2.PauseQueueRequest(name=REPORTS), OLGA, timeout=5)
    told = [[(each.user, each.tenant) for each in await _changes(api, reader)] for reader in (ADMIN, OLGA)]
    assert told == [[("", ""), ("eve", "school")], [("olga", "other"), ("", "")]]


async def _changes(api: Api, reader: Caller) -> list[queues_pb2.QueueChange]:
    """Newest first, a page each."""
    changes: list[queues_pb2.QueueChange] = []
    token = "-"
    while token:
        request = queues_pb2.ListQueueChangesRequest(parent=REPORTS, page_size=1, page_token=token.strip("-"))
        page = await api.peer.call(api.queue_stub.ListQueueChanges, request, reader, timeout=5)
        changes += page.changes
        token = page.next_page_token
    return changes


async def test_a_change_on_top_of_an_older_state_is_refused(api: Api) -> None:
    read = await api.reports()
    await _update(api, queues_pb2.Queue(name=REPORTS, concurrency=50, etag=read.etag))
    with pytest.raises(Conflict) as refused:
        await _update(api, queues_pb2.Queue(name=REPORTS, concurrency=1, etag=read.etag))
    assert refused.value.reason is Reason.ETAG_MISMATCH
    assert (await api.reports()).concurrency == 50
    assert (await _update(api, queues_pb2.Queue(name=REPORTS, concurrency=1))).concurrency == 1


@pytest.mark.parametrize(
    ("queue", "mask", "field"),
    [
        (queues_pb2.Queue(concurrency=-1), (), "queue.concurrency"),
        (queues_pb2.Queue(concurrency=10_001), (), "queue.concurrency"),
        (queues_pb2.Queue(rate=_rate(-1, 60)), (), "queue.rate.count"),
        (queues_pb2.Queue(rate=_rate(1_000_001, 60)), (), "queue.rate.count"),
        (queues_pb2.Queue(rate=_rate(1, 0)), (), "queue.rate.period"),
        (queues_pb2.Queue(rate=_rate(1, 86_401)), (), "queue.rate.period"),
        (queues_pb2.Queue(), (), "queue"),
        (queues_pb2.Queue(paused=True), ("paused",), "update_mask"),
        (queues_pb2.Queue(waiting_count=1), ("waiting_count",), "update_mask"),
    ],
)
async def test_limits_out_of_bounds_are_refused_by_name(
    api: Api, queue: queues_pb2.Queue, mask: tuple[str, ...], field: str
) -> None:
    queue.name = REPORTS
    with pytest.raises(InvalidArgument) as refused:
        await _update(api, queue, *mask)
    assert refused.value.field == field
    assert (await api.reports()).etag == "0"


async def test_only_admins_change_limits_and_only_of_queues(api: Api) -> None:
    with pytest.raises(PermissionDenied):
        await _update(api, queues_pb2.Queue(name=REPORTS, concurrency=50), caller=TEACHER)
    with pytest.raises(NotFound):
        await _update(api, queues_pb2.Queue(name="queues/none", concurrency=50))


async def test_workers_are_listed(api: Api) -> None:
    await MongoWorkers(api.grounds.database).beat(WorkerBeat("w1", "host", {"reports": 5}, ("j1",)))
    stub = api.peer.stub(workers_pb2_grpc.WorkerServiceStub)
    listed = await api.peer.call(stub.ListWorkers, workers_pb2.ListWorkersRequest(), ADMIN, timeout=5)
    [worker] = listed.workers
    assert (worker.name, worker.host, dict(worker.concurrency)) == ("workers/w1", "host", {REPORTS: 5})
    assert list(worker.running_jobs) == ["jobs/j1"]
