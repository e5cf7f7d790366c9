from kit.errors import Conflict, Unavailable
from services.gateway.model import Event, Happening
from services.gateway.ports import Journal
from services.gateway.turns.broadcast import Broadcast


class TurnWriter:
    """The one writer of a turn's log: what is sent was kept before, so that it can be read again.

    While the log is away the live stream goes on; what it missed is kept with the next event that reaches it.
    """

    def __init__(self, journal: Journal, turn: str, token: int, broadcast: Broadcast) -> None:
        self._journal = journal
        self._turn = turn
        self._token = token
        self._broadcast = broadcast
        self._unkept: list[Event] = []
        self._sequence = broadcast.last_sequence
        self._lost = False

    async def write(self, happening: Happening) -> None:
        """Keeps the event, then shows it; raises Conflict where another process has taken the turn over."""
        self._sequence += 1
        event = Event(self._sequence, happening)
        self._unkept.append(event)
        try:
            await self._journal.append(self._turn, self._token, self._unkept)
            self._unkept = []
        except Conflict:
            self._lost = True
            raise
        except Unavailable:
            pass  # without the log only resuming is lost
        finally:
            # Also where the turn is cancelled meanwhile: what was said is kept with its end, and counts as said.
            if not self._lost:
                self._broadcast.publish(event)
