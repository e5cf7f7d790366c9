from collections.abc import Iterable

from lectern_client.errors import LecternError, StreamInterrupted
from lectern_client.model.turns import BY_NAME, Completed, Failed, Started, TurnEvent
from lectern_client.protocol.calls import Json
from lectern_client.protocol.requests import Request, resource, stream
from lectern_client.protocol.wire import decode


class TurnStream:
    """The events of a turn. Asked for by the question until its name is known, then by the name."""

    def __init__(self, question: Request | None = None, turn: str = "", after: int = 0) -> None:
        """`question` must be safe to repeat: it carries an id, by which a second one attaches to the same turn."""
        self._question = question
        self._turn = turn
        self._sequence = after
        self.ended = False

    def request(self) -> Request:
        if self._question is not None and not self._turn:
            return self._question
        return stream(f"/v1/{resource('threads', self._turn)}:stream", afterSequence=self._sequence)

    def take(self, data: Json) -> Iterable[TurnEvent]:
        event = event_of(data)
        if event is None or event.sequence <= self._sequence:
            return ()
        self._sequence = event.sequence
        if isinstance(event, Started):
            self._turn = event.turn
        self.ended = isinstance(event, Completed | Failed)
        return (event,)

    def interrupted(self, trouble: LecternError) -> LecternError:
        if not self._turn:
            return trouble
        return StreamInterrupted(f"the answer broke off: {trouble}", self._turn, self._sequence)


def event_of(data: Json) -> TurnEvent | None:
    """The event; None for a heartbeat, and for what this version does not know."""
    for name, kind in BY_NAME.items():
        if name in data:
            return decode(kind, {**data[name], "sequence": data.get("sequence", 0)})
    return None
