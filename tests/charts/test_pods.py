"""What an operator adds to the pods arrives at every pod of every chart."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml

from deploy.charts import NAMESPACE, SERVICES, SOURCE, assemble, rendered
from tests.charts.manifests import by_kind, pod_templates, settings

Manifest = dict[str, Any]
WORKLOADS = ("Deployment", "Job")


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("charts"))


@pytest.fixture(scope="module", params=SERVICES)
def added(request: pytest.FixtureRequest, charts: Path) -> tuple[Manifest, list[Manifest]]:
    """The values of a chart with everything switched on, and what it renders by them."""
    values = yaml.safe_load((SOURCE / request.param / "ci" / "everything-values.yaml").read_text())
    return values, rendered(charts / request.param, values)


def test_labels_annotations_and_affinity_arrive_at_every_pod(added: tuple[Manifest, list[Manifest]]) -> None:
    values, documents = added
    templates = [each["spec"]["template"] for each in documents if each["kind"] in WORKLOADS]
    assert templates
    for template in templates:
        assert values["podLabels"].items() <= template["metadata"]["labels"].items()
        assert values["podAnnotations"].items() <= template["metadata"]["annotations"].items()
        assert template["spec"]["affinity"] == values["affinity"]
    [test] = by_kind(documents, "Pod").values()
    assert values["podLabels"].items() <= test["metadata"]["labels"].items()
    assert values["podAnnotations"].items() <= test["metadata"]["annotations"].items(), "or a sidecar keeps it running"
    assert test["spec"]["affinity"] == values["affinity"]


def test_environment_and_volumes_arrive_in_the_containers(added: tuple[Manifest, list[Manifest]]) -> None:
    values, documents = added
    for document in documents:
        if document["kind"] not in WORKLOADS:
            continue
        spec = document["spec"]["template"]["spec"]
        assert all(volume in spec["volumes"] for volume in values["extraVolumes"])
        for container in (spec["containers"][0], *spec.get("initContainers", ())):
            assert all(mount in container["volumeMounts"] for mount in values["extraVolumeMounts"])
            if container["name"] == "envoy":
                continue  # it is configured by a file, which the container before it writes
            assert all(source in container["envFrom"] for source in values["extraEnvFrom"])
            assert container["env"][-len(values["extraEnv"]) :] == values["extraEnv"]


def own_containers(documents: list[Manifest]) -> Iterator[Manifest]:
    """Those that are configured by an environment: of the edge the one that writes Envoy's file."""
    for template in pod_templates(documents).values():
        yield from (template["spec"].get("initContainers") or template["spec"]["containers"])[:1]


@pytest.mark.parametrize("name", SERVICES)
def test_a_setting_has_one_value_and_that_of_the_operator(charts: Path, name: str) -> None:
    ours = {"HOME": "/home", "LECTERN_METRICS_LISTEN": "", "LECTERN_JWT_SECRET": "known"}
    values = {
        "env": ours | {"LECTERN_TRACE_RATIO": 0.1},
        "extraEnv": [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://mine:4317"}],
        "otlpEndpoint": "http://collector:4317",
    }
    for container in own_containers(rendered(charts / name, values)):
        names = [each["name"] for each in container["env"]]
        assert sorted(names) == sorted(set(names)), "server-side apply refuses a name that stands there twice"
        given = settings(container)
        assert given["LECTERN_TRACE_RATIO"] == "0.1"
        assert given["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://mine:4317"
        assert ours.items() <= given.items()


@pytest.mark.parametrize("name", SERVICES)
def test_numbers_of_settings_are_written_out(charts: Path, name: str) -> None:
    values = {
        "env": {"WHOLE": 20_000_000.0, "PART": 0.25, "SWITCH": True, "NOUGHT": 0.0}
    }  # as YAML's come to a template
    for container in own_containers(rendered(charts / name, values)):
        given = settings(container)
        told = [given[each] for each in ("WHOLE", "PART", "SWITCH", "NOUGHT")]
        assert told == ["20000000", "0.25", "true", "0"]


@pytest.mark.parametrize("name", SERVICES)
def test_scraping_by_annotations_can_be_switched_off(charts: Path, name: str) -> None:
    values = {"podAnnotations": {"prometheus.io/scrape": "false"}}
    with helm.Chart.load(charts / name) as loaded:
        text = "\n".join(loaded.render(values=values, name=name, namespace=NAMESPACE).values())
    assert text.count('prometheus.io/scrape: "false"') >= 1
    assert 'prometheus.io/scrape: "true"' not in text


@pytest.mark.parametrize("name", ["gateway", "threads", "context", "inference"])
def test_migrations_wait_for_no_certificate(charts: Path, name: str) -> None:
    documents = rendered(charts / name, {"mtls": {"enabled": True}})
    [job] = [each for each in documents if each["kind"] == "Job"]
    assert "-tls" not in yaml.safe_dump(job), "the release makes it after the job that comes before an upgrade"
    assert "LECTERN_TLS_CERTIFICATE" not in yaml.safe_dump(job)


@pytest.mark.parametrize("name", ["gateway", "threads", "context", "inference"])
def test_migrations_send_no_spans_to_a_collector_that_their_policy_keeps_them_from(charts: Path, name: str) -> None:
    documents = rendered(charts / name, {"otlpEndpoint": "http://collector:4317"})
    environments = {each["metadata"]["name"]: yaml.safe_dump(each) for each in documents if each["kind"] in WORKLOADS}
    told = {name for name, text in environments.items() if "OTEL_EXPORTER_OTLP_ENDPOINT" in text}
    assert told
    [migrations] = environments.keys() - told
    assert migrations.endswith("-migrations")


def test_the_heap_of_the_edge_follows_its_limit(charts: Path) -> None:
    [edge] = by_kind(rendered(charts / "edge", {}), "Deployment").values()
    [container] = own_containers([edge])
    [told] = [each for each in container["env"] if each["name"] == "LECTERN_EDGE_MEMORY_BYTES"]
    assert told["valueFrom"] == {"resourceFieldRef": {"containerName": "envoy", "resource": "limits.memory"}}


def test_labels_are_valid_by_any_version(charts: Path) -> None:
    documents = rendered(charts / "threads", {"image": {"tag": f"{'a' * 62}-{'b' * 60}"}})
    for document in documents:
        for value in document["metadata"].get("labels", {}).values():
            assert re.fullmatch(r"[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?", value)


@pytest.mark.parametrize("amount", [1, 0.5, "1", "1500m", ".5", "2G", "512M", "64Ki", "1Ti"])
def test_what_is_set_aside_may_be_any_quantity(charts: Path, amount: float | str) -> None:
    resources = {"requests": {"cpu": amount, "memory": "1G", "ephemeral-storage": "1Gi"}}
    documents = rendered(charts / "threads", {"threads": {"resources": resources}})
    spec = pod_templates(documents)["lectern-threads"]["spec"]
    assert spec["containers"][0]["resources"]["requests"] == resources["requests"]


@pytest.mark.parametrize("amount", ["1 Gi", "-1", "lots", "1e", ""])
def test_what_is_no_quantity_is_refused(charts: Path, amount: str) -> None:
    with pytest.raises(helm.HelmError):
        rendered(charts / "threads", {"threads": {"resources": {"requests": {"memory": amount}}}})


def test_service_accounts_carry_the_annotations_of_an_identity(added: tuple[Manifest, list[Manifest]]) -> None:
    values, documents = added
    accounts = [each for each in documents if each["kind"] == "ServiceAccount"]
    assert accounts
    for account in accounts:
        assert account["metadata"]["annotations"] == values["serviceAccount"]["annotations"]
        assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", ["edge", "threads"])
def test_a_token_of_the_api_is_mounted_where_it_is_wanted(charts: Path, name: str) -> None:
    documents = rendered(charts / name, {"serviceAccount": {"automount": True}})
    for document in documents:
        if document["kind"] == "ServiceAccount":
            assert document["automountServiceAccountToken"] is True
        elif document["kind"] in WORKLOADS:
            assert document["spec"]["template"]["spec"]["automountServiceAccountToken"] is True


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"podLabels": {"app.kubernetes.io/name": "other"}}, "app.kubernetes.io/name"),
        ({"extraVolumes": [{"name": "tmp", "emptyDir": {}}]}, "extraVolumes/0/name"),
        ({"extraVolumeMounts": [{"name": "authorities"}]}, "mountPath"),
        ({"affinity": {"nodeAfinity": {}}}, "nodeAfinity"),
        ({"serviceAccount": {"name": "other"}}, "name"),
        ({"image": {"pullSecrets": [{"name": "registry"}]}}, "pullSecrets/0"),
    ],
)
def test_what_would_break_the_pods_is_refused_by_name(charts: Path, values: Manifest, key: str) -> None:
    with pytest.raises(helm.HelmError) as refused:
        rendered(charts / "threads", values)
    assert key in str(refused.value)
