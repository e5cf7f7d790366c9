"""The same question on the same context is one call, over all processes: asked before, or at the same time."""

import asyncio
import contextvars
import uuid
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing

import structlog

from kit.auth.caller import Caller
from kit.call import CURRENT
from kit.errors import Internal, Reason, Unavailable
from kit.telemetry.metrics import LOOKUPS
from kit.turnlog.ports import TurnLog
from services.inference.model.generation import Event, Prompt
from services.inference.ports import Answered, Flights, Generator, Seat
from services.inference.service.catalog import Catalog
from services.inference.service.flight import Flight
from services.inference.service.following import Following
from services.inference.service.keeper import Keeper
from services.inference.service.kept import replayed
from services.inference.service.keys import answer_key, shareable
from services.inference.service.leading import Leading

HIT, MISS = LOOKUPS.labels("answer", "hit"), LOOKUPS.labels("answer", "miss")

log = structlog.get_logger()


class SingleFlight:
    """A Generator whose callers share what they ask alike; when the leader dies, another process goes on."""

    def __init__(self, inner: Generator, flights: Flights, logbook: TurnLog, catalog: Catalog) -> None:
        """`logbook` carries a generation's events to the other processes, and to a successor."""
        self._inner, self._shared_flights, self._logbook, self._catalog = inner, flights, logbook, catalog
        self._flights: dict[str, Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._name = uuid.uuid4().hex
        self._keeper = Keeper(flights, self._name)

    def stream(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        return self._shared(caller, prompt) if shareable(prompt) else self._inner.stream(caller, prompt)

    async def close(self) -> None:
        """Ends the flights of this process; where others follow, one of them goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._keeper.close()

    async def _shared(self, caller: Caller, prompt: Prompt) -> AsyncGenerator[Event, None]:
        model = self._catalog.preferred_model(prompt.purpose, prompt.model)
        key = answer_key(caller.tenant, model, prompt)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = Flight(key, prompt)
        listener = flight.join(caller)
        if len(flight.listeners) == 1 and not flight.flying:
            flight.flying = True
            self._start(self._fly(flight))
        try:
            async with aclosing(flight.listen(listener)) as events:
                async for event in events:
                    yield event
        finally:
            flight.leave(listener)
            if not flight.listeners and flight.flying and not flight.done:
                self._start(self._keeper.look(flight.key))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        context = contextvars.copy_context()
        context.run(CURRENT.set, None)  # the flight outlives the call that began it, and so its deadline
        task = asyncio.create_task(work, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fly(self, flight: Flight) -> None:
        """Leads or follows until the answer is whole, or nobody here listens any more."""
        try:
            while flight.listeners and not flight.done:
                seat = await self._seat(flight)
                if isinstance(seat, Answered):
                    self._replay(flight, seat)
                elif seat is None or seat.leads:
                    await self._lead(flight, seat)
                elif flight.board(seat.generation):
                    await Following(self._shared_flights, self._logbook, flight, seat, self._name).run()
                else:
                    flight.alone = True  # has heard what the log does not hold
        except asyncio.CancelledError:
            flight.add([Unavailable("the instance is going away", Reason.SHUTTING_DOWN)])
            raise
        except Exception:
            log.exception("flight_crashed")
            flight.add([Internal("the answer could not be generated")])
        finally:
            flight.flying = False
            self._flights.pop(flight.key, None)

    def _replay(self, flight: Flight, answer: Answered) -> None:
        said = flight.said
        if answer.text.startswith(said):
            flight.add(replayed(answer, len(said)))
        else:
            flight.alone = True  # has heard the beginning of another answer

    async def _lead(self, flight: Flight, seat: Seat | None) -> None:
        leading = Leading(self._inner, self._shared_flights, self._logbook, flight, seat)
        self._keeper.hold(leading)
        try:
            await leading.run()
        finally:
            self._keeper.let_go(leading)

    async def _seat(self, flight: Flight) -> Seat | Answered | None:
        if flight.alone:
            return None
        try:
            seat = await self._shared_flights.take(flight.key, self._name)
        except Unavailable:
            flight.alone = True
            return None
        if not flight.events:
            (HIT if isinstance(seat, Answered) else MISS).inc()
        return seat
