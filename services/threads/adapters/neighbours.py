"""What the neighbours keep of a user: over gRPC, and in memory."""

from collections.abc import Mapping, Sequence

from lectern.context.v1 import user_data_pb2 as context_pb2
from lectern.context.v1 import user_data_pb2_grpc as context_pb2_grpc
from lectern.inference.v1 import operations_pb2
from lectern.inference.v1 import user_data_pb2 as inference_pb2
from lectern.inference.v1 import user_data_pb2_grpc as inference_pb2_grpc

from kit import names
from kit.auth.caller import Caller
from kit.channel import Peer
from services.threads.ports import Spent


class GrpcMemberships:
    """As the context service knows them."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(context_pb2_grpc.UserDataServiceStub)

    async def courses(self, caller: Caller) -> Sequence[str]:
        request = context_pb2.ExportUserDataRequest()
        kept = await self._peer.call(self._stub.ExportUserData, request, caller, idempotent=True)
        return [names.course_id(course) for course in kept.courses]

    async def erase(self, caller: Caller) -> None:
        request = context_pb2.DeleteUserDataRequest()
        await self._peer.call(self._stub.DeleteUserData, request, caller, idempotent=True)


class GrpcSpending:
    """As the inference service has it in its books."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(inference_pb2_grpc.UserDataServiceStub)

    async def spent(self, caller: Caller) -> Sequence[Spent]:
        request = inference_pb2.ExportUserDataRequest()
        kept = await self._peer.call(self._stub.ExportUserData, request, caller, idempotent=True)
        return [_spent(line) for line in kept.usage]

    async def erase(self, caller: Caller) -> None:
        request = inference_pb2.DeleteUserDataRequest()
        await self._peer.call(self._stub.DeleteUserData, request, caller, idempotent=True)


class MemoryMemberships:
    """Courses by user."""

    def __init__(self, members: Mapping[str, Sequence[str]]) -> None:
        self.members = dict(members)

    async def courses(self, caller: Caller) -> Sequence[str]:
        return self.members.get(caller.user, ())

    async def erase(self, caller: Caller) -> None:
        self.members.pop(caller.user, None)


class MemorySpending:
    """Spending by user."""

    def __init__(self, books: Mapping[str, Sequence[Spent]]) -> None:
        self.books = dict(books)

    async def spent(self, caller: Caller) -> Sequence[Spent]:
        return self.books.get(caller.user, ())

    async def erase(self, caller: Caller) -> None:
        self.books.pop(caller.user, None)


def _spent(line: operations_pb2.Usage.Line) -> Spent:
    totals = line.totals
    return Spent(
        course=line.course,
        provider=line.provider,
        model=line.model,
        purpose=line.purpose,
        calls=totals.calls,
        prompt_tokens=totals.prompt_tokens,
        completion_tokens=totals.completion_tokens,
        cost_usd=totals.cost_usd,
        unpriced_calls=totals.unpriced_calls,
    )
