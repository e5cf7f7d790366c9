"""Custom resources that the charts render, held against the schemas of KEDA, cert-manager, and others."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from deploy.manifests import Rendering, faults, renderings, table
from deploy.schemas import custom, native

Manifest = Mapping[str, Any]

pytestmark = pytest.mark.timeout(400)  # the first test on a machine installs the schemas

# Kind, path of a field, what it is set to (None takes it away), and what the fault names.
WRONG: list[tuple[str, str, Any, str]] = [
    ("ScaledObject", "spec/triggers/0/metadatas", {}, "/spec/triggers/0/metadatas: unknown field"),
    ("ScaledObject", "spec/scaleTargetRef", None, "scaleTargetRef"),
    ("ScaledObject", "spec/maxReplicaCount", "many", "/spec/maxReplicaCount: must be integer"),
    ("TriggerAuthentication", "spec/secretTargetRef/0/field", "x", "/spec/secretTargetRef/0/field: unknown field"),
    ("Certificate", "spec/privateKey/rotationPolicy", "Sometimes", "/spec/privateKey/rotationPolicy"),
    ("Certificate", "spec/dnsName", [], "/spec/dnsName: unknown field"),
    ("ExternalSecret", "spec/target/names", "x", "/spec/target/names: unknown field"),
    ("PodMonitor", "spec/podMetricsEndpoints/0/every", "15s", "/spec/podMetricsEndpoints/0/every: unknown field"),
    ("PodMonitor", "spec/podMetricsEndpoints/0/interval", "15 s", "/spec/podMetricsEndpoints/0/interval"),
    ("PrometheusRule", "spec/groups/0/rules/0/alarm", "x", "/spec/groups/0/rules/0/alarm: unknown field"),
    ("HTTPRoute", "spec/rules/0/timeouts/request", "never", "/spec/rules/0/timeouts/request"),
    ("GRPCRoute", "spec/rules/0/timeouts", {"request": "0s"}, "/spec/rules/0/timeouts: unknown field"),
    ("GRPCRoute", "metadata/label", {}, "/metadata/label: unknown field"),
    ("GRPCRoute", "kind", "GRPCRouter", "GRPCRouter"),
    ("HTTPRoute", "apiVersion", "gateway.networking.k8s.io/v7", "gateway.networking.k8s.io/v7"),
]


@pytest.fixture(scope="module")
def found() -> Sequence[Rendering]:
    """Every rendering, with its custom resources alone."""
    return [
        Rendering(each.chart, each.values, [it for it in each.documents if custom.is_custom(it)])
        for each in renderings()
    ]


def changed(document: Manifest, path: str, value: Any) -> dict[str, Any]:
    """A copy in which the field at a path of keys and numbers is `value`, or is gone where that is None."""
    copied = copy.deepcopy(dict(document))
    inner: Any = copied
    *keys, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in keys:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copied


def test_every_custom_resource_is_as_its_schema_says(found: Sequence[Rendering]) -> None:
    assert not list(faults(found))
    held = {line.split("  ")[-1].strip() for line in table(found)}
    assert {each.project for each in custom.SOURCES.values()} <= held, "a schema that nothing is held against"


def test_every_file_of_values_is_rendered(found: Sequence[Rendering]) -> None:
    tried = {(each.chart, each.values) for each in found}
    assert {
        ("edge", "values-production.yaml"),
        ("edge", "values-gateway.yaml"),
        ("lectern", "ci/trial-values.yaml"),
    } <= tried


def test_the_umbrella_brings_the_monitoring_along_where_it_is_wanted(found: Sequence[Rendering]) -> None:
    kinds = {(each.chart, each.values): {it["kind"] for it in each.documents} for each in found}
    assert not kinds["lectern", "ci/default-values.yaml"]
    assert kinds["lectern", "ci/monitored-values.yaml"] == {"PodMonitor", "PrometheusRule"}


def test_a_wrong_field_is_a_fault_that_names_it(found: Sequence[Rendering]) -> None:
    known = {document["kind"]: document for each in found for document in each.documents}
    told = custom.faults([changed(known[kind], path, value) for kind, path, value, _ in WRONG])
    for (kind, path, _, fault), faulty in zip(WRONG, told, strict=True):
        assert any(fault in each for each in faulty), (kind, path, faulty)


def test_kubernetes_own_kinds_are_held_against_two_of_its_versions() -> None:
    right = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "a"}, "spec": {}}
    assert native.fault(right) is None
    for wrong, fault in (
        ({**right, "spec": {"maxUnavailabel": 1}}, "maxUnavailabel"),
        ({**right, "metadata": {"name": 7}}, "/metadata/name"),
        ({**right, "apiVersion": "policy/v1beta1"}, "PodDisruptionBudget of policy/v1beta1"),
        ({**right, "kind": "PodDisruptionBudged"}, "PodDisruptionBudged"),
    ):
        assert fault in str(native.fault(wrong))


def test_a_kind_that_no_schema_is_known_for_is_a_fault() -> None:
    unknown = {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "edge"}}
    (told,) = faults([Rendering("edge", "values.yaml", [unknown])])
    assert "IngressRoute" in told
    assert "traefik.io/v1alpha1" in told
