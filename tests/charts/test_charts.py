"""The charts as Helm renders them, held against Kubernetes' schemas, the architecture and Envoy."""

import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml

from deploy.chart_readmes import readme
from deploy.charts import MONITORING, RELEASES, SERVICES, SOURCE, UMBRELLA, rendered
from deploy.envoy.config import EdgeConfig
from deploy.envoy.render import write
from deploy.manifests import cases
from deploy.schemas import custom, native
from local.binaries import envoy
from tests.charts.manifests import Manifest, by_kind, pods, settings

CASES = list(cases())
POD_CASES = [case for case in CASES if case[0] != MONITORING]
# How long a process may take from its signal to its end, in seconds; the edge leaves within its drain.
STOPPING = ("LECTERN_LEAVE_SECONDS", "LECTERN_DRAIN_SECONDS", "LECTERN_EDGE_DRAIN_SECONDS")


def manifests(charts: Path, name: str, values: Path) -> list[Manifest]:
    return rendered(charts / name, yaml.safe_load(values.read_text()) or {})


@pytest.mark.parametrize(("name", "values"), CASES, ids=lambda case: getattr(case, "stem", case))
def test_a_chart_is_sound_and_what_it_renders_is_known_to_kubernetes(charts: Path, name: str, values: Path) -> None:
    report = helm.lint(charts / name, yaml.safe_load(values.read_text()) or {}, strict=True)
    assert not [message for message in report["messages"] if message["severity"] > 1]
    documents = manifests(charts, name, values)
    assert documents
    for document in documents:
        assert custom.is_custom(document) or not native.fault(document)  # the others: test_custom_resources.py


@pytest.mark.parametrize(("name", "values"), POD_CASES, ids=lambda case: getattr(case, "stem", case))
def test_every_pod_is_restricted_bounded_and_told_when_to_stop(charts: Path, name: str, values: Path) -> None:
    found = list(pods(manifests(charts, name, values)))
    assert found
    for pod, spec in found:
        assert spec["automountServiceAccountToken"] is False, pod
        assert spec["securityContext"]["runAsNonRoot"] is True, pod
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, pod
        for container in (*spec["containers"], *spec.get("initContainers", ())):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True, pod
            assert security["allowPrivilegeEscalation"] is False, pod
            assert security["capabilities"] == {"drop": ["ALL"]}, pod
            assert set(container["resources"]) == {"requests", "limits"}, pod
            for variable in container.get("env", ()):
                assert "SECRET" not in variable["name"] or "valueFrom" in variable, pod


def test_every_deployment_is_guarded_and_steps_down_slowly(charts: Path) -> None:
    for name in SERVICES:
        documents = manifests(charts, name, SOURCE / name / "ci" / "everything-values.yaml")
        named = {(each["kind"], each["metadata"]["name"]) for each in documents}
        for document in documents:
            if document["kind"] != "Deployment":
                continue
            own = document["metadata"]["name"]
            for kind in ("ServiceAccount", "PodDisruptionBudget", "NetworkPolicy", "Certificate"):
                assert (kind, own) in named
            assert document["spec"]["minReadySeconds"] == 5
            scaled = ("HorizontalPodAutoscaler", own) in named or ("ScaledObject", own) in named
            assert scaled is ("replicas" not in document["spec"])
            spec = document["spec"]["template"]["spec"]
            assert "@sha256:" in spec["containers"][0]["image"] or name == "edge"
            given = {name: value for each in spec["containers"] for name, value in settings(each).items()}
            longest = sum(int(value) for name, value in given.items() if name in STOPPING)
            first = spec["containers"][0].get("lifecycle", {}).get("preStop", {})
            longest += first.get("sleep", {}).get("seconds", 0)
            assert longest > 0
            assert spec["terminationGracePeriodSeconds"] > longest


def test_prometheus_reaches_every_process(charts: Path) -> None:
    for name in ("gateway", "threads", "context", "inference"):
        documents = manifests(charts, name, SOURCE / name / "ci" / "everything-values.yaml")
        policies = {each["metadata"]["name"]: each["spec"] for each in documents if each["kind"] == "NetworkPolicy"}
        deployments = [each for each in documents if each["kind"] == "Deployment"]
        assert deployments
        for deployment in deployments:
            template, component = deployment["spec"]["template"], deployment["metadata"]["name"]
            assert template["metadata"]["annotations"]["prometheus.io/port"] == "9464", component
            [container] = template["spec"]["containers"]
            environment = {each["name"]: each.get("value") for each in container["env"]}
            assert environment["LECTERN_METRICS_LISTEN"] == "0.0.0.0:9464", component
            ports = [port["port"] for rule in policies[component]["ingress"] for port in rule["ports"]]
            assert 9464 in ports, component


def test_prometheus_reaches_the_edge(charts: Path) -> None:
    documents = manifests(charts, "edge", SOURCE / "edge" / "ci" / "everything-values.yaml")
    [deployment] = [each for each in documents if each["kind"] == "Deployment"]
    policy = by_kind(documents, "NetworkPolicy")["lectern-edge"]
    template = deployment["spec"]["template"]
    told = {name: template["metadata"]["annotations"][f"prometheus.io/{name}"] for name in ("port", "path")}
    assert told == {"port": "9464", "path": "/stats/prometheus"}
    [rendering], [envoy, *_] = template["spec"]["initContainers"], template["spec"]["containers"]
    assert {"name": "LECTERN_EDGE_METRICS_LISTEN", "value": "0.0.0.0:9464"} in rendering["env"]
    assert {"name": "metrics", "containerPort": 9464} in envoy["ports"]
    monitored = [rule for rule in policy["spec"]["ingress"] if 9464 in [port["port"] for port in rule["ports"]]]
    assert [len(rule["ports"]) for rule in monitored] == [1]


def test_each_database_is_migrated_before_its_owner_is_upgraded(charts: Path) -> None:
    modules = {}
    for name in ("gateway", "threads", "context", "inference"):
        documents = manifests(charts, name, SOURCE / name / "ci" / "everything-values.yaml")
        [job] = [each for each in documents if each["kind"] == "Job"]
        assert "pre-upgrade" in job["metadata"]["annotations"]["helm.sh/hook"]
        labels = job["spec"]["template"]["metadata"]["labels"]
        [policy] = [
            each["spec"]
            for each in documents
            if each["kind"] == "NetworkPolicy" and each["metadata"]["name"] == job["metadata"]["name"]
        ]
        assert policy["podSelector"]["matchLabels"].items() <= labels.items()
        services = [each["spec"]["selector"] for each in documents if each["kind"] == "Service"]
        assert not any(selector.items() <= labels.items() for selector in services), "nobody's calls arrive at it"
        modules[name] = job["spec"]["template"]["spec"]["containers"][0]["command"][-1]
    assert modules == {
        "gateway": "kit.jobs.migrate",
        "threads": "services.threads.migrate",
        "context": "services.context.migrate",
        "inference": "services.inference.migrate",
    }
    assert all(find_spec(module) for module in modules.values())


def test_workers_serve_every_queue_once(charts: Path) -> None:
    from kit.jobs.policies import POLICIES

    served: list[str] = []
    for name in SERVICES:
        for _, spec in pods(manifests(charts, name, SOURCE / name / "ci" / "default-values.yaml")):
            served += filter(None, settings(spec["containers"][0]).get("LECTERN_WORKER_QUEUES", "").split(","))
    assert sorted(served) == sorted(POLICIES.queues)


def test_production_values_are_those_that_were_asked_for(charts: Path) -> None:
    scaled: dict[str, tuple[int, int]] = {}
    for name in SERVICES:
        for document in manifests(charts, name, SOURCE / name / "values-production.yaml"):
            spec = document.get("spec", {})
            if document["kind"] == "HorizontalPodAutoscaler":
                scaled[document["metadata"]["name"]] = (spec["minReplicas"], spec["maxReplicas"])
            elif document["kind"] == "ScaledObject":
                scaled[document["metadata"]["name"]] = (spec["minReplicaCount"], spec["maxReplicaCount"])
    assert scaled["lectern-gateway"] == (10, 50)
    assert scaled["lectern-context-documents"] == (10, 100)
    assert "lectern-inference" in scaled


@pytest.mark.parametrize(
    ("name", "values", "key"),
    [
        ("gateway", {"gateway": {"replicas": 0}}, "gateway/replicas"),
        ("gateway", {"gateway": {"scaling": {"cpuPercent": 170}}}, "cpuPercent"),
        ("threads", {"workers": {"titles": {}}}, "titles"),
        ("context", {"image": {"digest": "latest"}}, "digest"),
        ("inference", {"inference": {"resources": {"limits": {"gpu": "1"}}}}, "gpu"),
        ("edge", {"service": {"type": "Loadbalancer"}}, "type"),
        ("edge", {"upstreams": {"gatway": "x:1"}}, "gatway"),
        (UMBRELLA, {"threads": {"repliccas": 3}}, "repliccas"),
        (UMBRELLA, {"trial": {"enabled": True}}, "trial.jwtSecret"),
    ],
)
def test_wrong_values_fail_with_a_message_that_names_the_key(
    charts: Path, name: str, values: dict[str, Any], key: str
) -> None:
    with pytest.raises(helm.HelmError) as refused:
        rendered(charts / name, values)
    assert key in str(refused.value)


@pytest.mark.parametrize("values", ["default", "everything"])
def test_envoy_takes_the_configuration_that_the_chart_renders(charts: Path, tmp_path: Path, values: str) -> None:
    target = tmp_path / "envoy.yaml"
    environment = edge_environment(manifests(charts, "edge", SOURCE / "edge" / "ci" / f"{values}-values.yaml"))
    environment["LECTERN_EDGE_DESCRIPTORS"] = str(tmp_path / "descriptors.binpb")
    for file in ("CERTIFICATE", "PRIVATE_KEY", "AUTHORITY"):
        environment.pop(f"LECTERN_TLS_{file}", None)  # cert-manager's files; they are tested where there are some
    write(EdgeConfig.from_environment(environment), target)
    checked = subprocess.run(
        [envoy(), "--mode", "validate", "-c", target, "--log-level", "error"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def edge_environment(documents: list[Manifest]) -> dict[str, str]:
    """What the container that writes the configuration is given; what a cluster alone knows stood in for."""
    (edge,) = (each for each in documents if each["kind"] == "Deployment")
    (writer,) = edge["spec"]["template"]["spec"]["initContainers"]
    known = {"secretKeyRef": "not-a-secret", "resourceFieldRef": str(2**30)}
    return {
        each["name"]: each["value"] if "value" in each else known[next(iter(each["valueFrom"]))]
        for each in writer["env"]
    }


@pytest.mark.parametrize("name", [*RELEASES, UMBRELLA])
def test_the_readme_tells_the_values_as_they_are(name: str) -> None:
    assert (SOURCE / name / "README.md").read_text() == readme(SOURCE / name)


def test_compose_starts_every_process_that_the_charts_do(charts: Path) -> None:
    composed = yaml.safe_load((SOURCE.parent / "compose" / "compose.yaml").read_text())["services"]
    commands = {tuple(each["command"]) for each in composed.values() if each.get("command", [""])[0] == "python"}
    charted = {
        tuple(spec["containers"][0]["command"])
        for name in SERVICES
        for pod, spec in pods(manifests(charts, name, SOURCE / name / "ci" / "default-values.yaml"))
        if "command" in spec["containers"][0] and not pod.endswith(("-test", "-migrations"))
    }
    assert charted <= commands
    scraped = yaml.safe_load((SOURCE.parent / "compose" / "prometheus.yaml").read_text())["scrape_configs"][0]
    own = {name for name, each in composed.items() if "LECTERN_METRICS_LISTEN" in each.get("environment", {})}
    assert set(scraped["dns_sd_configs"][0]["names"]) == own | {"edge"}
    for name, service in composed.items():
        for needed in service.get("depends_on", {}):
            assert needed in composed, name
