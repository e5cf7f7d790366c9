"""Reports as protobuf messages."""

from lectern.threads.v1 import reports_pb2

from services.threads import convert
from services.threads.model import Point, Report

REPORT = "reports/{report}"


def report_name(report: str) -> str:
    return f"reports/{report}"


def report_message(report: Report) -> reports_pb2.Report:
    findings = report.findings
    return reports_pb2.Report(
        name=report_name(report.id),
        thread=convert.thread_name(report.thread),
        course=f"courses/{report.key.course}",
        user=report.key.user,
        requester=report.requester,
        title=findings.title,
        summary=findings.summary,
        asked=[_point(point) for point in findings.asked],
        understood=[_point(point) for point in findings.understood],
        unclear=[_point(point) for point in findings.unclear],
        next_steps=[_point(point) for point in findings.next_steps],
        markdown=report.markdown,
        degraded=report.degraded,
        provider=report.provider,
        model=report.model,
        turn_count=report.turn_count,
        create_time=convert.timestamp(report.created),
    )


def _point(point: Point) -> reports_pb2.Report.Point:
    citations = [convert.citation_message(citation) for citation in point.citations]
    return reports_pb2.Report.Point(text=point.text, citations=citations)
