from datetime import UTC, date
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from lectern.threads.v1 import insights_pb2, insights_pb2_grpc

from kit import names
from kit.call import current_caller
from services.threads import convert
from services.threads.model import Tally
from services.threads.service.insights.reading import InsightReading, Insights
from services.threads.service.insights.tallying import BIN_SECONDS


class InsightServicer(insights_pb2_grpc.InsightServiceServicer):
    """Insights into courses of the caller's tenant."""

    def __init__(self, reading: InsightReading) -> None:
        self._reading = reading

    async def GetInsights(self, request: insights_pb2.GetInsightsRequest, context: Any) -> insights_pb2.Insights:
        first = _day(request.start_time) if request.HasField("start_time") else None
        last = _day(request.end_time) if request.HasField("end_time") else None
        course = names.course_id(request.name, "name")
        return _message(await self._reading.of(current_caller(), course, first, last))


def _day(time: Timestamp) -> date:
    return time.ToDatetime(UTC).date()


def _message(insights: Insights) -> insights_pb2.Insights:
    total = insights.total
    return insights_pb2.Insights(
        course=f"courses/{insights.course}",
        question_count=total.questions,
        answered_count=total.answered,
        active_student_count=len(total.students),
        videos=[_video(video, tally) for video, tally in insights.videos],
        topics=[insights_pb2.Insights.Topic(text=word, question_count=count) for word, count in insights.topics],
        bin_duration=convert.duration(BIN_SECONDS),
        update_time=convert.timestamp(insights.updated) if insights.updated else None,
    )


def _video(video: str, tally: Tally) -> insights_pb2.Insights.Video:
    bins = [
        insights_pb2.Insights.Bin(start_offset=convert.duration(number * BIN_SECONDS), question_count=count)
        for number, count in sorted(tally.bins.items())
    ]
    return insights_pb2.Insights.Video(video_url=video, question_count=tally.questions, bins=bins)
