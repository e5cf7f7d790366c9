"""One instance of the threads service, as its callers see it."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from lectern.chat.v1 import chat_pb2
from lectern.threads.v1 import threads_pb2, threads_pb2_grpc, turns_pb2, turns_pb2_grpc

from kit.auth.caller import Caller
from kit.channel import Peer
from kit.process import running
from services.threads.app import build
from services.threads.settings import ThreadsSettings

ANN = Caller("default", "ann")
BOB = Caller("default", "bob")
ELSEWHERE = Caller("other", "ann")
STATE = chat_pb2.Turn.State


@dataclass(frozen=True)
class ThreadsClient:
    """What the gateway and users call."""

    peer: Peer
    turns: turns_pb2_grpc.TurnServiceStub
    threads: threads_pb2_grpc.ThreadServiceStub

    async def begin(
        self, message: str, *, course: str = "courses/waves", caller: Caller = ANN, owner: str = "g1", **fields: Any
    ) -> turns_pb2.BeginTurnResponse:
        request = turns_pb2.BeginTurnRequest(
            course=course, message=message, owner=owner, history_token_budget=1000, **fields
        )
        return await self.peer.call(self.turns.BeginTurn, request, caller, timeout=20)

    async def complete(self, begun: turns_pb2.BeginTurnResponse, answer: str, *, caller: Caller = ANN) -> chat_pb2.Turn:
        turn = chat_pb2.Turn()
        turn.CopyFrom(begun.turn)
        turn.answer, turn.state = answer, STATE.COMPLETED
        request = turns_pb2.CompleteTurnRequest(turn=turn, lease=begun.lease)
        return await self.peer.call(self.turns.CompleteTurn, request, caller)

    async def renew(self, owner: str, *, release: bool = False) -> turns_pb2.RenewOwnerResponse:
        request = turns_pb2.RenewOwnerRequest(owner=owner, release=release)
        return await self.peer.call(self.turns.RenewOwner, request, ANN)

    async def read(self, name: str, caller: Caller = ANN) -> turns_pb2.ReadTurnResponse:
        return await self.peer.call(self.turns.ReadTurn, turns_pb2.ReadTurnRequest(name=name), caller)

    async def claim(self, name: str, owner: str) -> turns_pb2.ClaimTurnResponse:
        request = turns_pb2.ClaimTurnRequest(name=name, owner=owner, history_token_budget=1000)
        return await self.peer.call(self.turns.ClaimTurn, request, ANN)

    async def discard(self, begun: turns_pb2.BeginTurnResponse) -> None:
        request = turns_pb2.DiscardTurnRequest(name=begun.turn.name, lease=begun.lease)
        await self.peer.call(self.turns.DiscardTurn, request, ANN)

    async def answered(
        self, question: str, answer: str, *, course: str = "courses/waves", caller: Caller = ANN
    ) -> chat_pb2.Turn:
        begun = await self.begin(question, course=course, caller=caller)
        return await self.complete(begun, answer, caller=caller)

    async def list(self, *, caller: Caller = ANN, **fields: Any) -> threads_pb2.ListThreadsResponse:
        return await self.peer.call(self.threads.ListThreads, threads_pb2.ListThreadsRequest(**fields), caller)

    async def get(self, name: str, caller: Caller = ANN) -> threads_pb2.Thread:
        return await self.peer.call(self.threads.GetThread, threads_pb2.GetThreadRequest(name=name), caller)

    async def update(self, thread: threads_pb2.Thread, *paths: str, caller: Caller = ANN) -> threads_pb2.Thread:
        request = threads_pb2.UpdateThreadRequest(thread=thread, update_mask=FieldMask(paths=paths))
        return await self.peer.call(self.threads.UpdateThread, request, caller)

    async def delete(self, name: str, caller: Caller = ANN) -> None:
        await self.peer.call(self.threads.DeleteThread, threads_pb2.DeleteThreadRequest(name=name), caller)

    async def messages(self, parent: str, *, caller: Caller = ANN, **fields: Any) -> threads_pb2.ListMessagesResponse:
        request = threads_pb2.ListMessagesRequest(parent=parent, **fields)
        return await self.peer.call(self.threads.ListMessages, request, caller)

    async def search(self, query: str, *, caller: Caller = ANN, **fields: Any) -> threads_pb2.SearchThreadsResponse:
        request = threads_pb2.SearchThreadsRequest(query=query, **fields)
        return await self.peer.call(self.threads.SearchThreads, request, caller)

    def watch(self, name: str, caller: Caller = ANN) -> AsyncGenerator[threads_pb2.ThreadEvent, None]:
        request = threads_pb2.WatchThreadRequest(name=name)
        return self.peer.stream(self.threads.WatchThread, request, caller)


async def serve(stack: AsyncExitStack, settings: ThreadsSettings) -> ThreadsClient:
    """A client of an instance that is started for it and ends with the stack."""
    server = await stack.enter_async_context(running("threads", settings, build))
    peer = Peer(f"127.0.0.1:{server.port}", service="gateway", secret=settings.internal_secret)
    stack.push_async_callback(peer.close)
    return ThreadsClient(peer, peer.stub(turns_pb2_grpc.TurnServiceStub), peer.stub(threads_pb2_grpc.ThreadServiceStub))
