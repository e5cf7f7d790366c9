"""What the worker of threads does, by kind of job."""

from collections.abc import Mapping
from typing import Any

from kit.jobs.work import Actors, Work
from services.threads.convert_reports import report_name
from services.threads.model import CourseKey
from services.threads.service.insights.recording import Recording
from services.threads.service.reports.writing import Order, Reporting
from services.threads.service.retention import Retention
from services.threads.service.titling import Titling


class ThreadActors:
    """Hands jobs to the services that do them."""

    def __init__(self, titling: Titling, reporting: Reporting, recording: Recording, retention: Retention) -> None:
        self._titling = titling
        self._reporting = reporting
        self._recording = recording
        self._retention = retention

    def by_kind(self) -> Actors:
        actors = Actors()
        actors.add("generate_title", self.generate_title)
        actors.add("generate_report", self.generate_report)
        actors.add("record_analytics", self.record_analytics)
        actors.add("roll_up_insights", self.roll_up_insights)
        actors.add("apply_retention", self.apply_retention)
        return actors

    async def generate_title(self, work: Work) -> Mapping[str, Any]:
        return {"title": await self._titling.title(work.caller, work.payload["thread"])}

    async def generate_report(self, work: Work) -> Mapping[str, Any]:
        thread, user, course = (work.payload[name] for name in ("thread", "user", "course"))
        order = Order(work.key, work.caller, thread, user, course)
        report = await self._reporting.report(order, work.report)
        await work.report(99, "the report is kept")
        return {"report": report_name(report.id), "degraded": report.degraded}

    async def record_analytics(self, work: Work) -> Mapping[str, Any]:
        course = CourseKey(work.caller.tenant, work.payload["course"])
        return {"counted": await self._recording.record(course)}

    async def roll_up_insights(self, work: Work) -> Mapping[str, Any]:
        return {"courses": await self._recording.roll_up(work.report)}

    async def apply_retention(self, work: Work) -> Mapping[str, Any]:
        return {"deleted": await self._retention.apply(work.report)}
