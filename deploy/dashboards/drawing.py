"""Panels as SVG and HTML, near to how Grafana draws them: for pictures of dashboards where there is no Grafana."""

import html
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.dashboards.units import written

Points = Sequence[tuple[float, float]]

COLOURS = {
    "green": "#73BF69",
    "yellow": "#FADE2A",
    "light-yellow": "#FFEE52",
    "orange": "#FF9830",
    "red": "#F2495C",
    "blue": "#5794F2",
    "purple": "#B877D9",
}
CLASSIC = ("#73BF69", "#F2CC0C", "#5794F2", "#FF9830", "#F2495C", "#B877D9", "#8AB8FF", "#96D98D", "#FFCB7D", "#CA95E5")
TICKS = 4
MOST_IN_LEGEND = 5


@dataclass(frozen=True)
class Line:
    """A named series."""

    name: str
    points: Points

    @property
    def last(self) -> float:
        return next((value for _, value in reversed(self.points) if math.isfinite(value)), math.nan)

    @property
    def finite(self) -> Points:
        return [(at, value) for at, value in self.points if math.isfinite(value)]


@dataclass(frozen=True)
class Shown:
    """A panel's settings, and the time that it shows."""

    panel: Mapping[str, Any]
    start: float
    end: float

    @property
    def defaults(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.panel["fieldConfig"]["defaults"]
        return found

    @property
    def unit(self) -> str:
        return str(self.defaults.get("unit", "short"))

    def written(self, value: float, decimals: int | None = None) -> str:
        return written(value, self.unit, self.defaults.get("decimals", decimals)) if math.isfinite(value) else "-"

    def threshold_colour(self, value: float) -> str:
        steps = self.defaults.get("thresholds", {}).get("steps", [{"color": "green", "value": None}])
        passed = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
        return COLOURS[passed[-1]]

    def colour(self, name: str, index: int) -> str:
        """Its own where the panel gives it one, else the next of the palette."""
        for override in self.panel["fieldConfig"].get("overrides", ()):
            if override["matcher"]["options"] == name:
                return COLOURS[override["properties"][0]["value"]["fixedColor"]]
        return CLASSIC[index % len(CLASSIC)]


def drawn(shown: Shown, lines: Sequence[Line], width: int, height: int) -> str:
    """The inside of the panel, as HTML."""
    if not lines:
        return '<div class="none">No data</div>'
    kinds = {"timeseries": _timeseries, "stat": _stat, "bargauge": _bars, "state-timeline": _states}
    return kinds[shown.panel["type"]](shown, lines, width, height)


def _timeseries(shown: Shown, lines: Sequence[Line], width: int, height: int) -> str:
    stacked = bool(shown.defaults.get("custom", {}).get("stacking"))
    curves = _stacked(lines) if stacked else [line.finite for line in lines]
    legend = min(len(lines), MOST_IN_LEGEND) * 15 + 16
    plot = _Plot(shown, width, height - legend, max((v for curve in curves for _, v in curve), default=1.0))
    parts = [plot.grid()]
    below: Points = []
    opacity = shown.defaults.get("custom", {}).get("fillOpacity", 0) / 100
    for index, (line, curve) in enumerate(zip(lines, curves, strict=True)):
        colour = shown.colour(line.name, index)
        parts.append(plot.area(curve, below, colour, opacity) + plot.curve(curve, colour))
        below = curve if stacked else []
    parts.append(plot.thresholds())
    return f'<svg width="{width}" height="{height - legend}">{"".join(parts)}</svg>{_legend(shown, lines)}'


def _stacked(lines: Sequence[Line]) -> Sequence[Points]:
    sums: dict[float, float] = dict.fromkeys((at for line in lines for at, _ in line.finite), 0.0)
    curves: list[Points] = []
    for line in lines:
        values = dict(line.finite)
        sums = {at: total + values.get(at, 0.0) for at, total in sums.items()}
        curves.append(sorted(sums.items()))
    return curves


class _Plot:
    """Where times and values lie."""

    LEFT, TOP, BOTTOM = 62, 6, 18

    def __init__(self, shown: Shown, width: int, height: int, most: float) -> None:
        self._shown, self._width, self._height = shown, width, height
        self._most = _nice(shown.defaults.get("max") or most or 1.0)

    def _x(self, at: float) -> float:
        share = (at - self._shown.start) / (self._shown.end - self._shown.start)
        return self.LEFT + share * (self._width - self.LEFT - 8)

    def _y(self, value: float) -> float:
        return self._height - self.BOTTOM - value / self._most * (self._height - self.BOTTOM - self.TOP)

    def grid(self) -> str:
        parts = []
        for tick in range(TICKS + 1):
            value = self._most * tick / TICKS
            y = self._y(value)
            label = html.escape(written(value, self._shown.unit))
            parts.append(f'<line class="grid" x1="{self.LEFT}" x2="{self._width - 8}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text x="{self.LEFT - 6}" y="{y + 3:.1f}" text-anchor="end">{label}</text>')
        for tick in range(1, TICKS + 1):
            at = self._shown.start + (self._shown.end - self._shown.start) * tick / (TICKS + 1)
            clock = time.strftime("%H:%M:%S", time.gmtime(at))
            parts.append(f'<text x="{self._x(at):.1f}" y="{self._height - 4}" text-anchor="middle">{clock}</text>')
        return "".join(parts)

    def curve(self, points: Points, colour: str) -> str:
        path = " ".join(f"{self._x(at):.1f},{self._y(min(value, self._most)):.1f}" for at, value in points)
        return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.4"/>'

    def area(self, points: Points, below: Points, colour: str, opacity: float) -> str:
        if not points:
            return ""
        floor = list(reversed(below)) or [(points[-1][0], 0.0), (points[0][0], 0.0)]
        path = " ".join(f"{self._x(at):.1f},{self._y(min(value, self._most)):.1f}" for at, value in (*points, *floor))
        return f'<polygon points="{path}" fill="{colour}" fill-opacity="{opacity}"/>'

    def thresholds(self) -> str:
        if "thresholdsStyle" not in self._shown.defaults.get("custom", {}):
            return ""
        parts = []
        for step in self._shown.defaults["thresholds"]["steps"]:
            if step["value"] is not None and step["value"] <= self._most:
                y, colour = self._y(step["value"]), COLOURS[step["color"]]
                parts.append(
                    f'<line x1="{self.LEFT}" x2="{self._width - 8}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" '
                    'stroke-dasharray="6 5" stroke-opacity="0.8"/>'
                )
        return "".join(parts)


def _nice(most: float) -> float:
    """The next number that divides well into ticks."""
    size: float = 10.0 ** math.floor(math.log10(most))
    return next(step * size for step in (1, 2, 4, 5, 8, 10) if step * size >= most * 0.999)


def _legend(shown: Shown, lines: Sequence[Line]) -> str:
    rows = ['<tr><th></th><th class="figure">Last</th><th class="figure">Max</th></tr>']
    ranked = sorted(enumerate(lines), key=lambda each: -max((value for _, value in each[1].finite), default=0.0))
    for index, line in ranked[:MOST_IN_LEGEND]:
        most = max((value for _, value in line.finite), default=math.nan)
        mark = f'<i style="background:{shown.colour(line.name, index)}"></i>'
        name = html.escape(line.name)
        last, highest = html.escape(shown.written(line.last)), html.escape(shown.written(most))
        rows.append(f'<tr><td>{mark}{name}</td><td class="figure">{last}</td><td class="figure">{highest}</td></tr>')
    return f"<table>{''.join(rows)}</table>"


def _stat(shown: Shown, lines: Sequence[Line], width: int, height: int) -> str:
    line = lines[0]
    colour, points = shown.threshold_colour(line.last), line.finite
    most, least = max((v for _, v in points), default=1.0), min((v for _, v in points), default=0.0)
    span = (most - least) or 1.0
    xs = [(at - shown.start) / (shown.end - shown.start) * width for at, _ in points]
    ys = [height - (value - least) / span * (height * 0.4) for _, value in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    first, last = (xs[0], xs[-1]) if xs else (0.0, 0.0)
    area = f'<polygon points="{path} {last:.1f},{height} {first:.1f},{height}" fill="{colour}" fill-opacity="0.15"/>'
    return (
        f'<svg class="behind" width="{width}" height="{height}">{area}'
        f'<polyline points="{path}" fill="none" stroke="{colour}"/></svg>'
        f'<div class="stat" style="color:{colour}">{html.escape(shown.written(line.last))}</div>'
    )


def _bars(shown: Shown, lines: Sequence[Line], width: int, height: int) -> str:
    most = max((line.last for line in lines if math.isfinite(line.last)), default=1.0) or 1.0
    rows = []
    for line in lines[: max(1, height // 24)]:
        colour, share = shown.threshold_colour(line.last), max(line.last, 0.0) / most * 100
        name, figure = html.escape(line.name), html.escape(shown.written(line.last))
        rows.append(
            f'<div class="bar"><span>{name}</span><b><u style="width:{share:.1f}%;background:{colour}"></u></b>'
            f'<em style="color:{colour}">{figure}</em></div>'
        )
    return "".join(rows)


def _states(shown: Shown, lines: Sequence[Line], width: int, height: int) -> str:
    names: Mapping[str, Mapping[str, str]] = shown.defaults["mappings"][0]["options"]
    left, rows, tall = 210, [], max(10, min(34, (height - 22) // max(1, len(lines))))
    for index, line in enumerate(lines):
        y = index * tall
        rows.append(
            f'<text x="{left - 8}" y="{y + tall / 2 + 3:.0f}" text-anchor="end">{html.escape(line.name)}</text>'
        )
        for start, end, value in _spans(line.finite, shown.end):
            scale = (width - left - 8) / (shown.end - shown.start)
            x, wide = left + (start - shown.start) * scale, (end - start) * scale
            state = names[f"{value:g}"]
            rows.append(
                f'<rect x="{x:.1f}" y="{y + 2}" width="{wide:.1f}" height="{tall - 4}" '
                f'fill="{COLOURS[state["color"]]}" fill-opacity="0.75"/>'
            )
    told = " ".join(
        f'<span><i style="background:{COLOURS[state["color"]]}"></i>{html.escape(state["text"])}</span>'
        for state in names.values()
    )
    return f'<svg width="{width}" height="{tall * len(lines) + 4}">{"".join(rows)}</svg><div class="told">{told}</div>'


def _spans(points: Points, end: float) -> Sequence[tuple[float, float, float]]:
    """Times of the same value, one after the other."""
    spans: list[tuple[float, float, float]] = []
    for (at, value), (after, _) in zip(points, [*points[1:], (min(end, points[-1][0]), 0.0)], strict=True):
        if spans and spans[-1][2] == value and spans[-1][1] >= at:
            spans[-1] = (spans[-1][0], after, value)
        else:
            spans.append((at, after, value))
    return spans
