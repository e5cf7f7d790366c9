"""Language models as writers: those behind inference, and one that says what it was given."""

from collections.abc import Sequence
from contextlib import aclosing

from lectern.inference.v1 import generation_pb2, generation_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from kit.errors import LecternError
from kit.writing.ports import Assignment, Written

PromptMessage = generation_pb2.PromptMessage
# Inference is the one to say that a model took too long: it knows which one. So it gets to say it.
SPARE_SECONDS = 10.0


class InferenceWriter:
    """The models behind the inference service."""

    def __init__(self, peer: Peer, seconds: float) -> None:
        """`seconds` is what inference allows for one text."""
        self._peer = peer
        self._seconds = seconds + SPARE_SECONDS
        self._stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)

    async def write(self, caller: Caller, assignment: Assignment) -> Written:
        text, finish = "", generation_pb2.StreamGenerateResponse.Finish()
        stream = self._peer.stream(self._stub.StreamGenerate, _request(assignment), caller, timeout=self._seconds)
        async with aclosing(stream) as responses:
            async for response in responses:
                text += response.delta
                if response.HasField("finish"):
                    finish = response.finish
        return Written(text, finish.provider, finish.model)


class MemoryWriter:
    """Writes the given texts one after another, the last one again and again; an error is raised instead."""

    def __init__(self, texts: Sequence[str | LecternError]) -> None:
        self.texts = list(texts)
        self.assignments: list[Assignment] = []

    async def write(self, caller: Caller, assignment: Assignment) -> Written:
        self.assignments.append(assignment)
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        if isinstance(text, LecternError):
            raise text
        return Written(text, "memory", "memory")


def _request(assignment: Assignment) -> generation_pb2.StreamGenerateRequest:
    return generation_pb2.StreamGenerateRequest(
        purpose=generation_pb2.Purpose.Value(f"PURPOSE_{assignment.purpose.value}"),
        messages=[
            PromptMessage(role=PromptMessage.SYSTEM, text=assignment.instruction),
            PromptMessage(role=PromptMessage.USER, text=assignment.material, images=assignment.images),
        ],
        max_tokens=assignment.max_tokens,
        json_schema=assignment.schema,
        course=f"courses/{assignment.course}",
    )
