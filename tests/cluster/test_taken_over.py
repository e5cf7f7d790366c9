"""The umbrella handed over to a release of each service, and these uninstalled."""

import pytest

from deploy.charts import SERVICES
from tests.cluster.conftest import System
from tests.cluster.test_replaced import pods_by_deployment

pytestmark = pytest.mark.timeout(1800)

RELEASES = sorted(f"lectern-{service}" for service in SERVICES)
# The stores of a trial have no owner any more; claims outlive a StatefulSet. The rest is the tests' own.
STORES = {
    *("secrets/lectern", "networkpolicies/lectern-trial"),
    *(
        f"{kind}/{name}{suffix}"
        for name in ("lectern-redis", "lectern-mongodb")
        for kind, suffix in (("statefulsets", ""), ("services", ""), ("networkpolicies", ""), ("pods", "-0"))
    ),
    *("persistentvolumeclaims/data-lectern-redis-0", "persistentvolumeclaims/data-lectern-mongodb-0"),
}


def test_a_hand_over_replaces_no_pod(system: System) -> None:
    before = pods_by_deployment(system)
    system.releases.hand_over()
    system.releases.settle()

    assert pods_by_deployment(system) == before
    assert system.releases.names() == RELEASES
    assert [system.releases.test(release) for release in RELEASES] == [1] * len(RELEASES)
    assert system.edge.sick_dependencies() == {}


def test_uninstalled_releases_leave_the_stores_alone(system: System) -> None:
    system.releases.uninstall(*RELEASES, leaving=STORES)
