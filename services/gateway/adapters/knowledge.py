from functools import lru_cache

from lectern.context.v1 import courses_pb2, grounding_pb2, grounding_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from services.gateway import convert
from services.gateway.model import Cue, Grounding, Passage, Question
from services.gateway.support.sources import PASSAGES_KEPT

# A longer question is found by its beginning.
LONGEST_QUERY = 8000
POLICIES = {
    courses_pb2.Course.HINTS: "hints",
    courses_pb2.Course.QUIZ_ME: "quiz_me",
}


class GrpcKnowledge:
    """The context service, over gRPC."""

    def __init__(self, peer: Peer, token_budget: int) -> None:
        self._peer = peer
        self._stub = peer.stub(grounding_pb2_grpc.GroundingServiceStub)
        self._token_budget = token_budget

    async def ground(self, caller: Caller, question: Question) -> Grounding:
        request = grounding_pb2.BuildContextRequest(
            course=question.course,
            video_url=question.video_url,
            query=question.text[:LONGEST_QUERY],
            position=convert.duration_of(question.position),
            token_budget=self._token_budget,
        )
        found = await self._peer.call(self._stub.BuildContext, request, caller, timeout=10, idempotent=True)
        protos = [*found.passages]
        if found.HasField("neighbourhood") and found.neighbourhood.id not in {proto.id for proto in protos}:
            protos.append(found.neighbourhood)
        return Grounding(
            course=found.course.name,
            course_title=found.course.title,
            video_title=found.video_title,
            policy=POLICIES.get(found.course.policy, "answer"),
            passages=tuple(map(_passage_of, protos)),
            version=found.context_version,
        )


def _passage_of(proto: courses_pb2.Passage) -> Passage:
    proto.ClearField("score")  # the one thing that differs between questions
    return _passage_from(proto.SerializeToString())


@lru_cache(maxsize=PASSAGES_KEPT)
def _passage_from(sent: bytes) -> Passage:
    """Known by all that it says, and so of no tenant: where two were sent the same, it is the same."""
    proto = courses_pb2.Passage.FromString(sent)
    return Passage(
        id=proto.id,
        text=proto.text,
        title=proto.title,
        video_url=proto.video_url,
        start=convert.seconds_of(proto.start_offset) if proto.HasField("start_offset") else None,
        end=convert.seconds_of(proto.end_offset) if proto.HasField("end_offset") else None,
        document=proto.document,
        page=proto.page,
        cues=tuple(
            Cue(convert.seconds_of(cue.start_offset), convert.seconds_of(cue.end_offset), cue.text)
            for cue in proto.cues
        ),
    )
