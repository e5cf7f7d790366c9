from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from kit.turnlog.ports import Bulletin, TurnLog
from services.gateway import convert
from services.gateway.model import Event


class LoggedJournal:
    """The turn log of kit, with events as its entries."""

    def __init__(self, log: TurnLog) -> None:
        self._log = log

    async def append(self, turn: str, token: int, events: Sequence[Event]) -> None:
        await self._log.append(turn, token, [convert.entry_of(event) for event in events])

    async def read(self, turn: str, after: int = 0) -> list[Event]:
        return [convert.event_of_entry(entry) for entry in await self._log.read(turn, after)]

    async def follow(self, turn: str, after: int = 0) -> AsyncGenerator[Event, None]:
        async with aclosing(self._log.follow(turn, after)) as entries:
            async for entry in entries:
                yield convert.event_of_entry(entry)


class BulletinOrders:
    """Orders as notes on the bulletin, one board per owner."""

    def __init__(self, bulletin: Bulletin) -> None:
        self._bulletin = bulletin

    async def cancel(self, owner: str, turn: str) -> None:
        await self._bulletin.publish(f"owner:{owner}", turn.encode())

    async def received(self, owner: str) -> AsyncGenerator[str, None]:
        async with aclosing(self._bulletin.follow(f"owner:{owner}")) as notes:
            async for note in notes:
                if note:
                    yield note.decode()
