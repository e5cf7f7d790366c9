"""What workers of production can take and what their queues let in fit each other."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.charts import SERVICES, SOURCE, assemble, rendered
from kit.jobs.policies import Policies
from kit.jobs.settings import JobsSettings

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """All charts with their production values."""
    charts = assemble(tmp_path_factory.mktemp("charts"))
    documents = []
    for name in SERVICES:
        values = SOURCE / name / "values-production.yaml"
        documents += rendered(charts / name, yaml.safe_load(Path(values).read_text()) or {})
    return documents


def _environment(deployment: Manifest) -> dict[str, str]:
    container, *_ = deployment["spec"]["template"]["spec"]["containers"]  # the edge's have one that drains beside
    return {each["name"]: each.get("value", "") for each in container.get("env", ())}


def _deployments(documents: list[Manifest]) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == "Deployment"}


def _policies(environment: dict[str, str]) -> Policies:
    limits = environment.get("LECTERN_QUEUE_LIMITS", "{}")
    return JobsSettings(queue_limits=json.loads(limits)).policies


def _most_pods(documents: list[Manifest], deployment: Manifest) -> int:
    name = deployment["metadata"]["name"]
    scaled = [
        each["spec"]["maxReplicaCount"]
        for each in documents
        if each["kind"] == "ScaledObject" and each["spec"]["scaleTargetRef"]["name"] == name
    ]
    return int(scaled[0] if scaled else deployment["spec"]["replicas"])


def _capacities(documents: list[Manifest]) -> dict[str, dict[str, int]]:
    """By class of workers and queue: how many jobs all its pods run at once."""
    capacities = {}
    for name, deployment in _deployments(documents).items():
        environment = _environment(deployment)
        if served := environment.get("LECTERN_WORKER_QUEUES"):
            pods, known = _most_pods(documents, deployment), _policies(environment).queues
            capacities[name] = {queue: pods * known[queue].per_worker for queue in served.split(",")}
    return capacities


def test_the_dispatcher_and_the_gateways_go_by_the_same_limits(production: list[Manifest]) -> None:
    deployments = _deployments(production)
    names = "lectern-dispatcher", "lectern-gateway"
    dispatcher, gateway = (_policies(_environment(deployments[name])).queues for name in names)
    assert dispatcher == gateway


def test_no_worker_is_started_that_its_queues_give_nothing_to(production: list[Manifest]) -> None:
    queues = _policies(_environment(_deployments(production)["lectern-dispatcher"])).queues
    for workers, capacity in _capacities(production).items():
        useful = [queue for queue, jobs in capacity.items() if jobs <= queues[queue].concurrency]
        assert useful, f"{workers} can take {capacity}, more than any of its queues lets in"


def test_what_a_queue_lets_in_its_workers_can_take(production: list[Manifest]) -> None:
    queues = _policies(_environment(_deployments(production)["lectern-dispatcher"])).queues
    scaled = {each["metadata"]["name"] for each in production if each["kind"] == "ScaledObject"}
    for workers, capacity in _capacities(production).items():
        for queue, jobs in capacity.items():
            if workers in scaled:
                assert queues[queue].concurrency <= jobs, f"{workers} can never take what {queue} lets in"


def test_300_documents_are_read_at_once_by_a_hundred_workers_of_three(production: list[Manifest]) -> None:
    queues = _policies(_environment(_deployments(production)["lectern-dispatcher"])).queues
    assert _capacities(production)["lectern-context-documents"] == {"documents": 300}
    assert queues["documents"].concurrency == 300
