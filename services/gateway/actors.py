"""What the worker of the gateway does, by kind of job."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from kit.errors import LecternError, Reason, Unavailable
from kit.jobs.webhooks.announcing import DELIVER
from kit.jobs.webhooks.delivering import Delivering
from kit.jobs.work import Actors, Work
from services.gateway.model import Completed, Failed, Question, Started, Turn
from services.gateway.observed import observed
from services.gateway.service import ChatService, failure_of
from services.gateway.turns.queueing import KIND


class GatewayActors:
    """Answers turns as the gateway does: the same log, the same readers, the same end; and delivers webhooks."""

    def __init__(self, chat: ChatService, delivering: Delivering) -> None:
        self._chat = chat
        self._delivering = delivering

    def by_kind(self) -> Actors:
        actors = Actors()
        actors.add(KIND, self.run_turn)
        actors.add(DELIVER, self._delivering.deliver)
        return actors

    async def run_turn(self, work: Work) -> Mapping[str, Any]:
        """Every attempt asks under the same id, so that a later one finds the turn, and goes on with it."""
        turn = ""
        try:
            asked = self._chat.ask(work.caller, _question_of(work), afresh=True)
            # An attempt that is handed back goes on elsewhere, and is counted there.
            stopped = lambda: "cancelled" if work.cancelled else ""  # noqa: E731
            async with aclosing(observed(asked, stopped)) as events:
                async for event in events:
                    match event.happening:
                        case Started(turn):
                            await work.report(10, "the question is being answered", f"answers as {turn}")
                        case Completed(answered):
                            return _result_of(answered)
                        case Failed() as failed:
                            raise _error_of(failed)
        except asyncio.CancelledError:
            if work.cancelled and turn:
                await self._chat.cancel(work.caller, turn)
            raise
        raise Unavailable("the turn ended without an answer", Reason.STREAM_INTERRUPTED)


def _question_of(work: Work) -> Question:
    asked = work.payload
    request_id, continues = asked["request_id"] or work.key, asked.get("continues", "")  # older jobs have none
    return Question(asked["course"], asked["video_url"], asked["message"], request_id, asked["position"], continues)


def _result_of(turn: Turn) -> Mapping[str, Any]:
    return {"turn": turn.name, "thread": turn.thread, "degraded": turn.degraded}


def _error_of(failed: Failed) -> LecternError:
    """Each try is a turn that the student sees: without a model they are counted, and not put off for ever."""
    if failed.reason == Reason.PROVIDERS_UNAVAILABLE:
        return Unavailable(failed.message)
    return failure_of(failed)
