"""What scales by what: figures that really exist, and never more pods than find work."""

import json
import re
from pathlib import Path
from typing import Any

import pymongo
import pytest
import yaml
from lectern.inference.v1 import generation_pb2_grpc
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bench.fake_provider.process import fake_provider
from deploy.charts import SERVICES, SOURCE, rendered
from kit.jobs.policies import POLICIES
from tests.charts.manifests import Manifest, by_kind
from tests.inference import STUDENT, inference, providers_json, question

PROMETHEUS = {"inference": {"scaling": {"enabled": True, "prometheus": "http://prometheus:9090"}}}


def triggers(scaled: Manifest, kind: str) -> list[Manifest]:
    return [each["metadata"] for each in scaled["spec"]["triggers"] if each["type"] == kind]


def worker(charts: Path, name: str, kind: str, **scaling: Any) -> Manifest:
    values = {"workers": {kind: {"scaling": {"enabled": True, **scaling}}}}
    return by_kind(rendered(charts / name, values), "ScaledObject")[f"lectern-{name}-{kind}"]


async def test_inference_scales_by_series_that_a_serving_instance_has(
    charts: Path, monkeypatch: pytest.MonkeyPatch, redis_url: str, mongodb_uri: str
) -> None:
    scaled = by_kind(rendered(charts / "inference", PROMETHEUS), "ScaledObject")["lectern-inference"]
    [asked] = triggers(scaled, "prometheus")
    found = re.fullmatch(r"sum\((\w+)\{(.*)\}\)", asked["query"])
    assert found
    matchers = dict(re.findall(r'(\w+)="([^"]*)"', found[2]))

    def streams() -> float:
        families = text_string_to_metric_families(generate_latest(REGISTRY).decode())
        samples = [each for family in families for each in family.samples if each.name == found[1]]
        chosen = [each for each in samples if matchers.items() <= each.labels.items()]
        return sum(each.value for each in chosen)

    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("MONGODB_URI", mongodb_uri)
    async with (
        fake_provider({"words": 30, "words_per_second": 20}) as provider,
        inference(providers_json(provider)) as peer,
    ):
        before = streams()
        stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)
        events = aiter(peer.stream(stub.StreamGenerate, question(), STUDENT, timeout=60))
        await anext(events)
        assert streams() == before + 1
        async for _ in events:
            pass
        assert streams() == before


def test_labels_tell_one_system_from_others(charts: Path) -> None:
    scaling = PROMETHEUS["inference"]["scaling"] | {"prometheusLabels": {"namespace": "lectern"}}
    scaled = by_kind(rendered(charts / "inference", {"inference": {"scaling": scaling}}), "ScaledObject")
    [asked] = triggers(scaled["lectern-inference"], "prometheus")
    assert ', namespace="lectern"}' in asked["query"]


def test_charts_know_the_limits_of_queues(charts: Path) -> None:
    text = (SOURCE / "lectern-lib" / "templates" / "_queues.tpl").read_text()
    table = yaml.safe_load(text.split('define "lectern.queues" -}}')[1].split("{{- end")[0])
    assert table == {
        name: {"atOnce": queue.concurrency, "perWorker": queue.per_worker} for name, queue in POLICIES.queues.items()
    }


@pytest.mark.parametrize("name", SERVICES)
def test_a_full_or_held_queue_grows_no_more_pods_than_its_limit_employs(charts: Path, name: str) -> None:
    values = yaml.safe_load((SOURCE / name / "values.yaml").read_text())
    for kind in values.get("workers", {}):
        scaled = worker(charts, name, kind, max=1000)
        [backlog, *_] = triggers(scaled, "mongodb")
        queues = json.loads(backlog["query"])["queue"]["$in"]
        useful = max(-(-POLICIES.queues[queue].concurrency // POLICIES.queues[queue].per_worker) for queue in queues)
        assert scaled["spec"]["maxReplicaCount"] == useful, kind


def test_a_limit_that_was_raised_lets_more_workers_in(charts: Path) -> None:
    scaled = worker(charts, "context", "documents", max=500, jobsAtOnce={"documents": 360})
    assert scaled["spec"]["maxReplicaCount"] == 120
    assert worker(charts, "gateway", "turns", min=3, max=100)["spec"]["maxReplicaCount"] == 3


@pytest.mark.parametrize("name", SERVICES)
def test_what_scales_is_found_by_the_commands_of_the_documents(charts: Path, name: str) -> None:
    """To restore a backup, docs/operations.md asks for all by one label, and deployments by their scalers' names."""
    values = yaml.safe_load((SOURCE / name / "values-production.yaml").read_text())
    if name == "inference":
        values["inference"]["scaling"] |= PROMETHEUS["inference"]["scaling"]
    documents = rendered(charts / name, values)
    deployments = by_kind(documents, "Deployment")
    scalers = by_kind(documents, "HorizontalPodAutoscaler") | by_kind(documents, "ScaledObject")
    assert scalers.keys() <= deployments.keys()
    for each in (*scalers.values(), *deployments.values()):
        assert each["metadata"]["labels"]["app.kubernetes.io/part-of"] == "lectern", each["metadata"]["name"]


@pytest.mark.parametrize(("cpu", "memory", "kinds"), [(70, 0, ["cpu"]), (0, 80, ["memory"]), (0, 0, [])])
def test_what_is_not_looked_at_is_no_trigger(charts: Path, cpu: int, memory: int, kinds: list[str]) -> None:
    scaling = PROMETHEUS["inference"]["scaling"] | {"cpuPercent": cpu, "memoryPercent": memory}
    scaled = by_kind(rendered(charts / "inference", {"inference": {"scaling": scaling}}), "ScaledObject")
    found = [each["type"] for each in scaled["lectern-inference"]["spec"]["triggers"]]
    assert found == ["prometheus", *kinds]
    assert not triggers(worker(charts, "threads", "light", cpuPercent=0), "cpu"), "KEDA refuses an aim of 0"


def test_what_waits_asks_for_workers_and_what_runs_keeps_them(charts: Path, mongodb_uri: str) -> None:
    metadata = triggers(worker(charts, "threads", "light"), "mongodb")
    with pymongo.MongoClient[dict[str, Any]](mongodb_uri) as client:
        jobs = client[metadata[0]["dbName"] + "-of-charts"][metadata[0]["collection"]]
        jobs.drop()
        states = [("queued", False)] * 3 + [("queued", True)] * 5 + [("running", False)] * 2 + [("failed", False)]
        for queue in ("titles", "analytics", "reports"):
            jobs.insert_many([{"queue": queue, "state": state, "delayed": delayed} for state, delayed in states])
        counted = [(jobs.count_documents(json.loads(each["query"])), each["queryValue"]) for each in metadata]
    assert counted == [(6, "10"), (2, "8"), (2, "8")]
