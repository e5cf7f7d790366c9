"""The chart monitoring: what it scrapes, and that rules and dashboards arrive as they are written."""

import json
import re
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml

from deploy.charts import MONITORING, SERVICES, SOURCE, assemble, rendered
from tests.charts.manifests import by_kind

Manifest = dict[str, Any]
NAME = "app.kubernetes.io/name"


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("charts"))


def kinds(documents: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def selects(selector: Manifest, labels: Manifest) -> bool:
    """What a PodMonitor's selector says of a pod, for the operators that are used here."""
    assert all(each["operator"] == "NotIn" for each in selector.get("matchExpressions", ()))
    return selector["matchLabels"].items() <= labels.items() and not any(
        labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", ())
    )


def relabelled(rules: list[Manifest], labels: dict[str, str]) -> dict[str, str]:
    """The labels after Prometheus' rules of the action `replace`: whole matches, values joined by semicolons."""
    labels = dict(labels)
    for rule in rules:
        value = ";".join(labels.get(name, "") for name in rule.get("sourceLabels", ()))
        if found := re.fullmatch(rule.get("regex", "(.*)"), value):
            labels[rule["targetLabel"]] = found.expand(rule.get("replacement", "$1").replace("$", "\\"))
    return labels


def test_every_process_is_scraped_once_and_known_by_its_service(charts: Path) -> None:
    prefix = "tutors-2"
    monitors = kinds(rendered(charts / MONITORING, {"prefix": prefix}), "PodMonitor")
    known: dict[str, set[str]] = {}
    for chart in SERVICES:
        documents = rendered(charts / chart, {"prefix": prefix})
        for name, deployment in kinds(documents, "Deployment").items():
            template = deployment["spec"]["template"]
            labels = template["metadata"]["labels"]
            (monitor,) = (each for each in monitors.values() if selects(each["spec"]["selector"], labels))
            (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
            container = template["spec"]["containers"][0]
            (number,) = (port["containerPort"] for port in container["ports"] if port["name"] == endpoint["port"])
            let_in = kinds(documents, "NetworkPolicy")[name]["spec"]["ingress"]
            assert number in [port["port"] for rule in let_in for port in rule["ports"]]
            series = relabelled(
                endpoint["relabelings"],
                {
                    "job": "namespace/monitor",
                    "__meta_kubernetes_pod_label_app_kubernetes_io_name": labels[NAME],
                    "__meta_kubernetes_pod_container_name": container["name"],
                },
            )
            assert series["job"] == "lectern"
            assert f"{prefix}-{series['component']}" == labels[NAME]
            known.setdefault(series["service"], set()).add(series["component"])
    servers = {"edge", "gateway", "dispatcher", "threads", "context", "inference"}
    assert known.keys() == servers | {"gateway-worker", "threads-worker", "context-worker"}
    assert all(known[server] == {server} for server in servers)
    assert known["threads-worker"] == {"threads-light", "threads-reports", "threads-upkeep"}


def test_rules_and_dashboards_arrive_as_they_are_written(charts: Path, tmp_path: Path) -> None:
    chart = assemble(tmp_path) / MONITORING
    rules = {
        "groups": [
            {
                "name": "jobs",
                "rules": [{"alert": "A", "expr": "up < 1", "annotations": {"summary": "{{ $labels.queue }} <&"}}],
            }
        ]
    }
    dashboard = {"title": "Ünï", "panels": [{"legendFormat": "{{instance}} 'x' \"y\"", "text": "two\nlines <b> \\d %"}]}
    (chart / "rules" / "jobs.yaml").write_text("# Why.\n" + yaml.safe_dump(rules))
    (chart / "dashboards").mkdir(exist_ok=True)
    (chart / "dashboards" / "over-view.json").write_text(json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n")
    documents = rendered(chart, {})
    assert kinds(documents, "PrometheusRule")["lectern-jobs"]["spec"] == rules
    found = kinds(documents, "ConfigMap")["lectern-dashboard-over-view"]
    assert json.loads(found["data"]["over-view.json"]) == dashboard
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert found["metadata"]["annotations"] == {"grafana_folder": "Lectern"}


def test_every_file_of_rules_and_dashboards_is_rendered(charts: Path) -> None:
    documents = rendered(charts / MONITORING, {})
    folder = SOURCE / MONITORING
    rules = {each.stem: yaml.safe_load(each.read_text()) for each in folder.glob("rules/*.yaml")}
    assert rules
    found = kinds(documents, "PrometheusRule")
    assert {name.removeprefix("lectern-"): each["spec"] for name, each in found.items()} == rules
    dashboards = {each.name: json.loads(each.read_text()) for each in folder.glob("dashboards/*.json")}
    held = {name: text for each in kinds(documents, "ConfigMap").values() for name, text in each["data"].items()}
    assert {name: json.loads(text) for name, text in held.items()} == dashboards


def test_the_labels_by_which_they_are_chosen_are_the_operators(charts: Path) -> None:
    values = yaml.safe_load((SOURCE / MONITORING / "ci" / "everything-values.yaml").read_text())
    documents = rendered(charts / MONITORING, values)
    chosen = [each for each in documents if each["kind"] in ("PodMonitor", "PrometheusRule")]
    assert len(chosen) > 2
    assert all(each["metadata"]["labels"]["release"] == "prometheus" for each in chosen)
    (edge,) = kinds(documents, "PodMonitor")["tutors-edge"]["spec"]["podMetricsEndpoints"]
    assert (edge["port"], edge["path"], edge["interval"], edge["scrapeTimeout"]) == (
        "stats",
        "/stats/prometheus",
        "30s",
        "20s",
    )


@pytest.mark.parametrize(
    ("off", "gone"),
    [("podMonitor", "PodMonitor"), ("prometheusRule", "PrometheusRule"), ("dashboards", "ConfigMap")],
)
def test_each_part_has_a_switch(tmp_path: Path, off: str, gone: str) -> None:
    chart = assemble(tmp_path) / MONITORING
    (chart / "dashboards").mkdir(exist_ok=True)
    (chart / "dashboards" / "one.json").write_text("{}")
    every = {"PodMonitor", "PrometheusRule", "ConfigMap"}
    assert {each["kind"] for each in rendered(chart, {})} == every
    assert {each["kind"] for each in rendered(chart, {off: {"enabled": False}})} == every - {gone}


def test_wrong_values_fail_with_a_message_that_names_the_key(charts: Path) -> None:
    for values, key in (
        ({"podMonitor": {"interval": "often"}}, "podMonitor/interval"),
        ({"alerts": {}}, "alerts"),
        ({"dashboards": {"labels": {"grafana_dashboard": 1}}}, "grafana_dashboard"),
    ):
        with pytest.raises(helm.HelmError) as refused:
            rendered(charts / MONITORING, values)
        assert key in str(refused.value)


def test_alerts_lead_to_where_people_read_what_to_do(charts: Path) -> None:
    wiki = "https://wiki.example.org/lectern/operations"
    documents = rendered(charts / MONITORING, {"prometheusRule": {"runbooks": wiki}})
    groups = [group for each in by_kind(documents, "PrometheusRule").values() for group in each["spec"]["groups"]]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    urls = {rule["alert"]: rule["annotations"]["runbook_url"] for rule in alerts}
    assert urls
    assert urls == {name: f"{wiki}#{name.lower()}" for name in urls}
