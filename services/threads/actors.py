"""What the worker of threads does, by kind of job."""

from collections.abc import Mapping
from typing import Any

from kit.jobs.work import Actors, Work
from services.threads.convert_reports import report_name
from services.threads.service.reports.writing import Order, Reporting
from services.threads.service.titling import Titling


class ThreadActors:
    """Hands jobs to the services that do them."""

    def __init__(self, titling: Titling, reporting: Reporting) -> None:
        self._titling = titling
        self._reporting = reporting

    def by_kind(self) -> Actors:
        actors = Actors()
        actors.add("generate_title", self.generate_title)
        actors.add("generate_report", self.generate_report)
        return actors

    async def generate_title(self, work: Work) -> Mapping[str, Any]:
        return {"title": await self._titling.title(work.caller, work.payload["thread"])}

    async def generate_report(self, work: Work) -> Mapping[str, Any]:
        thread, user, course = (work.payload[name] for name in ("thread", "user", "course"))
        order = Order(work.key, work.caller, thread, user, course)
        report = await self._reporting.report(order, work.report)
        return {"report": report_name(report.id), "degraded": report.degraded}
