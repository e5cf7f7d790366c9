"""The umbrella by values-minikube.yaml: one of each, in a namespace of its own."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.charts import SOURCE, UMBRELLA
from tests.cluster import provider
from tests.cluster.conftest import edge_of, namespace
from tests.cluster.kubernetes import Cluster
from tests.cluster.releases import INSTALL_SECONDS, Releases, base_values

pytestmark = pytest.mark.timeout(1800)

VALUES = SOURCE / UMBRELLA / "values-minikube.yaml"
CLAIMS = {"persistentvolumeclaims/data-lectern-redis-0", "persistentvolumeclaims/data-lectern-mongodb-0"}


@pytest.fixture(scope="module")
def small() -> Iterator[Cluster]:
    with namespace("lectern-small") as ours:
        provider.install(ours)
        yield ours


def test_it_answers_and_leaves_nothing_but_its_claims(small: Cluster, charts: Path) -> None:
    releases, began = Releases(small, charts), time.monotonic()
    releases.install(base_values(), "-f", str(VALUES))
    releases.settle(INSTALL_SECONDS)
    print(f"\n  {len(small.pods())} pods ready {time.monotonic() - began:.0f} s after helm install", flush=True)
    edge = edge_of(small)
    sample = asyncio.run(edge.import_sample())

    assert edge.sick_dependencies() == {}
    with edge.client("student") as student:
        assert student.create_turn(sample.course, "What does a wave carry?", video_url=sample.video_url).citations

    releases.uninstall(UMBRELLA, leaving=CLAIMS)
