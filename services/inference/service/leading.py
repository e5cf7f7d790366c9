"""The leader of a flight: calls the model, and writes down what it says as soon as another process follows."""

import asyncio
import contextlib
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from kit.errors import Conflict, LecternError, ResourceExhausted, Unavailable
from kit.turnlog.ports import TurnLog
from services.inference.model.generation import Event, Notice
from services.inference.ports import Flights, Generator, Seat
from services.inference.service.flight import Flight
from services.inference.service.kept import to_keep
from services.inference.service.records import entry_of, event_of, log_name

TAKEN_OVER = Notice("continued", "The answer was interrupted; another instance continues it from here.")


class _OvertakenError(Exception):
    """Another process leads by now."""


class Leading:
    """One lead; without a seat, because the leases are away, for this process alone.

    Who follows hears the log alone, and who succeeds goes on from there. So nothing needs to be written while nobody
    follows; and from then on nothing is heard here that is not written.
    """

    def __init__(self, inner: Generator, flights: Flights, logbook: TurnLog, flight: Flight, seat: Seat | None) -> None:
        self._inner, self._flights, self._logbook = inner, flights, logbook
        self.flight, self.seat = flight, seat
        self._followed = seat is not None and not seat.fresh
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    async def run(self) -> None:
        """Until the answer is whole, the lease is lost, or nobody listens."""
        with contextlib.suppress(_OvertakenError):
            try:
                await self._level()
                await self._lead()
            finally:
                await self._release()

    def renewed(self, followers: int | None) -> None:
        """How many processes follow at the moment; None where the lease is lost."""
        if followers is None:
            self._lost()
        elif not followers and not self.flight.listeners:
            self._stop()

    async def follow(self) -> None:
        """Another process follows and is told all that was said before."""
        if self.seat is None or self._followed:
            return
        self._followed = True
        async with self._writing:
            try:
                await self._write([])
            except (_OvertakenError, Unavailable):
                self._go_alone()

    async def _lead(self) -> None:
        flight = self.flight
        if flight.done or not flight.listeners:
            return
        payer, said = flight.listeners[0], flight.said
        self._task = asyncio.current_task()
        try:
            if said:
                await self._publish(TAKEN_OVER)
            prompt = replace(flight.prompt, continue_from=said)
            async with aclosing(self._inner.stream(payer.caller, prompt)) as events:
                async for event in events:
                    await self._publish(event)
        except ResourceExhausted as error:
            flight.refuse(payer, error)  # this caller may not pay for it; another one may
        except LecternError as error:
            await self._publish(error)
        except asyncio.CancelledError:
            if not self._stopped or self._task is None:
                raise
            self._task.uncancel()
        finally:
            self._task = None

    async def _level(self) -> None:
        """Brings the flight to the end of the log that a predecessor left."""
        if self.seat is None:
            return
        self.flight.board(self.seat.generation)
        if self.seat.fresh:
            return
        try:
            entries = await self._logbook.read(log_name(self.flight.key, self.seat.generation), self.flight.logged)
        except Unavailable:
            self._go_alone()
            return
        if entries and self.flight.ahead:
            self._go_alone()  # others heard something else
            return
        self.flight.copy(event_of(entry) for entry in entries)

    async def _publish(self, event: Event | LecternError) -> None:
        if self._followed and self.seat is not None:
            async with self._writing:
                try:
                    await self._write([event])
                except Unavailable:
                    self._go_alone()
                except _OvertakenError:
                    if not self.flight.ahead:
                        raise
                    self._go_alone()
                self.flight.add([event])
        else:
            self.flight.add([event])

    async def _write(self, news: Sequence[Event | LecternError]) -> None:
        """Appends what the log lacks, and the news."""
        flight, seat = self.flight, self.seat
        lacking = [*flight.told[flight.logged :], *news]
        if seat is None or not lacking:
            return
        entries = [entry_of(number, event) for number, event in enumerate(lacking, flight.logged + 1)]
        try:
            await self._logbook.append(log_name(flight.key, seat.generation), seat.token, entries)
        except Conflict as error:
            raise _OvertakenError from error
        flight.logged += len(lacking)

    def _go_alone(self) -> None:
        """From here on the log lacks events, and a successor would be misled: let the lease run out."""
        self.seat, self.flight.alone = None, True

    def _lost(self) -> None:
        if self.flight.ahead:
            self._go_alone()
        else:
            self._stop()

    def _stop(self) -> None:
        """Ends the call to the model, if it is under way."""
        if self._task is not None and not self._stopped:
            self._stopped = True
            self._task.cancel()

    async def _release(self) -> None:
        """Leaves the lead, after all who follow by then were told everything."""
        flight = self.flight
        ended = flight.done or not flight.listeners
        with contextlib.suppress(Unavailable, _OvertakenError):
            if self.seat is not None and not await self._released(ended, told=self._followed and not flight.ahead):
                async with self._writing:
                    await self._write([])
                await self._released(ended, told=True)

    async def _released(self, ended: bool, *, told: bool) -> bool:
        if self.seat is None:
            return True
        answer = to_keep(self.flight.events)
        return await self._flights.release(self.flight.key, self.seat.token, ended=ended, told=told, answer=answer)
