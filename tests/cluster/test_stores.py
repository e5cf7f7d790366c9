"""The stores of a trial, whose pods are replaced: they keep what they have, and everyone finds them again."""

from functools import partial

import pytest

from tests.cluster.conftest import System
from tests.waiting import wait_for

pytestmark = pytest.mark.timeout(1800)


@pytest.mark.parametrize("store", ["lectern-redis", "lectern-mongodb"])
def test_a_store_that_is_replaced_is_found_again(system: System, store: str) -> None:
    question = f"What does a wave carry, {store}?"
    with system.edge.client("keeper") as student:
        before = student.create_turn(system.sample.course, question)
        system.cluster.kubectl("delete", "pod", f"{store}-0", "--wait")
        system.releases.settle()
        seconds = wait_for("every dependency", partial(well, system), 120, lambda: str(system.edge.sick_dependencies()))
        print(f"\n  {store} was found {seconds:.0f} s after its pod was ready", flush=True)

        assert question in {message.text for message in student.threads.messages(before.thread)}
        after = student.create_turn(system.sample.course, f"And after that, {store}?")
        assert (after.thread, after.degraded) == (before.thread, False)
    assert system.cluster.restarts() == {}, "a process that waits for a store need not begin again"


def well(system: System) -> bool:
    return system.edge.sick_dependencies() == {}
