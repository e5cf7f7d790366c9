"""The dashboards as files: what the code says, laid out for a screen, each panel with what its reader needs."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.dashboards.drawing import Line, Shown, drawn
from deploy.dashboards.files import BOARDS, FOLDER, rendered
from deploy.dashboards.units import written
from local.programs.observe import scraping

ROOT = Path(__file__).parents[2]
RENDERED = {name: json.loads(text) for name, text in rendered().items()}
PANELS = [(name, panel) for name, board in RENDERED.items() for panel in board["panels"] if panel["type"] != "row"]
TITLED = [f"{name}/{panel['title']}" for name, panel in PANELS]
UNITS = {"percentunit", "s", "none", "reqps", "short", "ops", "bytes", "Bps", "currencyUSD"}


def test_the_files_are_what_the_code_says() -> None:
    assert {path.name: path.read_text() for path in FOLDER.glob("*.json")} == rendered()


def test_each_has_an_address_of_its_own_and_leads_to_the_others() -> None:
    assert len({board["uid"] for board in RENDERED.values()}) == len(BOARDS)
    for board in RENDERED.values():
        [link] = board["links"]
        assert (link["type"], link["tags"], link["keepTime"]) == ("dashboards", board["tags"], True)
        assert "ALERTS{" in board["annotations"]["list"][0]["expr"]
        assert board["templating"]["list"][0]["name"] == "datasource"


def test_annotations_name_the_severities_that_alerts_have() -> None:
    rules = [yaml.safe_load(path.read_text()) for path in (FOLDER.parent / "rules").glob("*.yaml")]
    alerts = [rule for file in rules for group in file["groups"] for rule in group["rules"] if "alert" in rule]
    assert {rule["labels"]["severity"] for rule in alerts} == {"page", "ticket"}


@pytest.mark.parametrize("name", RENDERED)
def test_panels_fill_the_24_columns_without_lying_on_each_other(name: str) -> None:
    places = [panel["gridPos"] for panel in RENDERED[name]["panels"]]
    for one, other in combinations(places, 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"], (one, other)
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for line in {place["y"] for place in places}:
        assert sum(place["w"] for place in places if place["y"] == line) == 24, line


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=TITLED)
def test_a_panel_says_what_it_means_and_in_which_unit(name: str, panel: dict[str, Any]) -> None:
    assert len(panel["description"]) > 10
    assert panel["datasource"]["uid"] == "${datasource}"
    assert panel["targets"]
    if panel["type"] != "state-timeline":
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    for target in panel["targets"]:
        assert target["expr"].count("(") == target["expr"].count(")")
        # What one series is called must be told apart from the others: a label that the query keeps.
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            assert re.search(rf"by \([^)]*\b{label}\b", target["expr"]) or "sum" not in target["expr"], label


def test_the_overrides_of_compose_name_its_services_and_mount_what_is_there() -> None:
    folder = ROOT / "deploy" / "compose"
    services = yaml.safe_load((folder / "compose.yaml").read_text())["services"]
    beside = yaml.safe_load((folder / "observe.yaml").read_text())["services"]
    told = "OTEL_EXPORTER_OTLP_ENDPOINT"
    traced = {name for name, service in beside.items() if told in service.get("environment", ())}
    assert {"edge-configuration", "gateway", "context-worker"} <= traced <= set(services)
    for service in beside.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        for volume in service.get("volumes", ()):
            assert (folder / volume.split(":")[0]).exists(), volume


def test_the_collector_keeps_what_spans_call_so() -> None:
    policies = yaml.safe_load((ROOT / "deploy/compose/collector.yaml").read_text())["processors"]["tail_sampling"]
    keys = {policy[policy["type"]]["key"] for policy in policies["policies"] if "key" in policy[policy["type"]]}
    sources = " ".join(
        (ROOT / path).read_text() for path in ("kit/interceptors/tracing.py", "services/gateway/observed.py")
    )
    assert keys == {"rpc.grpc.status", "lectern.first_text_ms"}
    assert all(f'"{key}"' in sources for key in keys)


def test_every_program_is_an_instance_of_its_service() -> None:
    metrics = {"gateway-1": "h:1", "gateway-2": "h:2", "envoy": "h:3", "threads-worker": "h:4"}
    [job] = scraping(metrics, 1)["scrape_configs"]
    labels = [entry["labels"] for entry in job["static_configs"]]
    assert [(each["service"], each["instance"]) for each in labels] == [
        ("gateway", "gateway-1"),
        ("gateway", "gateway-2"),
        ("edge", "envoy"),
        ("threads-worker", "threads-worker"),
    ]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0123, "s", "12.3 ms"),
        (90, "s", "1.50 min"),
        (0.9995, "percentunit", "100.0%"),
        (1536, "bytes", "1.50 KiB"),
        (1234, "short", "1.23 K"),
        (0.5, "currencyUSD", "$0.50"),
        (3, "reqps", "3 req/s"),
    ],
)
def test_values_are_written_as_grafana_does(value: float, unit: str, text: str) -> None:
    assert written(value, unit, 1 if unit == "percentunit" else None) == text


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=TITLED)
def test_a_panel_is_drawn_and_says_when_it_has_no_data(name: str, panel: dict[str, Any]) -> None:
    shown = Shown(panel, 0.0, 60.0)
    line = Line("<one>", [(0.0, 0.0), (30.0, 1.0), (60.0, 1.0)])
    picture = drawn(shown, [line], 400, 200)
    assert "<one>" not in picture
    assert "No data" not in picture
    assert "No data" in drawn(shown, [], 400, 200)
