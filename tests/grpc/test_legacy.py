"""The older systems' endpoints: the calls that their documents print, by curl, and the shapes beside them."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from kit.auth.caller import Caller, Role
from kit.jobs.model import Job, Submission, Succeeded
from kit.jobs.mongo.claims import MongoClaims
from kit.jobs.mongo.fleet import MongoWorkers
from kit.jobs.mongo.store import MongoJobs
from kit.jobs.opening import Grounds, open_grounds
from kit.jobs.policies import POLICIES
from kit.jobs.ports import WorkerBeat
from kit.jobs.settings import JobsSettings
from kit.jobs.submitting import Jobs
from tests.system import STUDENT, VIDEO, System, make_course, whole_system

GUEST = Caller("default", "teacher", frozenset({Role.TEACHER, Role.ADMIN}))
COUNTS = {"waiting", "active", "completed", "failed"}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(redis_url: str, mongodb_uri: str) -> AsyncIterator[System]:
    common = {"legacy_guest": GUEST.user, "queue_page": True, "jobs_database": f"jobs-{uuid.uuid4().hex[:8]}"}
    async with whole_system(redis_url, mongodb_uri, **common) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def course(system: System) -> str:
    return (await make_course(system, caller=GUEST)).removeprefix("courses/")


@dataclass(frozen=True)
class Told:
    status: int
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


async def curl(system: System, path: str, *options: str) -> Told:
    """What curl prints for a call of the HTTP face."""
    url = f"http://127.0.0.1:{system.ports['http']}{path}"
    command = ("curl", "--silent", "--max-time", "30", "--noproxy", "*", "--write-out", "\n%{http_code}", *options, url)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    text, _, status = (await process.communicate())[0].decode().rpartition("\n")
    return Told(int(status), text)


def bearer(system: System, caller: Caller) -> tuple[str, str]:
    return "-H", f"Authorization: Bearer {system.token(caller)}"


def chat(course: str, message: str = "What+does+a+wave+carry%3F") -> str:
    return f"/api/trainer/chat?courseId={course}&videoUrl={VIDEO}&message={message}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def grounds(system: System, mongodb_uri: str, redis_url: str) -> AsyncIterator[Grounds]:
    settings = JobsSettings(
        mongodb_uri=mongodb_uri,
        redis_url=redis_url,
        jobs_database=system.settings.jobs_database,
    )
    async with AsyncExitStack() as stack:
        yield await open_grounds(settings, stack)


@pytest.fixture(scope="module")
def jobs(grounds: Grounds) -> Jobs:
    return Jobs(MongoJobs(grounds.database), grounds.room, grounds.changes, POLICIES)


@pytest.fixture(scope="module")
def claims(grounds: Grounds) -> MongoClaims:
    return MongoClaims(grounds.database)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def job(jobs: Jobs) -> Job:
    return await jobs.submit(GUEST, Submission("ingest_document", {"document": "d"}))


async def test_chat_as_json(system: System, course: str) -> None:
    told = await curl(system, chat(course))
    assert told.body["success"] is True
    assert told.body["data"]["response"] == "A wave carries energy [1]."
    assert told.body["data"]["threadId"]
    again = await curl(system, chat(course, "And+what+else%3F"))
    assert again.body["data"]["threadId"] == told.body["data"]["threadId"]


async def test_chat_as_server_sent_events(system: System, course: str) -> None:
    told = await curl(system, chat(course, "What+is+frequency%3F"), "-N", "-H", "Accept: text/event-stream")
    events = [json.loads(line.removeprefix("data: ")) for line in told.text.splitlines() if line.startswith("data: ")]
    assert "started" in events[0]
    assert events[-1]["completed"]["turn"]["answer"] == "A wave carries energy [1]."
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/api/trainer/chat?message=hi", 400, "INVALID_ARGUMENT"),
        ("/api/trainer/chat?courseId=none&message=hi", 404, "COURSE_NOT_FOUND"),
        ("/api/jobs/none", 404, "NOT_FOUND"),
        ("/api/none", 404, "UNKNOWN_METHOD"),
        ("/api/jobs/a%0Ab", 404, "UNKNOWN_METHOD"),
    ],
)
async def test_what_cannot_be_answered_says_so_in_the_same_shape(
    system: System, path: str, status: int, error: str
) -> None:
    for accept in ("application/json", "text/event-stream"):
        told = await curl(system, path, "-H", f"Accept: {accept}")
        assert (told.status, told.body["success"], told.body["error"]) == (status, False, error)


async def test_health(system: System) -> None:
    told = await curl(system, "/api/trainer/health")
    assert told.body["success"] is True
    assert told.body["data"]["status"] == "healthy"
    assert told.body["data"]["redis"] is True
    assert datetime.strptime(told.body["data"]["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ")


async def test_stats(system: System) -> None:
    told = await curl(system, "/api/trainer/stats", *bearer(system, STUDENT))
    assert told.body["success"] is True
    assert set(told.body["data"]) == {"activeThreads", "cacheHitRate", "memory", "redis"}
    assert told.body["data"]["redis"] is True


async def test_preload_and_clearing_the_cache(system: System, course: str) -> None:
    one = ("-X", "POST", "-H", "content-type: application/json", "-d", json.dumps({"courseId": course}))
    told = await curl(system, "/api/trainer/preload", *one)
    assert told.body == {"success": True, "data": {"courses": [course], "videos": 1}}
    full = ("-X", "POST", "-H", "content-type: application/json", "-d", json.dumps({"courseId": f"courses/{course}"}))
    assert (await curl(system, "/api/trainer/preload", *full)).body["data"]["courses"] == [course]
    assert (await curl(system, "/api/trainer/preload", "-X", "POST")).body["success"] is True
    cleared = await curl(system, f"/api/trainer/cache/{course}", "-X", "DELETE")
    assert cleared.body["success"] is True
    assert cleared.body["data"]["courseId"] == course
    # Vectors that were made in the meantime may have replaced what was cached.
    assert cleared.body["data"]["cleared"] in (0, 1)
    refused = await curl(system, f"/api/trainer/cache/{course}", "-X", "DELETE", *bearer(system, STUDENT))
    assert (refused.status, refused.body["error"]) == (403, "ROLE_REQUIRED")


async def test_a_report_on_a_session(system: System, course: str, claims: MongoClaims) -> None:
    session = (await curl(system, chat(course, "Why%3F"))).body["data"]["threadId"]
    missing = await curl(system, f"/api/reports/session/{session}/status")
    assert (missing.status, missing.body["error"]) == (404, "NOT_FOUND")
    asked = (await curl(system, f"/api/reports/session/{session}", "-X", "POST")).body
    assert asked == {
        "success": True,
        "status": "queued",
        "jobId": asked["jobId"],
        "message": "Report generation started. Check back in 30-60 seconds.",
        "statusUrl": f"/api/reports/session/{session}/status",
    }
    status = (await curl(system, asked["statusUrl"])).body
    assert status == {"success": True, "status": "waiting", "progress": 0, "jobId": asked["jobId"]}
    running = await claims.claim(asked["jobId"], "w1", 60)
    assert running is not None
    assert (await curl(system, f"/api/reports/session/{session}", "-X", "POST")).body == asked
    assert (await curl(system, asked["statusUrl"])).body["status"] == "active", "the true state"
    await claims.settle(running.claim, Succeeded({}))
    assert (await curl(system, f"/api/reports/session/{session}", "-X", "POST")).body == asked
    assert (await curl(system, asked["statusUrl"])).body["status"] == "completed"


async def test_breaker_stats(system: System) -> None:
    body = (await curl(system, "/api/admin/breaker-stats")).body
    assert body["database"]["state"] == "closed"
    assert body["aiProviders"]["AI-fake"]["state"] == "closed"
    assert body["aiProviders"]["AI-fake"]["stats"]["fires"] > 0


async def test_cache_stats(system: System) -> None:
    body = (await curl(system, "/api/admin/cache-stats")).body
    assert set(body["memory"]) == {"hits", "misses", "keys"}
    assert body["redis"] == {"status": "ready", "ready": True}


async def test_queue_stats(system: System, job: Job) -> None:
    body = (await curl(system, "/api/admin/queue-stats")).body
    assert set(body["titleGeneration"]) == set(body["analytics"]) == COUNTS
    assert body["fileProcessing"]["waiting"] == 1
    assert body["redis"] == {"status": "ready", "ready": True}


async def test_a_job(system: System, job: Job) -> None:
    told = await curl(system, f"/api/jobs/{job.id}")
    assert told.body == {"task_id": job.id, "status": "PENDING", "progress": 0, "message": ""}


async def test_worker_stats(system: System, mongodb_uri: str, redis_url: str, job: Job) -> None:
    settings = JobsSettings(mongodb_uri=mongodb_uri, redis_url=redis_url, jobs_database=system.settings.jobs_database)
    async with AsyncExitStack() as stack:
        registry = MongoWorkers((await open_grounds(settings, stack)).database)
        await registry.beat(WorkerBeat("worker-1@host", "host", {"documents": 3}, (job.id,)))
        body = (await curl(system, "/api/worker-stats")).body
    assert body["active_workers"]["worker-1@host"] == {"host": "host", "pool": {"documents": 3}}
    assert body["active_tasks"] == {"worker-1@host": [job.id]}
    assert body["scheduled_tasks"]["documents"] == {"waiting": 1, "delayed": 0}


async def test_courses(system: System, course: str) -> None:
    body = (await curl(system, "/api/courses")).body
    assert {"id": course, "title": "Waves", "description": "", "videoCount": 1} in body


async def test_operating_is_for_admins(system: System) -> None:
    for path in ("admin/breaker-stats", "admin/cache-stats", "admin/queue-stats", "worker-stats"):
        told = await curl(system, f"/api/{path}", *bearer(system, STUDENT))
        assert (told.status, told.body["error"]) == (403, "ROLE_REQUIRED"), path


async def test_without_a_guest_a_token_is_needed(redis_url: str, mongodb_uri: str) -> None:
    async with whole_system(redis_url, mongodb_uri) as strict:
        told = await curl(strict, "/api/courses")
        assert (told.status, told.body["error"]) == (401, "UNAUTHENTICATED")
        assert (await curl(strict, "/admin/queues")).status == 404
        assert (await curl(strict, "/api/trainer/health")).status == 200


async def test_the_queue_page_shows_and_steers(system: System, jobs: Jobs, job: Job) -> None:
    page = await curl(system, "/admin/queues/documents")
    assert page.status == 200
    assert job.id in page.text
    own = ("-H", f"Origin: http://127.0.0.1:{system.ports['http']}", "-X", "POST")
    assert (await curl(system, "/admin/queues/documents/pause", *own)).status == 303
    assert "paused" in (await curl(system, "/admin/queues")).text
    assert (await curl(system, "/admin/queues/documents/resume", *own)).status == 303
    limits = ("--data", "concurrency=7&count=20&seconds=30")
    assert (await curl(system, "/admin/queues/documents/limits", *own, *limits)).status == 303
    shown = (await curl(system, "/admin/queues/documents?limits")).text
    assert "7 at once, starts 20 in 30 s, 3 in one worker" in shown
    assert "300 → 7 at once" in shown
    assert 'http-equiv="refresh"' not in shown, "what is being typed would be lost"
    assert (await curl(system, "/admin/queues/documents/limits", *own, "--data", "concurrency=-1")).status == 400
    assert (await curl(system, "/admin/queues/documents/limits", *own, "--data", "count=")).status == 303
    assert "300 at once, starts any time" in (await curl(system, "/admin/queues/documents")).text
    doomed = await jobs.submit(GUEST, Submission("build_course", {}))
    assert (await curl(system, f"/admin/queues/courses/jobs/{doomed.id}/cancel", *own)).status == 303
    assert (await curl(system, f"/api/jobs/{doomed.id}")).body["status"] == "REVOKED"
    foreign = ("-H", "Origin: https://evil.example", "-X", "POST")
    assert (await curl(system, "/admin/queues/documents/pause", *foreign)).status == 403
    assert (await curl(system, "/admin/queues", *bearer(system, STUDENT))).status == 403
    assert (await curl(system, "/admin/queues/none")).status == 404


async def test_a_browser_signs_in_with_the_token_as_its_password(system: System) -> None:
    admin = Caller("default", "olga", frozenset({Role.ADMIN}))
    assert (await curl(system, "/admin/queues", "-u", f"olga:{system.token(admin)}")).status == 200
    assert (await curl(system, "/admin/queues", "-u", "olga:nonsense")).status == 401
