from typing import Any

from lectern.jobs.v1 import jobs_pb2
from lectern.threads.v1 import reports_pb2, reports_pb2_grpc

from kit import names
from kit.call import current_caller
from kit.jobs.messages import job_message
from kit.pagination import page_size
from services.threads import convert, convert_reports
from services.threads.ports import ReportQuery
from services.threads.service.reports.asking import Reports


class ReportServicer(reports_pb2_grpc.ReportServiceServicer):
    """Reports, written by jobs."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    async def CreateReport(self, request: reports_pb2.CreateReportRequest, context: Any) -> jobs_pb2.Job:
        thread = convert.thread_id(request.parent, "parent")
        return job_message(await self._reports.ask(current_caller(), thread, request.request_id))

    async def GetReport(self, request: reports_pb2.GetReportRequest, context: Any) -> reports_pb2.Report:
        report = names.parse(convert_reports.REPORT, request.name)["report"]
        return convert_reports.report_message(await self._reports.get(current_caller(), report))

    async def ListReports(
        self, request: reports_pb2.ListReportsRequest, context: Any
    ) -> reports_pb2.ListReportsResponse:
        thread = convert.thread_id(request.thread, "thread") if request.thread else ""
        query = ReportQuery(page_size(request.page_size, default=20, maximum=100), thread)
        page = await self._reports.page(current_caller(), query, request.page_token)
        reports = [convert_reports.report_message(report) for report in page.reports]
        return reports_pb2.ListReportsResponse(reports=reports, next_page_token=page.next_token)
