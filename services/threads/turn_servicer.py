from typing import Any

from lectern.chat.v1 import chat_pb2
from lectern.threads.v1 import turns_pb2, turns_pb2_grpc

from kit import names
from kit.call import current_caller
from services.threads import convert
from services.threads.service.orphans import Orphans
from services.threads.service.turns import Ask, Turns


class TurnServicer(turns_pb2_grpc.TurnServiceServicer):
    """The internal face of threads, for the gateway."""

    def __init__(self, turns: Turns, orphans: Orphans) -> None:
        self._turns = turns
        self._orphans = orphans

    async def BeginTurn(self, request: turns_pb2.BeginTurnRequest, context: Any) -> turns_pb2.BeginTurnResponse:
        question = convert.question_of(request)
        ask = Ask(names.course_id(request.course), question, request.owner, request.history_token_budget)
        begun = await self._turns.begin(current_caller(), ask)
        return turns_pb2.BeginTurnResponse(
            turn=convert.turn_message(begun.turn),
            lease=convert.lease_message(begun.turn.lease),
            attached=begun.attached,
            video_changed=begun.video_changed,
            history=[convert.exchange_message(exchange) for exchange in begun.history],
            ahead=[convert.turn_name(begun.turn.thread, turn) for turn in begun.ahead],
        )

    async def CompleteTurn(self, request: turns_pb2.CompleteTurnRequest, context: Any) -> chat_pb2.Turn:
        turn, lease = convert.turn_of(request.turn), convert.lease_of(request.lease)
        return convert.turn_message(await self._turns.complete(current_caller(), turn, lease))

    async def DiscardTurn(self, request: turns_pb2.DiscardTurnRequest, context: Any) -> turns_pb2.DiscardTurnResponse:
        thread, turn = convert.turn_ids(request.name)
        await self._turns.discard(current_caller(), thread, turn, convert.lease_of(request.lease))
        return turns_pb2.DiscardTurnResponse()

    async def ReadTurn(self, request: turns_pb2.ReadTurnRequest, context: Any) -> turns_pb2.ReadTurnResponse:
        found = await self._turns.read(current_caller(), *convert.turn_ids(request.name))
        return turns_pb2.ReadTurnResponse(
            turn=convert.turn_message(found),
            lease=convert.lease_message(found.lease),
            owner_alive=found.owner_alive,
        )

    async def ClaimTurn(self, request: turns_pb2.ClaimTurnRequest, context: Any) -> turns_pb2.ClaimTurnResponse:
        thread, turn = convert.turn_ids(request.name)
        claimed = await self._orphans.claim(current_caller(), thread, turn, request.owner, request.history_token_budget)
        return turns_pb2.ClaimTurnResponse(
            turn=convert.turn_message(claimed.turn),
            lease=convert.lease_message(claimed.lease),
            history=[convert.exchange_message(exchange) for exchange in claimed.history],
            position=convert.duration(claimed.turn.question.position),
            options=claimed.turn.question.options,
        )

    async def RenewOwner(self, request: turns_pb2.RenewOwnerRequest, context: Any) -> turns_pb2.RenewOwnerResponse:
        if request.release:
            await self._turns.release(request.owner)
            return turns_pb2.RenewOwnerResponse()
        lease = await self._turns.renew(request.owner)
        return turns_pb2.RenewOwnerResponse(duration=convert.duration(lease))
