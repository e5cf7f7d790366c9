"""The alerts, judged by promtool: each fires for its cause, and for nothing that looks like it."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "helm" / "monitoring" / "rules"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool here; see tools/prometheus")

Case = dict[str, Any]
CASES: list[Case] = yaml.safe_load(Path(__file__).with_name("cases.yaml").read_text())


def alerts() -> dict[str, dict[str, Any]]:
    groups = [group for path in sorted(RULES.glob("*.yaml")) for group in yaml.safe_load(path.read_text())["groups"]]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=100, check=False)


def test_each_alert_has_causes_that_fire_it_and_others_that_do_not() -> None:
    assert [case["alert"] for case in CASES if case["fires"] and case["quiet"]] == [case["alert"] for case in CASES]
    assert {case["alert"] for case in CASES} == set(alerts())


def test_each_alert_says_what_it_means_and_what_to_do() -> None:
    sections = set(re.findall(r"^### (\w+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE))
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in {"page", "ticket"}, name
        assert rule["annotations"]["summary"], name
        assert rule["annotations"]["description"], name
        assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{name.lower()}", name
        assert name in sections, f"docs/operations.md has no section {name}"


@needs_promtool
def test_promtool_finds_nothing_wrong() -> None:
    checked = promtool("check", "rules", *map(str, sorted(RULES.glob("*.yaml"))))
    assert checked.returncode == 0, checked.stderr
    assert "FAILED" not in checked.stdout + checked.stderr


@needs_promtool
@pytest.mark.parametrize("case", CASES, ids=[case["alert"] for case in CASES])
def test_an_alert_fires_for_its_cause_alone(case: Case, tmp_path: Path) -> None:
    files = []
    rules = [str(path) for path in sorted(RULES.glob("*.yaml")) if f"alert: {case['alert']}\n" in path.read_text()]
    for number, each in enumerate([*case["fires"], *case["quiet"]]):
        # What takes days is looked at less often.
        document = {
            "rule_files": rules,
            "evaluation_interval": each.get("interval", "1m"),
            "tests": [_test(case, each)],
        }
        (tmp_path / f"{number}.yaml").write_text(yaml.safe_dump(document))
        files.append(str(tmp_path / f"{number}.yaml"))
    judged = promtool("test", "rules", *files)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def _test(case: Case, each: dict[str, Any]) -> dict[str, Any]:
    name = case["alert"]
    severity = alerts()[name]["labels"]["severity"]
    expected = [
        {"labels": _sample({"alertname": name, "alertstate": "firing", "severity": severity, **labels}), "value": 1}
        for labels in each.get("firing", [])
    ]
    return {
        "name": f"{name}: {each['because']}",
        "interval": each.get("interval", "1m"),
        "input_series": [{"series": series, "values": values} for series, values in each["series"].items()],
        "promql_expr_test": [
            {
                "expr": f'ALERTS{{alertname="{name}",alertstate="firing"}}',
                "eval_time": each["at"],
                "exp_samples": expected,
            }
        ],
    }


def _sample(labels: dict[str, str]) -> str:
    return "ALERTS{" + ", ".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
