"""The end of a turn's log, where the process that wrote it is gone."""

from lectern.chat.v1 import chat_pb2

from kit.errors import LecternError
from kit.turnlog.ports import Entry, TurnLog
from services.threads import convert
from services.threads.model import Lease, Turn

TurnEvent = chat_pb2.TurnEvent


class LoggedTail:
    """Reads what was said from the log, and ends the log. Where the log is away or expired, nothing was said."""

    def __init__(self, log: TurnLog) -> None:
        self._log = log

    async def said(self, turn: Turn) -> str:
        return "".join(TurnEvent.FromString(entry.payload).delta.text for entry in await self._entries(turn))

    async def end(self, turn: Turn, lease: Lease) -> None:
        entries = await self._entries(turn)
        if entries and entries[-1].final:
            return
        failed = TurnEvent.Failed(
            reason=turn.answer.failure_reason, message="the answer broke off", partial=turn.answer.text
        )
        sequence = (entries[-1].sequence if entries else 0) + 1
        event = TurnEvent(sequence=sequence, failed=failed)
        try:
            await self._log.append(_name(turn), lease.token, [Entry(sequence, event.SerializeToString(), final=True)])
        except LecternError:
            return  # whoever follows reads the turn itself

    async def _entries(self, turn: Turn) -> list[Entry]:
        try:
            return await self._log.read(_name(turn))
        except LecternError:
            return []


def _name(turn: Turn) -> str:
    return convert.turn_name(turn.thread, turn.id)
