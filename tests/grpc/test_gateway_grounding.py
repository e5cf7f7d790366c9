"""What the gateway makes of passages that it is sent, the first time and again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from lectern.context.v1 import courses_pb2, grounding_pb2, grounding_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from kit.process import running
from kit.server import Mount
from kit.settings import CommonSettings
from services.gateway.adapters.knowledge import GrpcKnowledge
from services.gateway.model import Cue, Grounding, Passage, Question

SECRET = "a-secret-between-services-for-tests"


@dataclass
class Scripted(grounding_pb2_grpc.GroundingServiceServicer):
    """Answers with these passages, whatever it is asked."""

    passages: Sequence[courses_pb2.Passage] = ()
    neighbourhood: courses_pb2.Passage | None = None

    async def BuildContext(self, request: Any, context: Any) -> grounding_pb2.BuildContextResponse:
        return grounding_pb2.BuildContextResponse(passages=self.passages, neighbourhood=self.neighbourhood)


@dataclass
class Rig:
    knowledge: GrpcKnowledge
    scripted: Scripted = field(default_factory=Scripted)

    async def ground(self, *passages: courses_pb2.Passage, tenant: str = "default") -> Grounding:
        self.scripted.passages = passages
        question = Question("courses/waves", "", "What does a wave carry?")
        return await self.knowledge.ground(Caller(tenant, "ada"), question)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    scripted = Scripted()

    async def mounts(_: CommonSettings, __: AsyncExitStack) -> Sequence[Mount]:
        return [Mount(grounding_pb2_grpc.add_GroundingServiceServicer_to_server, scripted)]

    async with running("context", CommonSettings(service_secret=SECRET, drain_seconds=0.1), mounts) as server:
        peer = Peer(f"127.0.0.1:{server.port}", service="gateway", secret=SECRET)
        yield Rig(GrpcKnowledge(peer, 1000), scripted)
        await peer.close()


def sent(text: str, score: float = 1.0, title: str = "Waves", cues: int = 2) -> courses_pb2.Passage:
    spoken = [
        courses_pb2.Cue(start_offset=Duration(seconds=at), end_offset=Duration(seconds=at + 1), text=f"{text} {at}")
        for at in range(cues)
    ]
    return courses_pb2.Passage(
        id="p",
        text=text,
        title=title,
        video_url="v",
        start_offset=Duration(seconds=0),
        end_offset=Duration(seconds=cues),
        score=score,
        cues=spoken,
    )


def meant(text: str, title: str = "Waves", cues: int = 2) -> Passage:
    spoken = tuple(Cue(float(at), at + 1.0, f"{text} {at}") for at in range(cues))
    return Passage("p", text, title, "v", 0.0, float(cues), cues=spoken)


async def test_passages_under_one_id_stay_what_each_of_them_is(rig: Rig) -> None:
    for _ in range(2):
        for tenant in ("default", "elsewhere"):
            assert (await rig.ground(sent("Waves."), tenant=tenant)).passages == (meant("Waves."),)
        assert (await rig.ground(sent("Waves.", title="Tides"))).passages == (meant("Waves.", "Tides"),)
        assert (await rig.ground(sent("Waves.", cues=1))).passages == (meant("Waves.", cues=1),)
        assert (await rig.ground(sent("Wav"), sent("Waves."))).passages == (meant("Wav"), meant("Waves."))


async def test_what_is_known_of_a_passage_is_made_once_however_well_it_fits(rig: Rig) -> None:
    first, second = [(await rig.ground(sent("Waves.", score))).passages[0] for score in (0.9, 0.1)]
    assert first is second


async def test_what_is_said_around_the_position_comes_last_and_once(rig: Rig) -> None:
    rig.scripted.neighbourhood = sent("Waves.")
    assert (await rig.ground(sent("Waves."))).passages == (meant("Waves."),)
    other = sent("Tides.")
    other.id = "q"
    assert [passage.id for passage in (await rig.ground(other)).passages] == ["q", "p"]
