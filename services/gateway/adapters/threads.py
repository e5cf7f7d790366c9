from collections.abc import Iterable

from lectern.threads.v1 import turns_pb2, turns_pb2_grpc

from kit.auth.caller import Caller
from kit.auth.service_tokens import on_behalf_of_nobody
from kit.channel import Peer
from kit.errors import Conflict, Reason
from services.gateway import convert
from services.gateway.adapters.options import packed, unpacked
from services.gateway.model import Begun, Exchange, Held, Lease, Question, Turn

SERVICE = "gateway"


class GrpcThreads:
    """The threads service, over gRPC."""

    def __init__(self, peer: Peer, history_token_budget: int) -> None:
        self._peer = peer
        self._stub = peer.stub(turns_pb2_grpc.TurnServiceStub)
        self._history = history_token_budget

    async def begin(self, caller: Caller, question: Question, owner: str) -> Begun:
        request = turns_pb2.BeginTurnRequest(
            course=question.course,
            video_url=question.video_url,
            message=question.text,
            request_id=question.request_id,
            position=convert.duration_of(question.position),
            owner=owner,
            history_token_budget=self._history,
            continues=question.continues,
            options=packed(question.options),
        )
        # Without an id of the client's a repetition would ask twice.
        repeatable = bool(question.request_id)
        found = await self._peer.call(self._stub.BeginTurn, request, caller, timeout=10, idempotent=repeatable)
        return Begun(
            turn=convert.turn_of(found.turn),
            lease=_lease_of(found.lease),
            attached=found.attached,
            video_changed=found.video_changed,
            history=_history_of(found.history),
            ahead=tuple(found.ahead),
            position=question.position,
            options=question.options,
        )

    async def complete(self, caller: Caller, turn: Turn, lease: Lease) -> Turn:
        request = turns_pb2.CompleteTurnRequest(turn=convert.turn_to_proto(turn), lease=_lease_to_proto(lease))
        found = await self._peer.call(self._stub.CompleteTurn, request, caller, timeout=10, idempotent=True)
        return convert.turn_as_kept(turn, found)

    async def discard(self, caller: Caller, name: str, lease: Lease) -> None:
        request = turns_pb2.DiscardTurnRequest(name=name, lease=_lease_to_proto(lease))
        await self._peer.call(self._stub.DiscardTurn, request, caller, idempotent=True)

    async def read(self, caller: Caller, name: str) -> Held:
        request = turns_pb2.ReadTurnRequest(name=name)
        found = await self._peer.call(self._stub.ReadTurn, request, caller, idempotent=True)
        lease = _lease_of(found.lease) if found.HasField("lease") else None
        return Held(convert.turn_of(found.turn), lease, found.owner_alive)

    async def claim(self, caller: Caller, name: str, owner: str) -> Begun:
        request = turns_pb2.ClaimTurnRequest(name=name, owner=owner, history_token_budget=self._history)
        found = await self._peer.call(self._stub.ClaimTurn, request, caller)
        if not found.HasField("lease"):
            raise Conflict("the turn has ended meanwhile", Reason.TURN_IN_PROGRESS)
        position = convert.seconds_of(found.position) if found.HasField("position") else None
        return Begun(
            turn=convert.turn_of(found.turn),
            lease=_lease_of(found.lease),
            history=_history_of(found.history),
            position=position,
            options=unpacked(found.options),
        )

    async def renew(self, owner: str, *, release: bool = False) -> None:
        request = turns_pb2.RenewOwnerRequest(owner=owner, release=release)
        await self._peer.call(self._stub.RenewOwner, request, on_behalf_of_nobody(SERVICE), timeout=2)


def _lease_of(proto: turns_pb2.Lease) -> Lease:
    return Lease(proto.owner, proto.fencing_token)


def _lease_to_proto(lease: Lease) -> turns_pb2.Lease:
    return turns_pb2.Lease(owner=lease.owner, fencing_token=lease.token)


def _history_of(protos: Iterable[turns_pb2.Exchange]) -> tuple[Exchange, ...]:
    return tuple(Exchange(proto.question, proto.answer) for proto in protos)
