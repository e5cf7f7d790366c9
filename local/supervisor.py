"""Runs a set of programs: up in the order of their needs, side by side where it can be, down from edge to data."""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from local.keeper import Keeper
from local.program import Observer, Program


class Supervisor:
    """Starts, keeps and stops programs."""

    def __init__(self, programs: Sequence[Program], logs: Path, observe: Observer) -> None:
        self._keepers = {program.name: Keeper(program, logs, observe) for program in programs}
        self._ready = {name: asyncio.Event() for name in self._keepers}
        self._later: list[asyncio.Task[None]] = []

    @property
    def programs(self) -> tuple[Program, ...]:
        """What is supervised, in the order in which it was given."""
        return tuple(keeper.program for keeper in self._keepers.values())

    def pid(self, name: str) -> int:
        """The process id that the program has now."""
        return self._keepers[name].pid

    async def hold(self, name: str) -> None:
        """End one program and keep it down until it is released."""
        await self._keepers[name].stop()

    async def release(self, name: str) -> None:
        """Start a program that is held; raises its StartError."""
        await self._keepers[name].start()

    async def start(self) -> None:
        """Start everything; where one that is awaited fails, stop the rest and raise its StartError."""
        keepers = self._keepers.values()
        self._later = [asyncio.create_task(self._start_later(each)) for each in keepers if not each.program.awaited]
        starts = [asyncio.create_task(self._start(each)) for each in keepers if each.program.awaited]
        try:
            for started in asyncio.as_completed(starts):
                await started
        except BaseException:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop tier by tier, the workers and the edge first, so that nothing calls what has gone."""
        for start in self._later:
            start.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        keepers = sorted(self._keepers.values(), key=_tier, reverse=True)
        for _, tier in groupby(keepers, key=_tier):
            await asyncio.gather(*(keeper.stop() for keeper in tier))

    async def _start(self, keeper: Keeper) -> None:
        await self._needs_of(keeper.program)
        await keeper.start()
        self._ready[keeper.program.name].set()

    async def _start_later(self, keeper: Keeper) -> None:
        await self._needs_of(keeper.program)
        await keeper.persist()

    async def _needs_of(self, program: Program) -> None:
        for need in program.needs & self._ready.keys():
            await self._ready[need].wait()


def _tier(keeper: Keeper) -> int:
    return keeper.program.tier
