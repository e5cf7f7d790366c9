import asyncio
from collections.abc import Iterable

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
        self._opening: asyncio.Task[None] | None = None

    def open(self, happenings: Iterable[Happening]) -> None:
        """Begins to write the first events; what comes next waits for them, so that a model can be asked at once."""
        self._opening = asyncio.create_task(self._write(self._numbered(happenings)))

    async def write(self, *happenings: Happening) -> None:
        """Keeps the events, then shows them; raises Conflict where another process has taken the turn over."""
        events = self._numbered(happenings)
        await self.opened()
        await self._write(events)

    async def opened(self) -> None:
        """Returns once the first events are written; raises as `write` does."""
        if self._opening is not None:
            opening, self._opening = self._opening, None
            await opening

    async def close(self) -> None:
        """Leaves nothing behind where a turn ends before its first events are written."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)

    def _numbered(self, happenings: Iterable[Happening]) -> list[Event]:
        events = [Event(number, happening) for number, happening in enumerate(happenings, self._sequence + 1)]
        self._sequence += len(events)
        return events

    async def _write(self, events: list[Event]) -> None:
        self._unkept += events
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
                self._broadcast.publish(events)
