from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from lectern.chat.v1 import chat_pb2, chat_pb2_grpc
from lectern.jobs.v1 import jobs_pb2

from kit import names
from kit.call import current_caller
from kit.errors import InvalidArgument
from kit.jobs.messages import job_message
from services.gateway import convert
from services.gateway.model import Event
from services.gateway.observed import observed, refusals
from services.gateway.service import ChatService, outcome
from services.gateway.turns.queueing import TurnQueue


class ChatServicer(chat_pb2_grpc.ChatServiceServicer):
    """`lectern.chat.v1.ChatService`."""

    def __init__(self, chat: ChatService, queue: TurnQueue) -> None:
        self._chat = chat
        self._queue = queue

    async def StreamTurn(self, request: chat_pb2.StreamTurnRequest, context: Any) -> AsyncIterator[Any]:
        """Events as they stand in the log, which need not be serialized again."""
        async with aclosing(self._asked(request)) as seen:
            async for event in seen:
                yield convert.encoded(event)

    async def CreateTurn(self, request: chat_pb2.CreateTurnRequest, context: Any) -> chat_pb2.Turn:
        return convert.turn_to_proto(await outcome(self._asked(request)))

    async def EnqueueTurn(self, request: chat_pb2.EnqueueTurnRequest, context: Any) -> jobs_pb2.Job:
        with refusals():
            return job_message(await self._queue.enqueue(current_caller(), convert.question_of(request)))

    async def GetTurn(self, request: chat_pb2.GetTurnRequest, context: Any) -> chat_pb2.Turn:
        names.parse(convert.TURN, request.name)
        return convert.turn_to_proto(await self._chat.read(current_caller(), request.name))

    async def ResumeTurn(self, request: chat_pb2.ResumeTurnRequest, context: Any) -> AsyncIterator[Any]:
        names.parse(convert.TURN, request.name)
        after = request.after_sequence or _last_event_id(context)
        if after < 0:
            raise InvalidArgument("after_sequence must not be negative", field="after_sequence")
        async with aclosing(self._chat.resume(current_caller(), request.name, after)) as events:
            async for event in events:
                yield convert.encoded(event)

    async def CancelTurn(self, request: chat_pb2.CancelTurnRequest, context: Any) -> chat_pb2.Turn:
        names.parse(convert.TURN, request.name)
        return convert.turn_to_proto(await self._chat.cancel(current_caller(), request.name))

    def _asked(self, request: Any) -> AsyncGenerator[Event, None]:
        with refusals():
            question = convert.question_of(request)
        return observed(self._chat.ask(current_caller(), question))


def _last_event_id(context: Any) -> int:
    """The sequence in the header `Last-Event-ID`, which EventSource sends when it reconnects."""
    value = dict(context.invocation_metadata() or ()).get("last-event-id", "")
    return int(value) if value.isascii() and value.isdigit() else 0
