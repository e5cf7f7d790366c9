"""Pictures of the dashboards from a Prometheus: `python -m deploy.dashboards.pictures --prometheus http://… FOLDER`.

Chromium photographs a page that this draws by the dashboards' own JSON: a panel that is wrong there is wrong here.
"""

import argparse
import asyncio
import html
import io
import json
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import async_playwright

from deploy.dashboards.drawing import Line, Shown, drawn
from deploy.dashboards.files import FOLDER
from local.prometheus import Client

WIDTH, COLUMNS, ROW_PIXELS, GAP = 1240, 24, 30, 6
POINTS = 120
COLOURS = 96
STYLE = """
body{margin:0;padding:10px;background:#111217;color:#ccccdc;font:11px Inter,"DejaVu Sans",Helvetica,Arial,sans-serif;
position:relative}
h1{font-size:16px;font-weight:500;margin:0 0 8px 2px}
h2{font-size:13px;font-weight:500;margin:6px 0 0 2px;position:absolute}
.panel{position:absolute;background:#181b1f;border:1px solid #2c3235;border-radius:2px;box-sizing:border-box;
padding:4px 8px;overflow:hidden}
.panel h3{font-size:12px;font-weight:500;margin:0 0 2px} .none{color:#888;text-align:center;margin-top:20%}
svg text{fill:#9fa7b3;font-size:10px} .grid{stroke:#2c3235} .behind{position:absolute;left:0;bottom:0}
table{width:100%;border-spacing:0;font-size:10px} th{color:#6e9fff;font-weight:500} td,th{padding:1px 2px;height:13px}
td:first-child{max-width:0;width:70%;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.figure{text-align:right}
i{display:inline-block;width:12px;height:4px;border-radius:2px;margin-right:6px;vertical-align:middle}
.stat{position:absolute;left:0;right:0;top:38%;text-align:center;font-size:26px;font-weight:500}
.bar{display:flex;align-items:center;height:24px;gap:8px} .bar span{width:36%;text-align:right;white-space:nowrap;
overflow:hidden;text-overflow:ellipsis} .bar b{flex:1;background:#22252b;height:14px} .bar u{display:block;height:14px}
.bar em{width:76px;font-style:normal} .told span{margin-right:14px}
"""


class Photographer:
    """Draws dashboards of the time from `start` to `end`, in seconds since the epoch."""

    def __init__(self, prometheus: Client, start: float, end: float) -> None:
        self._prometheus, self._start, self._end = prometheus, start, end
        self._step = max(1.0, (end - start) / POINTS)

    async def page(self, board: Mapping[str, Any]) -> tuple[str, int]:
        """The dashboard as HTML, and its height in pixels."""
        parts = [f"<h1>{html.escape(board['title'])}</h1>"]
        bottom = 0
        for panel in board["panels"]:
            place = panel["gridPos"]
            top, high = 40 + place["y"] * ROW_PIXELS, place["h"] * ROW_PIXELS - GAP
            left, wide = 10 + place["x"] * (WIDTH - 20) // COLUMNS, place["w"] * (WIDTH - 20) // COLUMNS - GAP
            bottom = max(bottom, top + high)
            if panel["type"] == "row":
                parts.append(f'<h2 style="top:{top}px;left:{left}px">{html.escape(panel["title"])}</h2>')
                continue
            inside = drawn(Shown(panel, self._start, self._end), await self._lines(panel), wide - 18, high - 26)
            parts.append(
                f'<div class="panel" style="left:{left}px;top:{top}px;width:{wide}px;height:{high}px">'
                f"<h3>{html.escape(panel['title'])}</h3>{inside}</div>"
            )
        return f"<style>{STYLE}</style>{''.join(parts)}", bottom + 12

    async def _lines(self, panel: Mapping[str, Any]) -> Sequence[Line]:
        lines = []
        for target in panel["targets"]:
            expression = self._filled(target["expr"])
            if target.get("instant"):
                found = await self._prometheus.now(expression, at=self._end)
            else:
                found = await self._prometheus.between(expression, self._start, self._end, self._step)
            lines += [Line(_named(target["legendFormat"], each.labels), each.points) for each in found]
        return [line for line in lines if line.finite]

    def _filled(self, expression: str) -> str:
        variables = {"$__rate_interval": "20s", "$__range": f"{self._end - self._start:.0f}s", "$service": ".*"}
        for name, value in variables.items():
            expression = expression.replace(name, value)
        return expression


def _named(legend: str, labels: Mapping[str, str]) -> str:
    if legend == "__auto":
        return " ".join(labels.values())
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


async def take(prometheus: Client, folder: Path, start: float, end: float, chromium: str | None = None) -> None:
    """A picture of each committed dashboard, in a folder that is there."""
    photographer = Photographer(prometheus, start, end)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            for path in sorted(FOLDER.glob("*.json")):
                text, height = await photographer.page(json.loads(path.read_text()))
                page = await browser.new_page(viewport={"width": WIDTH, "height": height})
                await page.set_content(text)
                _keep(await page.screenshot(), folder / f"{path.stem}.png")
                await page.close()
        finally:
            await browser.close()


def _keep(png: bytes, path: Path) -> None:
    """With a palette: flat drawings lose nothing that is seen, and take a third of the room."""
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS).save(path, optimize=True)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="deploy.dashboards.pictures", description="Draws the dashboards.")
    parser.add_argument("--prometheus", required=True, help="its address")
    parser.add_argument("--minutes", type=float, default=60, help="how much of the past is shown")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser that photographs")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    end = time.time()
    async with Client(arguments.prometheus) as prometheus:
        await take(prometheus, arguments.folder, end - arguments.minutes * 60, end, arguments.chromium)


if __name__ == "__main__":
    asyncio.run(main())
