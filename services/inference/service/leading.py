"""The leader of a flight: calls the model, and writes what it says down before anybody hears it."""

import asyncio
import contextlib
from contextlib import aclosing
from dataclasses import replace

from kit.errors import Conflict, LecternError, ResourceExhausted, Unavailable
from kit.turnlog.ports import TurnLog
from services.inference.model.generation import Event, Notice
from services.inference.ports import FlightLeases, Generator, Seat
from services.inference.service.flight import Flight
from services.inference.service.records import entry_of, event_of, log_name

RENEW_SECONDS = 1.0
TAKEN_OVER = Notice("continued", "The answer was interrupted; another instance continues it from here.")


class _OvertakenError(Exception):
    """Another process leads by now."""


class Leading:
    """One lead; without a seat, because the leases are away, for this process alone."""

    def __init__(
        self, inner: Generator, leases: FlightLeases, logbook: TurnLog, flight: Flight, seat: Seat | None
    ) -> None:
        self._inner, self._leases, self._logbook = inner, leases, logbook
        self._flight, self._seat = flight, seat

    async def run(self) -> None:
        """Until the answer is whole, the lease is lost, or nobody listens."""
        parts = [asyncio.create_task(self._lead()), asyncio.create_task(self._watch())]
        lead: BaseException | None = None
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            lead, _ = await asyncio.gather(*parts, return_exceptions=True)
            await self._release()
        if isinstance(lead, Exception) and not isinstance(lead, _OvertakenError):
            raise lead

    async def _lead(self) -> None:
        flight = self._flight
        if self._seat is not None:
            await self._level(self._seat)
        if flight.done or not flight.listeners:
            return
        payer, said = flight.listeners[0], flight.said
        if said:
            await self._publish(TAKEN_OVER)
        prompt = replace(flight.prompt, continue_from=said)
        try:
            async with aclosing(self._inner.stream(payer.caller, prompt)) as events:
                async for event in events:
                    await self._publish(event)
        except ResourceExhausted as error:
            flight.refuse(payer, error)  # this caller may not pay for it; another one may
        except LecternError as error:
            await self._publish(error)

    async def _level(self, seat: Seat) -> None:
        """Brings flight and log to the same end: a successor reads what was written, a new log gets what was heard."""
        events, name = self._flight.events, log_name(self._flight.key, seat.generation)
        try:
            if not seat.fresh:
                self._flight.add(event_of(entry) for entry in await self._logbook.read(name, len(events)))
            elif events:
                entries = [entry_of(number, event) for number, event in enumerate(events, 1)]
                await self._logbook.append(name, seat.token, entries)
        except Unavailable:
            self._go_alone()

    async def _publish(self, event: Event | LecternError) -> None:
        if self._seat is not None:
            entry = entry_of(len(self._flight.events) + 1, event)
            try:
                await self._logbook.append(log_name(self._flight.key, self._seat.generation), self._seat.token, [entry])
            except Unavailable:
                self._go_alone()
            except Conflict as error:
                raise _OvertakenError from error
        self._flight.add([event])

    def _go_alone(self) -> None:
        """From here on the log lacks events, and a successor would be misled: let the lease run out."""
        self._seat, self._flight.alone = None, True

    async def _watch(self) -> None:
        """Holds the lease; returns when it is lost, or when nobody follows any more."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEW_SECONDS):
                    await self._flight.deserted.wait()
            followers = await self._followers()
            if followers is None or (not self._flight.listeners and not followers):
                return
            if not self._flight.listeners:
                await asyncio.sleep(RENEW_SECONDS)

    async def _followers(self) -> int | None:
        if self._seat is None:
            return 0
        try:
            return await self._leases.renew(self._flight.key, self._seat.token)
        except Unavailable:
            return 0

    async def _release(self) -> None:
        if self._seat is not None:
            ended = self._flight.done or not self._flight.listeners
            with contextlib.suppress(Unavailable):
                await self._leases.release(self._flight.key, self._seat.token, ended=ended)
