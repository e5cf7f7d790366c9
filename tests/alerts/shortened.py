"""The rules with shorter times, so that what takes a quarter of an hour, or a month, is seen within minutes.

Only times change: `for:`, the windows of expressions, and ten minutes that are compared with seconds. Longer ones stay
longer than shorter ones. What is asked, how much of it, and what it is called are those of the rules.
"""

import re
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).parents[2] / "deploy" / "helm" / "monitoring" / "rules"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# A rate needs four scrapes.
LEAST_WINDOW = 8.0
# Up to a quarter of an hour everything is so many times as fast; what is longer is bent towards two minutes.
FACTOR, SHORT, LONG_FACTOR = 15, 900.0, 2000
WAIT_FACTOR = 30
COMPARED = re.compile(r"(_seconds\{[^}]*\}\) > )(\d+)$")


def shortened(rules: Path = RULES) -> dict[str, Any]:
    """One document with all groups."""
    groups = [group for path in sorted(rules.glob("*.yaml")) for group in yaml.safe_load(path.read_text())["groups"]]
    for group in groups:
        for rule in group["rules"]:
            rule["expr"] = re.sub(r"\[(\d+)([smhd])\]", lambda found: f"[{_window(found)}]", rule["expr"])
            rule["expr"] = COMPARED.sub(lambda found: f"{found[1]}{int(found[2]) // WAIT_FACTOR}", rule["expr"])
            if "for" in rule:
                rule["for"] = f"{max(1, round(_bent(_seconds(rule['for']), WAIT_FACTOR)))}s"
    return {"groups": groups}


def alert_names(document: dict[str, Any]) -> list[str]:
    return [rule["alert"] for group in document["groups"] for rule in group["rules"] if "alert" in rule]


def _window(found: re.Match[str]) -> str:
    return f"{max(LEAST_WINDOW, _bent(_seconds(found[1] + found[2]), FACTOR)):.0f}s"


def _bent(seconds: float, factor: int) -> float:
    return min(seconds, SHORT) / factor + max(0.0, seconds - SHORT) / LONG_FACTOR


def _seconds(duration: str) -> float:
    return float(duration[:-1]) * UNITS[duration[-1]]
