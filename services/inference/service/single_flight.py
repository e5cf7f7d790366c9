"""The same question on the same context at the same time is one call, over all processes."""

import asyncio
import contextvars
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from kit.auth.caller import Caller
from kit.call import CURRENT
from kit.errors import Internal, Reason, Unavailable
from kit.turnlog.ports import TurnLog
from services.inference.model.generation import Event, Prompt
from services.inference.ports import FlightLeases, Generator, Seat
from services.inference.service.catalog import Catalog
from services.inference.service.flight import Flight
from services.inference.service.following import Following
from services.inference.service.keys import answer_key, shareable
from services.inference.service.leading import Leading

log = structlog.get_logger()


class SingleFlight:
    """A Generator whose callers share what they ask alike; when the leader dies, another process goes on."""

    def __init__(self, inner: Generator, leases: FlightLeases, logbook: TurnLog, catalog: Catalog) -> None:
        """`logbook` carries a generation's events to the other processes, and to a successor."""
        self._inner, self._leases, self._logbook, self._catalog = inner, leases, logbook, catalog
        self._flights: dict[str, Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._name = uuid.uuid4().hex

    async def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        inner = self._shared(caller, prompt) if shareable(prompt) else self._inner.stream(caller, prompt)
        async with aclosing(inner) as events:
            async for event in events:
                yield event

    async def close(self) -> None:
        """Ends the flights of this process; where others follow, one of them goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _shared(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        model = self._catalog.preferred_model(prompt.purpose, prompt.model)
        key = answer_key(caller.tenant, model, prompt)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = Flight(key, prompt)
        listener = flight.join(caller)
        if len(flight.listeners) == 1 and not flight.flying:
            self._take_off(flight)
        try:
            async with aclosing(flight.listen(listener)) as events:
                async for event in events:
                    yield event
        finally:
            flight.leave(listener)

    def _take_off(self, flight: Flight) -> None:
        flight.flying = True
        context = contextvars.copy_context()
        context.run(CURRENT.set, None)  # the flight outlives the call that began it, and so its deadline
        task = asyncio.create_task(self._fly(flight), context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fly(self, flight: Flight) -> None:
        """Leads or follows until the answer is whole, or nobody here listens any more."""
        try:
            while flight.listeners and not flight.done:
                seat = await self._seat(flight)
                if seat is None or seat.leads:
                    await Leading(self._inner, self._leases, self._logbook, flight, seat).run()
                else:
                    await Following(self._leases, self._logbook, flight, seat, self._name).run()
        except asyncio.CancelledError:
            flight.add([Unavailable("the instance is going away", Reason.SHUTTING_DOWN)])
            raise
        except Exception:
            log.exception("a flight crashed")
            flight.add([Internal("the answer could not be generated")])
        finally:
            flight.flying = False
            self._flights.pop(flight.key, None)

    async def _seat(self, flight: Flight) -> Seat | None:
        if flight.alone:
            return None
        try:
            return await self._leases.take(flight.key)
        except Unavailable:
            flight.alone = True
            return None
