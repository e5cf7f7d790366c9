"""The dispatcher that leads does its chores when they are due; the others wait for its lease to run out."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import structlog

from kit.errors import LecternError
from kit.jobs.dispatcher.chores import Chore
from kit.jobs.ports import Leadership, Signal, Signals, Topic

RENEWALS_PER_LEASE = 2

log = structlog.get_logger()


class Leader:
    """Nothing depends on there being only one: two that lead for a moment do the same work twice."""

    def __init__(
        self,
        holder: str,
        leadership: Leadership,
        signals: Signals,
        chores: Sequence[Chore],
        *,
        lease: float,
        tick: float,
        others: Sequence[Callable[[], AsyncGenerator[Signal, None]]] = (),
    ) -> None:
        """Chores that are due are done in their order; one that fails is tried again after `tick` seconds.

        `others` are sources of signals beside `signals`.
        """
        self._holder = holder
        self._leadership = leadership
        self._signals = signals
        self._sources = (signals.received, *others)
        self._due = dict.fromkeys(chores, 0.0)
        self._lease = lease
        self._tick = tick
        self._leads_until = 0.0
        self._leads_again = 0.0
        self._awake = asyncio.Event()
        self._ending = False

    @property
    def leads(self) -> bool:
        """Whether its lease holds; may be asked from another thread."""
        return self._leads_until > time.monotonic()

    async def run(self) -> None:
        """Goes on until `stop`, then resigns, so that a standby follows at once."""
        listeners = [asyncio.create_task(self._listen(source)) for source in self._sources]
        try:
            while not self._ending:
                self._awake.clear()
                pause = await self._round()
                if not self._ending:
                    await self._woken_within(pause)
        finally:
            for listener in listeners:
                listener.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)
        self._leads_until = 0.0
        with contextlib.suppress(LecternError):
            await self._leadership.resign(self._holder)
        await self._signals.send(Signal(Topic.LEAD))

    def stop(self) -> None:
        """Ends `run` after the round that is under way."""
        self._ending = True
        self._awake.set()

    async def _round(self) -> float:
        """Does what is due; says after how many seconds there is more to do."""
        if not await self._leads():
            return max(0.0, self._leads_again - time.monotonic())
        for chore, due in list(self._due.items()):
            if due <= time.monotonic() and not self._ending:
                await self._do(chore)
        return max(0.0, min(*self._due.values(), self._leads_again) - time.monotonic())

    async def _do(self, chore: Chore) -> None:
        self._due[chore] = float("inf")  # a signal that comes meanwhile brings it forward
        pause = self._tick
        try:
            pause = await chore.do()
        except LecternError as error:
            log.warning("chore_failed", chore=type(chore).__name__, error=error.message)
        except Exception:
            log.exception("chore_broke", chore=type(chore).__name__)
        self._due[chore] = min(self._due[chore], time.monotonic() + pause)

    async def _leads(self) -> bool:
        now = time.monotonic()
        if now < self._leads_again:
            return self._leads_until > now
        led, leads = self._leads_until > now, False
        try:
            leads = await self._leadership.lead(self._holder, self._lease)
        except LecternError as error:
            log.warning("lead_not_renewed", error=error.message)
            self._leads_again = now + self._tick
            return self._leads_until > time.monotonic()
        self._leads_until = now + self._lease if leads else 0.0
        self._leads_again = now + self._lease / RENEWALS_PER_LEASE
        if leads and not led:
            log.info("leading", dispatcher=self._holder)
            for chore in self._due:
                chore.begin()
                self._due[chore] = 0.0
        return leads

    async def _listen(self, source: Callable[[], AsyncGenerator[Signal, None]]) -> None:
        async with aclosing(source()) as signals:
            async for signal in signals:
                self._hear(signal)

    def _hear(self, signal: Signal) -> None:
        now = time.monotonic()
        if signal.topic is Topic.LEAD and self._leads_until <= now:
            self._leads_again = 0.0
            self._awake.set()
        for chore, due in self._due.items():
            wanted = now + chore.heard(signal)
            if wanted < due:
                self._due[chore] = wanted
                self._awake.set()

    async def _woken_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awake.wait()
