"""Each service upgraded through the umbrella while students read answers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from lectern_client import Completed, Delta, LecternError, Policy
from tests.cluster.conftest import System
from tests.cluster.provider import A_MINUTE
from tests.deployed import PATIENT
from tests.questions import STUDENTS, questions
from tests.waiting import wait_for

pytestmark = pytest.mark.timeout(1800)

LONG_STREAMS = 20
# Who is called comes before who calls, as docs/deploying.md has it.
ORDER = ("inference", "context", "threads", "gateway", "edge")


@pytest.mark.parametrize("service", ORDER)
def test_a_service_is_upgraded_and_no_answer_is_cut(system: System, service: str) -> None:
    before = pods_by_deployment(system)
    with questions(system.edge, system.sample.course, named=service) as asked:
        wait_for("streams", partial(asked.have, STUDENTS), 120, lambda: "\n".join(asked.lost))
        began = time.monotonic()
        system.releases.upgrade(service)
        system.releases.settle()
        seconds = time.monotonic() - began
        wait_for("answers", partial(asked.have, asked.answered + STUDENTS), 120, lambda: "\n".join(asked.lost))

    after = pods_by_deployment(system)
    replaced = {name for name in before if not before[name] & after[name]}
    print(
        f"\n  {service:<9} in {seconds:3.0f} s: {asked.answered} questions, the longest took {asked.longest:.1f} s, "
        f"{len(asked.lost)} lost, {len(asked.troubles)} taken up again",
        flush=True,
    )
    assert asked.lost == []
    assert asked.not_kept() == []
    assert replaced == {name for name in before if belongs(name, service)}
    assert {name for name in before if before[name] == after[name]} == before.keys() - replaced
    if service == "edge":
        assert asked.troubles == [], "whoever lets streams end first need not have them taken up again"


def test_the_edge_lets_streams_of_a_minute_end(system: System) -> None:
    """All are open when the first pod is told to leave; none is taken up again by its client."""
    troubles: list[LecternError] = []
    policy = replace(PATIENT, observe=lambda trouble, _: troubles.append(trouble))
    begun = threading.Barrier(LONG_STREAMS + 1, timeout=60)
    with ThreadPoolExecutor(LONG_STREAMS) as crowd:
        answers = [crowd.submit(listen, system, f"listener-{number}", policy, begun) for number in range(LONG_STREAMS)]
        begun.wait()
        system.releases.upgrade("edge")
        system.releases.settle()
    seconds = [answer.result() for answer in answers]
    print(f"\n  {LONG_STREAMS} streams of {min(seconds):.0f} to {max(seconds):.0f} s", flush=True)
    assert troubles == []


def listen(system: System, student: str, policy: Policy, begun: threading.Barrier) -> float:
    """Seconds that an answer took; the barrier is passed when its first words are there."""
    began = time.monotonic()
    with system.edge.client(student, policy=policy) as client:
        events = client.ask(system.sample.course, f"{A_MINUTE}, what is a wave? ({student})")
        for event in events:
            if isinstance(event, Delta):
                begun.wait()
                break
        *_, last = events
    assert isinstance(last, Completed), last
    return time.monotonic() - began


def pods_by_deployment(system: System) -> dict[str, set[str]]:
    """The identities of the pods of each kind of process."""
    found: dict[str, set[str]] = {}
    for pod in system.cluster.pods():
        metadata = pod["metadata"]
        found.setdefault(metadata["labels"]["app.kubernetes.io/name"], set()).add(metadata["uid"])
    return found


def belongs(process: str, service: str) -> bool:
    """Whether a process such as lectern-threads-light is of this service's chart."""
    own = {"gateway": ("lectern-gateway", "lectern-dispatcher")}.get(service, (f"lectern-{service}",))
    return process.startswith(own)
