"""Whom the network policies let through, judged as a network would: both ends must allow it."""

from pathlib import Path
from typing import Any

import pytest

from deploy.charts import SERVICES, UMBRELLA, rendered
from tests.charts.manifests import Manifest, by_kind, pod_templates

TRIAL = {"trial": {"enabled": True, "jwtSecret": "a", "serviceSecret": "b"}}
Labels = dict[str, str]


def lets(rules: list[Manifest], side: str, labels: Labels, port: int) -> bool:
    """Whether a rule names these pods by their labels; blocks of addresses are for what is not a pod."""
    for rule in rules:
        named = side not in rule or any(_names(peer, labels) for peer in rule[side])
        if named and any(each["port"] == port for each in rule["ports"]):
            return True
    return False


def _names(peer: Manifest, labels: Labels) -> bool:
    if "podSelector" in peer:
        return bool(peer["podSelector"]["matchLabels"].items() <= labels.items())
    return peer.get("namespaceSelector") == {}


def passes(documents: list[Manifest], caller: Labels, called: Labels, port: int) -> bool:
    """Whether a connection between pods of these labels comes about."""
    policies = [each["spec"] for each in by_kind(documents, "NetworkPolicy").values()]

    def allowed(labels: Labels, way: str, side: str, other: Labels) -> bool:
        own = [each for each in policies if each["podSelector"]["matchLabels"].items() <= labels.items()]
        return any(lets(each.get(way, []), side, other, port) for each in own)

    return allowed(caller, "egress", "to", called) and allowed(called, "ingress", "from", caller)


@pytest.mark.parametrize("name", SERVICES)
def test_a_test_of_a_release_reaches_what_it_asks(charts: Path, name: str) -> None:
    documents = rendered(charts / name, {})
    [pod] = by_kind(documents, "Pod").values()
    asked = pod_templates(documents)[f"lectern-{name}"]
    port = 8080 if name == "edge" else 8086
    assert port in [each["containerPort"] for each in asked["spec"]["containers"][0]["ports"]]
    assert passes(documents, pod["metadata"]["labels"], asked["metadata"]["labels"], port)
    looked_up = [
        each["spec"]["egress"][0]
        for each in by_kind(documents, "NetworkPolicy").values()
        if each["spec"]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    ]
    assert {"port": 53, "protocol": "UDP"} in looked_up[0]["ports"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_test_belongs_to_no_service(charts: Path, name: str) -> None:
    documents = rendered(charts / name, {})
    [pod] = by_kind(documents, "Pod").values()
    for service in by_kind(documents, "Service").values():
        assert not service["spec"]["selector"].items() <= pod["metadata"]["labels"].items(), "calls would arrive at it"


def test_every_process_of_a_trial_reaches_its_data_by_labels_alone(charts: Path) -> None:
    # Networks such as Cilium's match no pod by a block of addresses.
    documents = rendered(charts / UMBRELLA, TRIAL)
    templates = pod_templates(documents)
    for data, port in (("lectern-mongodb", 27017), ("lectern-redis", 6379)):
        for process, template in templates.items():
            if process in ("lectern-edge", "lectern-mongodb", "lectern-redis"):
                continue
            labels: Any = template["metadata"]["labels"]
            assert passes(documents, labels, templates[data]["metadata"]["labels"], port), f"{process} to {data}"


SOMEBODY = {"app.kubernetes.io/name": "ingress-nginx"}


def rules(documents: list[Manifest], name: str, way: str) -> list[Manifest]:
    return list(by_kind(documents, "NetworkPolicy")[name]["spec"][way])


def test_an_ingress_reaches_the_edge_by_any_network(charts: Path) -> None:
    documents = rendered(charts / "edge", {})
    assert lets(rules(documents, "lectern-edge", "ingress"), "from", SOMEBODY, 8080)
    narrowed = {"networkPolicy": {"clients": {"podSelector": {"matchLabels": {"app": "gateway"}}}}}
    of_the_edge = rules(rendered(charts / "edge", narrowed), "lectern-edge", "ingress")
    assert lets(of_the_edge, "from", {"app": "gateway"}, 8080)
    assert not lets(of_the_edge, "from", SOMEBODY, 8080)


@pytest.mark.parametrize("name", ["gateway", "threads", "context", "inference"])
def test_a_service_is_closed_to_everybody_else_and_reaches_stores_in_the_cluster(charts: Path, name: str) -> None:
    documents = rendered(charts / name, {})
    own = f"lectern-{name}"
    for port in (50051, 50052, 50053, 50054, 8081, 8086):
        assert not lets(rules(documents, own, "ingress"), "from", SOMEBODY, port)
    for port in (27017, 6379, 6380, 4317):
        assert lets(rules(documents, own, "egress"), "to", SOMEBODY, port), "by whatever labels they have there"
    assert not lets(rules(documents, own, "egress"), "to", SOMEBODY, 50055)
