"""Which queues a worker serves, of those that it knows."""

import pytest

from kit.jobs.policies import POLICIES
from kit.jobs.work import Actors, Work
from kit.jobs.worker.process import serving


async def act(work: Work) -> None: ...


@pytest.fixture
def actors() -> Actors:
    made = Actors()
    for kind in ("generate_title", "record_analytics", "generate_report"):
        made.add(kind, act)
    return made


def test_a_worker_serves_all_queues_that_it_knows(actors: Actors) -> None:
    assert serving(actors, "", POLICIES).kinds == actors.kinds


def test_or_those_that_it_is_told(actors: Actors) -> None:
    assert serving(actors, "titles, analytics", POLICIES).kinds == {"generate_title", "record_analytics"}


@pytest.mark.parametrize("queue", ["documents", "no-such-queue"])
def test_a_queue_that_it_does_not_know_stops_it(actors: Actors, queue: str) -> None:
    with pytest.raises(ValueError, match="no actors for"):
        serving(actors, queue, POLICIES)
