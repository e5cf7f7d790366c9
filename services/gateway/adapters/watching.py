from collections.abc import AsyncGenerator
from contextlib import aclosing

from google.protobuf import json_format
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from services.gateway import convert
from services.gateway.realtime.ports import Happened, ThreadChanged, ThreadGone, TurnHappened


class GrpcThreadWatch:
    """The threads service, over gRPC."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(threads_pb2_grpc.ThreadServiceStub)

    async def watch(self, caller: Caller, thread: str) -> AsyncGenerator[Happened | None, None]:
        request = threads_pb2.WatchThreadRequest(name=thread)
        async with aclosing(self._peer.stream(self._stub.WatchThread, request, caller)) as events:
            async for event in events:
                yield _happened(event)


def _happened(event: threads_pb2.ThreadEvent) -> Happened | None:
    match event.WhichOneof("event"):
        case "turn_event":
            return TurnHappened(event.turn_event.turn, convert.event_of(event.turn_event.event))
        case "thread_updated":
            return ThreadChanged(json_format.MessageToDict(event.thread_updated))
        case "thread_deleted":
            return ThreadGone()
    return None
