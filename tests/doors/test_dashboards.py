"""Every panel of every dashboard against a real Prometheus that watches a running system: one without data fails."""

import asyncio
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.dashboards.files import FOLDER
from local.prometheus import Prometheus
from tests.doors.conftest import Doors
from tests.doors.traffic import Traffic

pytestmark = pytest.mark.timeout(300)

SCRAPE_SECONDS = 1.0
# What Grafana puts into queries; all that happens here happens within them.
VARIABLES = {"$__rate_interval": "2m", "$__range": "5m", "$service": ".*"}
SECONDS = 45.0


@dataclass(frozen=True)
class Query:
    board: str
    panel: str
    expression: str

    def __str__(self) -> str:
        return f"{self.board} / {self.panel}: {self.expression}"


def queries() -> Iterator[Query]:
    """All that the committed dashboards ask, annotations and variables aside."""
    for path in sorted(FOLDER.glob("*.json")):
        board: dict[str, Any] = json.loads(path.read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield Query(path.stem, panel["title"], filled(target["expr"]))


def filled(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def bare(expression: str) -> str:
    """Without what stands in where there are no series: the first ` or …` up to the end of its parentheses."""
    while match := re.search(r" or (?=0 \*|vector\()", expression):
        depth, end = 0, match.end()
        while end < len(expression) and depth >= 0:
            depth += {"(": 1, ")": -1}.get(expression[end], 0)
            end += depth >= 0
        expression = expression[: match.start()] + expression[end:]
    return expression


def test_what_stands_in_for_nothing_is_left_out() -> None:
    assert bare("(sum(a) or 0 * sum by (x) (rate(b[1m]))) / sum(c)") == "(sum(a)) / sum(c)"
    assert bare("max(a) or vector(0)") == "max(a)"


@pytest.mark.asyncio(loop_scope="session")
async def test_every_panel_shows_something(doors: Doors, tmp_path: Path) -> None:
    if shutil.which(os.environ.get("PROMETHEUS", "prometheus")) is None:
        pytest.skip("there is no Prometheus on this machine; see tools/prometheus")
    metrics = doors.background.stack.plan.metrics
    async with Prometheus(metrics, tmp_path, every_seconds=SCRAPE_SECONDS) as prometheus:
        await prometheus.until(f"sum(up) == {len(metrics)}")
        traffic = Traffic(doors)
        # What is seen first in the first round grows in the second, and so has a rate.
        for _ in range(2):
            await traffic.round()
            await prometheus.until(f'sum(ai_chat_requests_total{{status="degraded"}}) >= {traffic.rounds}')
        async with traffic.held():
            missing = await without_data(prometheus)
    assert [str(query) for query in missing] == []


async def without_data(prometheus: Prometheus) -> list[Query]:
    """The queries that have no data once a scrape or more has told of everything."""
    missing = list(queries())
    until = time.monotonic() + SECONDS
    while missing and time.monotonic() < until:
        missing = [query for query in missing if not await prometheus.now(bare(query.expression))]
        await asyncio.sleep(SCRAPE_SECONDS if missing else 0)
    return missing
