"""Compose from its first answer to its end; the last test takes it down."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import httpx
import pytest

from kit.auth.caller import Role
from lectern_client import JobState
from tests.containers.compose import Container
from tests.containers.conftest import EDGE, LECTERNS, UNHURRIED, System, all_healthy, state_of
from tests.containers.test_processes import grace_of
from tests.questions import questions
from tests.waiting import wait_for

pytestmark = pytest.mark.timeout(900)

TITLES = 30
# Redis and MongoDB get ten seconds by default, and need less.
GRACE_OF_OTHERS = 10


@pytest.mark.usefixtures("system")
def test_everything_says_that_it_is_well() -> None:
    """Chat goes on without either Redis, so that an answer alone does not show that they are reached."""
    assert EDGE.sick_dependencies() == {}


def test_a_question_through_the_edge_is_answered_with_a_citation(system: System) -> None:
    with EDGE.client("first") as student:
        turn = student.create_turn(system.sample.course, "What does a wave carry?", video_url=system.sample.video_url)

    assert "energy" in turn.answer
    assert not turn.degraded
    assert turn.citations
    assert turn.citations[0].quote


def test_prometheus_reads_every_process(system: System) -> None:
    def missing() -> set[str]:
        with suppress(httpx.HTTPError):
            query = {"query": "up == 1"}
            answer = httpx.get("http://127.0.0.1:9090/api/v1/query", params=query, timeout=10, trust_env=False)
            seen = {series["metric"]["instance"].partition(":")[0] for series in answer.json()["data"]["result"]}
            return {name for name in LECTERNS if not addresses(system, name) & seen and name not in seen}
        return set(LECTERNS)

    wait_for("a look at each process", lambda: not missing(), 90, lambda: str(missing()))


def addresses(system: System, service: str) -> set[str]:
    return {address(each) for each in system.compose.containers(service)}


def address(container: Container) -> str:
    networks = container.engine.inspect(container.name)["NetworkSettings"]["Networks"]
    return str(networks["lectern_default"]["IPAddress"])


@pytest.fixture
def three_workers(system: System) -> Iterator[None]:
    """While a test lasts; podman-compose scales up and never down, and forgets the others when it goes down."""
    system.compose.run("up", "--detach", "--no-build", "--no-recreate", "--scale", "threads-worker=3")
    yield
    for worker in system.compose.containers("threads-worker")[1:]:
        system.compose.engine.run("rm", "--force", "--time", "30", worker.name)


@pytest.mark.usefixtures("three_workers")
def test_three_workers_share_the_jobs(system: System) -> None:
    workers = system.compose.containers("threads-worker")
    assert len(workers) == 3
    wait_for("three workers", lambda: all(worker.healthy() for worker in workers))
    wait_for("three workers that are known", lambda: hosts(system) >= {worker.hostname for worker in workers})

    with ThreadPoolExecutor(10) as crowd:
        list(crowd.map(lambda number: first_question(system, number), range(TITLES)))
    wait_for("titles", lambda: sum(map(titles, workers)) >= TITLES, 120, lambda: str(list(map(titles, workers))))

    counts = list(map(titles, workers))
    print(f"\n  titles by worker: {counts}")
    assert min(counts) > 0


def first_question(system: System, number: int) -> None:
    """By a new student, so that it makes a thread, and with it the job of its title."""
    with EDGE.client(f"new-{number}") as student:
        student.create_turn(system.sample.course, f"What is a wave? ({number})")


def hosts(system: System) -> set[str]:
    with EDGE.http("operator", Role.ADMIN) as admin:
        return {worker["host"] for worker in admin.get("/v1/workers").json().get("workers", [])}


def titles(worker: Container) -> int:
    """How many it has made, as its metrics tell."""
    text = httpx.get(f"http://{address(worker)}:9464/metrics", timeout=10, trust_env=False).text
    samples = [line for line in text.splitlines() if line.startswith("lectern_jobs_total{")]
    made = [each for each in samples if 'kind="generate_title"' in each and 'state="succeeded"' in each]
    return int(sum(float(each.rsplit(" ", 1)[1]) for each in made))


def test_a_killed_container_returns_and_its_job_ends(system: System) -> None:
    victim = system.compose.container("gateway-worker")
    started = victim.state["StartedAt"]
    with EDGE.client("patient") as student:
        job = student.enqueue(system.sample.course, f"What is a wave, {UNHURRIED}?")
        wait_for("a job at work", lambda: student.jobs.get(job.name).state is JobState.RUNNING)

        killed = time.monotonic()
        victim.kill()
        wait_for("the container", lambda: victim.state["Running"] and victim.state["StartedAt"] != started)
        back = time.monotonic() - killed
        wait_for("the end of the job", lambda: student.jobs.get(job.name).state.ended)

        ended = student.jobs.get(job.name)
    print(f"\n  container back after {back:.1f} s, job ended after {time.monotonic() - killed:.1f} s")
    assert ended.state is JobState.SUCCEEDED
    assert ended.attempt > 1


RESTARTED = (*LECTERNS, "edge", "redis-cache", "redis", "mongodb")


def test_each_service_is_restarted_under_questions_and_none_is_lost(system: System) -> None:
    with questions(EDGE, system.sample.course) as asked:
        for service in RESTARTED:
            restart(system, service)
            more = asked.answered + 6
            wait_for("answers", partial(asked.have, more), 120, lambda: "\n".join(asked.lost))

    turns = [turn for each in asked.turns.values() for turn in each]
    degraded = sum(turn.degraded for turn in turns)
    print(f"\n  {asked.answered} questions, the longest took {asked.longest:.1f} s, {degraded} without a model")
    assert asked.lost == []
    assert asked.not_kept() == []


def restart(system: System, service: str) -> None:
    """As an upgrade on one machine does it: there is no second one to take over."""
    container = system.compose.container(service)
    left = container.stop(grace_of(system, service) if service in LECTERNS else GRACE_OF_OTHERS)
    container.start()
    back = wait_for(service, partial(all_healthy, system.compose), 180, partial(state_of, system.compose))
    print(f"\n  {service:<15} ended in {left:4.1f} s, all healthy {back:4.1f} s after its start", end="", flush=True)


def test_it_goes_down_and_leaves_nothing(system: System) -> None:
    podman, began = system.compose.engine, time.monotonic()
    system.compose.run("down", "--volumes", seconds=400)

    print(f"\n  down in {time.monotonic() - began:.0f} s")
    assert podman.run("ps", "--all", "--quiet") == ""
    assert podman.run("volume", "ls", "--quiet") == ""
    assert "lectern" not in podman.run("network", "ls", "--format", "{{.Name}}")
