from typing import Any

from lectern.context.v1 import grounding_pb2, grounding_pb2_grpc

from kit import names
from kit.call import current_caller
from services.context import convert
from services.context.rendering import Renderings
from services.context.service.grounding import DEFAULT_BUDGET, Grounding, Question


class GroundingServicer(grounding_pb2_grpc.GroundingServiceServicer):
    """`lectern.context.v1.GroundingService`, for the gateway."""

    def __init__(self, grounding: Grounding) -> None:
        self._grounding = grounding
        self._renderings = Renderings()

    async def BuildContext(
        self, request: grounding_pb2.BuildContextRequest, _: Any
    ) -> grounding_pb2.BuildContextResponse:
        question = Question(
            course=names.course_id(request.course),
            text=request.query,
            video_url=request.video_url,
            position=convert.milliseconds(request.position) if request.HasField("position") else None,
            budget=request.token_budget or DEFAULT_BUDGET,
        )
        return self._renderings.context(await self._grounding.build(current_caller(), question))
