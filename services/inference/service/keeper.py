"""Holds the leases of all flights that this process leads: one task and one channel, however many there are."""

import asyncio
import time
from contextlib import aclosing

from kit.errors import Unavailable
from services.inference.ports import Flights
from services.inference.service.leading import Leading

RENEW_SECONDS = 1.0


class Keeper:
    """Renews the leases, and tells the leaders who follows them and when nobody does."""

    def __init__(self, flights: Flights, process: str) -> None:
        self._flights, self._process = flights, process
        self._held: dict[str, tuple[float, Leading]] = {}
        self._renewing: asyncio.Task[None] | None = None
        self._hearing: asyncio.Task[None] | None = None

    def hold(self, leading: Leading) -> None:
        self._held[leading.flight.key] = (time.monotonic(), leading)
        if self._hearing is None or self._hearing.done():
            self._hearing = asyncio.create_task(self._hear())
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew())

    def let_go(self, leading: Leading) -> None:
        del self._held[leading.flight.key]

    async def close(self) -> None:
        tasks = [task for task in (self._renewing, self._hearing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self, flight: str) -> None:
        """Renews a lease now, and so learns whether the call to the model still serves anybody."""
        _, leading = self._held.get(flight, (0.0, None))
        if leading is None:
            return
        try:
            followers = await self._flights.renew(flight, leading.seat.token) if leading.seat is not None else 0
        except Unavailable:
            followers = 0
        leading.renewed(followers)
        if followers:
            await leading.follow()

    async def _renew(self) -> None:
        """A flight that ends within a second needs none of it."""
        while self._held:
            await asyncio.sleep(RENEW_SECONDS)
            before = time.monotonic() - RENEW_SECONDS / 2
            await asyncio.gather(*(self.look(flight) for flight, (since, _) in self._held.items() if since <= before))

    async def _hear(self) -> None:
        async with aclosing(self._flights.followed(self._process)) as flights:
            async for flight in flights:
                _, leading = self._held.get(flight, (0.0, None))
                if leading is not None:
                    await leading.follow()
