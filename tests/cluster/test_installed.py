"""The umbrella with its trial, as it was installed: every part is reached, and does its work."""

import re
from collections.abc import Iterator

import pytest

from deploy.charts import SERVICES, UMBRELLA
from kit.auth.caller import Role
from lectern_client import Job, JobState, Lectern
from lectern_client.protocol.requests import Upload
from tests.cluster.conftest import System
from tests.cluster.kubernetes import Manifest
from tests.cluster.provider import plain_pod
from tests.pdfs import a_pdf
from tests.waiting import wait_for

pytestmark = pytest.mark.timeout(1800)

# All but these keep what they share in Redis.
WITHOUT_REDIS = {"lectern-edge", "lectern-mongodb", "lectern-redis"}
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5)"


@pytest.fixture(scope="module")
def student(system: System) -> Iterator[Lectern]:
    with system.edge.client("student") as client:
        yield client


def test_every_dependency_is_healthy(system: System) -> None:
    """Chat goes on without Redis, so that an answer alone does not show that it is reached."""
    assert system.edge.sick_dependencies() == {}


def test_a_question_through_the_edge_is_answered_with_a_citation(system: System, student: Lectern) -> None:
    turn = student.create_turn(system.sample.course, "What does a wave carry?", video_url=system.sample.video_url)

    assert "energy" in turn.answer
    assert not turn.degraded
    assert turn.citations
    assert turn.citations[0].quote


def test_a_job_of_each_service_ends(system: System, student: Lectern) -> None:
    course = system.sample.course
    turn = student.create_turn(course, "What does sound need?")
    with system.edge.client("teacher", Role.TEACHER) as teacher:
        taken = teacher.documents.upload(course, Upload("waves.pdf", a_pdf(["A wave carries energy, not matter."])))
        jobs = {
            "an enqueued turn": ended(student, student.enqueue(course, "Is light a wave?")),
            "a report": ended(student, student.threads.report(turn.thread)),
            "a document": ended(teacher, taken.jobs[0]),
        }
    assert {name: (job.state, job.error) for name, job in jobs.items() if job.state is not JobState.SUCCEEDED} == {}
    wait_for("a title", lambda: student.threads.get(turn.thread).title == "Waves and energy", 60)


def ended(client: Lectern, job: Job) -> Job:
    """The job when it has ended."""
    *_, last = client.jobs.watch(job.name)
    return last


def test_every_process_has_connections_to_redis(system: System) -> None:
    expected = {name_of(pod) for pod in system.cluster.pods()} - WITHOUT_REDIS

    def missing() -> set[str]:
        return expected - connected_to_redis(system)

    wait_for("connections of all", lambda: not missing(), 60, lambda: str(missing()))
    print(f"\n  {len(expected)} kinds of processes at Redis", flush=True)


def connected_to_redis(system: System) -> set[str]:
    listed = system.cluster.kubectl("exec", "lectern-redis-0", "--", "redis-cli", "CLIENT", "LIST")
    addresses = set(re.findall(r"\baddr=([\d.]+):", listed))
    return {name_of(pod) for pod in system.cluster.pods() if pod["status"]["podIP"] in addresses}


def name_of(pod: Manifest) -> str:
    return str(pod["metadata"]["labels"]["app.kubernetes.io/name"])


@pytest.mark.parametrize(("name", "port"), [("lectern-redis", 6379), ("lectern-mongodb", 27017)])
def test_a_stranger_does_not_reach_the_data(system: System, name: str, port: int) -> None:
    system.cluster.apply(plain_pod("stranger", ["python", "-c", CONNECT, name, str(port)]))
    try:
        wait_for("the end of a stranger", lambda: phase(system, "stranger") in ("Succeeded", "Failed"), 120)
        if phase(system, "stranger") == "Succeeded":
            pytest.skip("this cluster's network does not enforce policies")
        assert "TimeoutError" in system.cluster.kubectl("logs", "stranger")
    finally:
        system.cluster.kubectl("delete", "pod", "stranger", "--wait")


def phase(system: System, pod: str) -> str:
    return system.cluster.kubectl("get", "pod", pod, "-o", "jsonpath={.status.phase}")


def test_helm_tests_every_service(system: System) -> None:
    assert system.releases.test(UMBRELLA) == len(SERVICES)


def test_no_process_had_to_begin_again(system: System) -> None:
    assert system.cluster.restarts() == {}
