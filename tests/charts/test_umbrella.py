"""One release for all, and a release for each: what an upgrade of one service touches."""

from pathlib import Path
from typing import Any

import pytest

from deploy.charts import SERVICES, UMBRELLA, rendered
from tests.charts.manifests import Manifest, by_kind, pod_templates

OWNERS = {"dispatcher": "gateway", "jobs-migrations": "gateway"}


def owner(workload: str) -> str:
    """The chart that a workload such as lectern-threads-light belongs to."""
    part = workload.removeprefix("lectern-")
    return OWNERS.get(part, part.partition("-")[0])


@pytest.mark.parametrize("name", SERVICES)
def test_the_umbrella_upgrades_one_service_alone(charts: Path, name: str) -> None:
    before = pod_templates(rendered(charts / UMBRELLA, {}))
    after = pod_templates(rendered(charts / UMBRELLA, {name: {"image": {"tag": "9.9.9"}}}))
    assert before.keys() == after.keys()
    changed = {owner(workload) for workload in before if before[workload] != after[workload]}
    assert changed == {name}


def test_another_version_of_the_charts_replaces_no_pods_by_itself(charts: Path, tmp_path: Path) -> None:
    documents = rendered(charts / UMBRELLA, {})
    for workload, template in pod_templates(documents).items():
        text = str(template)
        assert "helm.sh/chart" not in text, workload
        assert "managed-by" not in text, workload
        assert "app.kubernetes.io/instance" not in text, f"{workload}: taking it over would replace it"


@pytest.mark.parametrize("name", SERVICES)
def test_a_release_of_its_own_takes_over_what_the_umbrella_had(charts: Path, name: str) -> None:
    # `helm upgrade --install lectern-threads deploy/helm/threads --take-ownership`: the same things, no pod replaced.
    umbrella, alone = rendered(charts / UMBRELLA, {}), rendered(charts / name, {})

    def steady(documents: list[Manifest], kind: str) -> dict[str, Any]:
        return {title: each["spec"] for title, each in by_kind(documents, kind).items()}

    for kind in ("Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget"):
        mine = steady(alone, kind)
        assert mine
        assert mine.items() <= steady(umbrella, kind).items(), kind


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_be_left_out_of_the_umbrella(charts: Path, name: str) -> None:
    left = pod_templates(rendered(charts / UMBRELLA, {name: {"enabled": False}}))
    assert {owner(workload) for workload in left} == set(SERVICES) - {name}
