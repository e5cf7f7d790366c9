"""The kinds of panels that the dashboards are made of, so that the same thing looks the same everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DynamicConfigValue,
    FieldColorModeId,
    Panel,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"
# What ends well is green and what is ours to mend is red, on every dashboard.
COLOURS = {
    "completed": GREEN,
    "succeeded": GREEN,
    "ok": GREEN,
    "hit": GREEN,
    "degraded": YELLOW,
    "retried": YELLOW,
    "postponed": "light-yellow",
    "failed": RED,
    "left": "purple",
    "cancelled": BLUE,
    "refused": ORANGE,
    "miss": ORANGE,
    "2xx": GREEN,
    "4xx": ORANGE,
    "5xx": RED,
}


_OF_OUTCOMES = ("{{status}}", "{{state}}", "{{outcome}}", "{{result}}", "{{envoy_response_code_class}}xx")


@dataclass(frozen=True)
class Ask:
    """A query, and how its series are called; `{{label}}` stands for a label."""

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Bounds:
    """From `warning` on a value is yellow, from `critical` on red; falling ones the other way round."""

    warning: float
    critical: float
    falling: bool = False

    def build(self) -> Builder[object]:
        steps = [(None, GREEN), (self.warning, YELLOW), (self.critical, RED)]
        if self.falling:
            steps = [(None, RED), (self.critical, YELLOW), (self.warning, GREEN)]
        made = [Threshold(value=value, color=colour) for value, colour in steps]
        return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)


def lines(
    title: str,
    asks: Sequence[Ask],
    *,
    unit: str,
    says: str,
    width: int = 12,
    bounds: Bounds | None = None,
    stacked: bool = False,
    most: float | None = None,
    exemplars: bool = False,
) -> Builder[Panel]:
    """Values over time. `unit` is Grafana's; `says` is what the reader should make of it; `width` of 24 columns."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(says)
        .datasource(DATASOURCE)
        .span(width)
        .height(8)
        .unit(unit)
        .min(0)
        .draw_style(GraphDrawStyle.LINE)
        .line_width(1)
        .fill_opacity(60 if stacked else 0 if any("{{" in ask.legend for ask in asks) else 8)
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    if most is not None:
        panel.max(most)
    if stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    if bounds:
        panel.thresholds(bounds.build()).thresholds_style(  # type: ignore[arg-type] # any builder of thresholds
            common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        )
    for query in _queries(asks, exemplars=exemplars):
        panel.with_target(query)
    for name, colour in COLOURS.items():
        fixed = DynamicConfigValue("color", {"mode": FieldColorModeId.FIXED, "fixedColor": colour})
        if any(ask.legend in (name, *_OF_OUTCOMES) for ask in asks):
            panel.override_by_name(name, [fixed])
    return panel


def number(
    title: str, ask: Ask, *, unit: str, says: str, width: int = 4, bounds: Bounds | None = None, decimals: int = 1
) -> Builder[Panel]:
    """What is so now, with its recent past behind it."""
    panel = (
        stat.Panel()
        .title(title)
        .description(says)
        .datasource(DATASOURCE)
        .span(width)
        .height(4)
        .unit(unit)
        .decimals(decimals)
        .graph_mode(BigValueGraphMode.AREA)
        .color_mode(BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(bounds.build() if bounds else _plain())  # type: ignore[arg-type]
    )
    for query in _queries([ask]):
        panel.with_target(query)
    return panel


def bars(
    title: str, ask: Ask, *, unit: str, says: str, width: int = 12, bounds: Bounds | None = None
) -> Builder[Panel]:
    """The values of now beside each other, largest first where the query sorts them."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(says)
        .datasource(DATASOURCE)
        .span(width)
        .height(8)
        .unit(unit)
        .min(0)
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.GRADIENT)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(bounds.build() if bounds else _plain())  # type: ignore[arg-type]
    )
    for query in _queries([ask], instant=True):
        panel.with_target(query)
    return panel


def states(
    title: str,
    ask: Ask,
    *,
    says: str,
    names: Mapping[int, tuple[str, str]],
    width: int = 12,
    height: int = 8,
) -> Builder[Panel]:
    """What state each series was in over time; `names` gives each value its word and colour."""
    results = {
        str(value): ValueMappingResult(text=text, color=colour, index=index)
        for index, (value, (text, colour)) in enumerate(names.items())
    }
    panel = (
        statetimeline.Panel()
        .title(title)
        .description(says)
        .datasource(DATASOURCE)
        .span(width)
        .height(height)
        .mappings([ValueMap(options=results)])
        .legend(_legend())
    )
    for query in _queries([ask]):
        panel.with_target(query)
    return panel


def _queries(asks: Sequence[Ask], *, instant: bool = False, exemplars: bool = False) -> Sequence[prometheus.Dataquery]:
    made = []
    for letter, ask in zip("ABCDEFGH", asks, strict=False):
        query = prometheus.Dataquery().expr(ask.expression).legend_format(ask.legend or "__auto").ref_id(letter)
        made.append(query.instant() if instant else query.range().exemplar(exemplars))
    return made


def _legend() -> common.VizLegendOptions:
    options = common.VizLegendOptions().display_mode(LegendDisplayMode.TABLE).placement(LegendPlacement.BOTTOM)
    return options.show_legend(True).calcs(["lastNotNull", "max"])


def _plain() -> dashboard.ThresholdsConfig:
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([Threshold(value=None, color=BLUE)])
