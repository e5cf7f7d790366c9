"""Each service upgraded through the umbrella while students read answers."""

import time
from functools import partial

import pytest

from tests.cluster.conftest import System
from tests.questions import STUDENTS, questions
from tests.waiting import wait_for

pytestmark = pytest.mark.timeout(1800)

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
