"""A small cluster: what all pods ask for fits it, and what they serve is all there is."""

import re
from pathlib import Path

import pytest
import yaml

from deploy.charts import SOURCE, UMBRELLA, rendered
from kit.jobs.policies import POLICIES
from tests.charts.manifests import Manifest, by_kind, pod_templates, settings
from tests.charts.test_policies import passes

SECRETS = {"jwtSecret": "a", "serviceSecret": "b"}
CLUSTER = {"cpu": 2.0, "memory": 4 * 1024.0}
# What Kubernetes itself asks for on minikube's one node: API server, controllers, scheduler, etcd, DNS.
SYSTEM = {"cpu": 0.85, "memory": 300.0}


@pytest.fixture(scope="module")
def documents(charts: Path) -> list[Manifest]:
    values = yaml.safe_load((SOURCE / UMBRELLA / "values-minikube.yaml").read_text())
    return rendered(charts / UMBRELLA, values | {"trial": values["trial"] | SECRETS})


def amount(text: str | float) -> float:
    """Processors, or mebibytes."""
    found = re.fullmatch(r"([\d.]+)(m|Mi|Gi)?", str(text))
    assert found, text
    return float(found[1]) * {"m": 0.001, "Mi": 1, "Gi": 1024, None: 1}[found[2]]


def asked(spec: Manifest, resource: str) -> float:
    """As the scheduler sees it: all containers at once, or the largest that runs before them."""
    together = sum(amount(each["resources"]["requests"][resource]) for each in spec["containers"])
    before = [amount(each["resources"]["requests"][resource]) for each in spec.get("initContainers", ())]
    return max([together, *before])


@pytest.mark.parametrize("resource", CLUSTER)
def test_all_pods_fit_beside_kubernetes_itself(documents: list[Manifest], resource: str) -> None:
    workloads = {**by_kind(documents, "Deployment"), **by_kind(documents, "StatefulSet")}
    standing = sum(
        each["spec"]["replicas"] * asked(each["spec"]["template"]["spec"], resource) for each in workloads.values()
    )
    # Hooks run one after another, and tests when all stands.
    hooks = [asked(each["spec"]["template"]["spec"], resource) for each in by_kind(documents, "Job").values()]
    tests = [asked(each["spec"], resource) for each in by_kind(documents, "Pod").values()]
    assert hooks
    assert tests
    assert standing + max(hooks + tests) + SYSTEM[resource] <= CLUSTER[resource]
    assert standing + sum(hooks + tests) <= CLUSTER[resource]


def test_there_is_one_of_each_and_all_queues_are_served(documents: list[Manifest]) -> None:
    deployments = by_kind(documents, "Deployment")
    assert {each["spec"]["replicas"] for each in deployments.values()} == {1}
    workers = [name for name in deployments if name.endswith("-workers")]
    assert len(deployments) == 6 + len(workers) == 9
    served = [
        queue
        for name in workers
        for queue in settings(deployments[name]["spec"]["template"]["spec"]["containers"][0])[
            "LECTERN_WORKER_QUEUES"
        ].split(",")
    ]
    assert sorted(served) == sorted(POLICIES.queues)


def test_joined_workers_reach_what_they_call(documents: list[Manifest]) -> None:
    labels = {name: each["metadata"]["labels"] for name, each in pod_templates(documents).items()}
    for service in ("gateway", "threads", "context"):
        assert passes(documents, labels[f"lectern-{service}-workers"], labels["lectern-inference"], 50054), service
    for called, port in (("threads", 50052), ("context", 50053)):
        assert passes(documents, labels["lectern-gateway-workers"], labels[f"lectern-{called}"], port)
