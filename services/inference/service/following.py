"""A flight that another process leads: its events are copied from the log as they come."""

import asyncio
from contextlib import aclosing

from kit.errors import Unavailable
from kit.turnlog.ports import TurnLog
from services.inference.ports import Flights, Seat
from services.inference.service.flight import Flight
from services.inference.service.records import event_of, log_name

CHECK_SECONDS = 1.0


class Following:
    """Follows one generation."""

    def __init__(self, flights: Flights, logbook: TurnLog, flight: Flight, seat: Seat, name: str) -> None:
        """`name` is that of this process among the followers."""
        self._flights, self._logbook, self._flight, self._name = flights, logbook, flight, name
        self._log = log_name(flight.key, seat.generation)

    async def run(self) -> None:
        """Until the end, until nobody listens here, or until nobody leads any more."""
        copy = asyncio.create_task(self._copy())
        deserted = asyncio.create_task(self._flight.deserted.wait())
        try:
            while await self._led() and not copy.done() and not deserted.done():
                await asyncio.wait({copy, deserted}, timeout=CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            copy.cancel()
            deserted.cancel()
            await asyncio.gather(copy, deserted, return_exceptions=True)
        if not self._flight.done and self._flight.listeners:
            await self._read_rest()

    async def _copy(self) -> None:
        async with aclosing(self._logbook.follow(self._log, self._flight.logged)) as entries:
            async for entry in entries:
                self._flight.copy([event_of(entry)])

    async def _led(self) -> bool:
        try:
            return await self._flights.attend(self._flight.key, self._name)
        except Unavailable:
            return False

    async def _read_rest(self) -> None:
        """What the leader wrote last, before it left."""
        try:
            entries = await self._logbook.read(self._log, self._flight.logged)
            self._flight.copy(event_of(entry) for entry in entries)
        except Unavailable:
            self._flight.alone = True
