"""What all dashboards have in common: variables, links to each other, alerts as annotations, rows of panels."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    Panel,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from deploy.dashboards.panels import DATASOURCE
from deploy.dashboards.queries import PODS

TAG = "lectern"


@dataclass(frozen=True)
class Row:
    """Panels under a heading; their widths fill the 24 columns line by line."""

    title: str
    panels: Sequence[Builder[Panel]]


@dataclass(frozen=True)
class Board:
    """A dashboard: `name` is its file's and the end of its address; `by_service` lets the reader choose services."""

    name: str
    title: str
    says: str
    rows: Sequence[Row]
    by_service: bool = False

    def build(self) -> Dashboard:
        made = (
            dashboard.Dashboard(f"Lectern / {self.title}")
            .uid(f"lectern-{self.name}")
            .description(self.says)
            .tags([TAG])
            .timezone("browser")
            .tooltip(DashboardCursorSync.CROSSHAIR)
            .refresh("30s")
            .time("now-1h", "now")
            .readonly()
            .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
            .link(_links())
            .annotation(_alerts())
        )
        if self.by_service:
            made.with_variable(_services())
        for row in self.rows:
            made.with_row(dashboard.Row(row.title))
            for panel in row.panels:
                made.with_panel(panel)
        return made.build()


def _links() -> dashboard.DashboardLink:
    """All other dashboards, at the same time."""
    link = dashboard.DashboardLink("Lectern").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.keep_time(True).include_vars(True)


def _alerts() -> dashboard.AnnotationQuery:
    """When an alert began to fire, above every panel."""
    fires = 'ALERTS{alertstate="firing",severity=~"page|ticket"}'
    annotation = dashboard.AnnotationQuery().name("Alerts").datasource(DATASOURCE).enable(True).icon_color("red")
    return annotation.expr(fires)


def _services() -> dashboard.QueryVariable:
    everything = VariableOption(selected=True, text="All", value="$__all")
    return (
        dashboard.QueryVariable("service")
        .label("Service")
        .datasource(DataSourceRef(type_val="prometheus", uid="${datasource}"))
        .query(f"label_values(up{{{PODS}}}, service)")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .hide(VariableHide.DONT_HIDE)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(everything)
    )
