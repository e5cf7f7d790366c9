from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from functools import lru_cache

from lectern.inference.v1 import generation_pb2, generation_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from services.gateway.adapters.options import wishes_of
from services.gateway.model import Delta, Exchange, Finish, Notice, Passage, Prompt


class GrpcGeneration:
    """The inference service, over gRPC."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(generation_pb2_grpc.GenerationServiceStub)

    async def generate(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Delta | Notice | Finish, None]:
        request = _request_of(prompt)
        async with aclosing(self._peer.stream(self._stub.StreamGenerate, request, caller)) as responses:
            async for response in responses:
                yield piece_of(response)


def _request_of(prompt: Prompt) -> generation_pb2.StreamGenerateRequest:
    grounding = prompt.grounding
    return generation_pb2.StreamGenerateRequest(
        purpose=generation_pb2.PURPOSE_CHAT,
        continue_from=prompt.continue_from,
        continues=prompt.continues,
        **wishes_of(prompt.options),
        tutoring=generation_pb2.StreamGenerateRequest.Tutoring(
            course=grounding.course,
            course_title=grounding.course_title,
            video_title=grounding.video_title,
            policy=grounding.policy,
            sources=[_source_of(passage) for passage in grounding.passages],
            history=_messages_of(prompt.history),
            question=prompt.question,
            context_version=grounding.version,
            video_changed=prompt.video_changed,
        ),
    )


@lru_cache(1024)
def _source_of(passage: Passage) -> generation_pb2.StreamGenerateRequest.Source:
    return generation_pb2.StreamGenerateRequest.Source(id=passage.id, text=passage.text, label=_label_of(passage))


def _label_of(passage: Passage) -> str:
    if passage.start is not None:
        minutes, seconds = divmod(int(passage.start), 60)
        return f"{passage.title}, {minutes:02d}:{seconds:02d}"
    return f"{passage.title}, page {passage.page}" if passage.page else passage.title


def _messages_of(history: Iterable[Exchange]) -> list[generation_pb2.PromptMessage]:
    messages = []
    for exchange in history:
        messages.append(generation_pb2.PromptMessage(role=generation_pb2.PromptMessage.USER, text=exchange.question))
        if exchange.answer:
            said = generation_pb2.PromptMessage(role=generation_pb2.PromptMessage.ASSISTANT, text=exchange.answer)
            messages.append(said)
    return messages


def piece_of(response: generation_pb2.StreamGenerateResponse) -> Delta | Notice | Finish:
    match response.WhichOneof("event"):
        case "delta":
            return Delta(response.delta)
        case "notice":
            return Notice(response.notice.kind, response.notice.text)
    finish = response.finish
    return Finish(
        provider=finish.provider,
        model=finish.model,
        prompt_tokens=finish.usage.prompt_tokens,
        completion_tokens=finish.usage.completion_tokens,
        cached=finish.cached,
        degraded=finish.degraded,
        policy=finish.policy,
        finish_reason=finish.finish_reason,
    )
