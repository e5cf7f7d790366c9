import asyncio
import contextvars
import time
import uuid
from collections.abc import Iterable
from contextlib import aclosing

import structlog

from kit.auth.caller import Caller
from kit.call import CURRENT, Call, current_call
from kit.timeouts import within
from services.gateway.model import Begun, Cut, Event, Grounding
from services.gateway.ports import Orders
from services.gateway.turns.owner_lease import OwnerLease
from services.gateway.turns.recent import RecentThreads
from services.gateway.turns.run import Ports, TurnRun

log = structlog.get_logger()


class Desk:
    """The turns that this process answers. Each runs in a task of its own, under the process's owner lease."""

    def __init__(self, ports: Ports, orders: Orders, *, turn_seconds: float, abandon_seconds: float) -> None:
        self.lease = OwnerLease(ports.threads)
        self._ports = ports
        self._orders = orders
        self._turn_seconds = turn_seconds
        self._abandon_seconds = abandon_seconds
        self._recent = RecentThreads()
        self._runs: dict[str, tuple[TurnRun, asyncio.Task[None]]] = {}
        self._chores: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Begins to renew the lease and to listen to orders."""
        self._chores = [asyncio.create_task(self._beat()), asyncio.create_task(self._listen())]

    async def close(self, grace: float) -> None:
        """Lets runs end for `grace` seconds, then leaves the rest to the next owner."""
        tasks = [task for _, task in self._runs.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        for task in (*tasks, *self._chores):
            task.cancel()
        await asyncio.gather(*tasks, *self._chores, return_exceptions=True)
        await self.lease.release()

    @property
    def owner(self) -> str:
        """Who answers, for the leases of turns."""
        return self.lease.owner

    @property
    def active(self) -> int:
        return len(self._runs)

    @property
    def active_threads(self) -> int:
        """In how many threads a question was asked here within the last minutes."""
        return self._recent.active

    def run_of(self, turn: str) -> TurnRun | None:
        found = self._runs.get(turn)
        return found[0] if found else None

    def take(
        self, caller: Caller, begun: Begun, grounding: Grounding, past: Iterable[Event] = (), cut: Cut | None = None
    ) -> TurnRun:
        """Starts to answer; the run has its own deadline, not that of the call that asked."""
        run = TurnRun(self._ports, caller, begun, grounding, past, cut)
        context = contextvars.copy_context()
        context.run(CURRENT.set, self._call(caller))
        task = asyncio.create_task(self._answer(run), context=context)
        self._runs[run.turn.name] = (run, task)
        self._recent.use(begun.turn.thread)
        self.lease.hold()
        task.add_done_callback(lambda _: self._ended(run.turn.name))
        return run

    async def cancel(self, turn: str) -> bool:
        """Stops the turn if it runs here, and waits for its end."""
        found = self._runs.get(turn)
        if found is None:
            return False
        run, task = found
        run.cancel(task)
        await asyncio.wait({task})
        return True

    def _ended(self, turn: str) -> None:
        self._runs.pop(turn, None)
        self.lease.let_go()

    def _call(self, caller: Caller) -> Call:
        asked = current_call()
        call = Call("turn", {}, time.monotonic() + self._turn_seconds, caller=caller)
        call.request_id = asked.request_id if asked else uuid.uuid4().hex
        return call

    async def _answer(self, run: TurnRun) -> None:
        with within(self._turn_seconds + 30):  # above all deadlines inside, so that no run stays for ever
            await run.answer()

    async def _beat(self) -> None:
        async for _ in self.lease.beats():
            self._end_abandoned()

    def _end_abandoned(self) -> None:
        for run, task in list(self._runs.values()):
            if run.broadcast.unread_for() > self._abandon_seconds:
                log.info("turn_abandoned", turn=run.turn.name)
                run.cancel(task)

    async def _listen(self) -> None:
        async with aclosing(self._orders.received(self.owner)) as orders:
            async for turn in orders:
                if found := self._runs.get(turn):
                    found[0].cancel(found[1])
