"""Keeps one program running: starts it, waits until it is ready, and starts it again when it dies."""

import asyncio
import contextlib
import time
from pathlib import Path

from local.child import Child
from local.program import Died, Observer, Program, Ready, StartError, StartFailed, Stopped

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
_STEADY_SECONDS = 30.0


class Keeper:
    """The one owner of a program's process."""

    def __init__(self, program: Program, logs: Path, observe: Observer) -> None:
        self.program = program
        self._logs = logs
        self._observe = observe
        self._child: Child | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The process id of the current run."""
        if self._child is None:
            raise LookupError(f"{self.program.name} was never started")
        return self._child.pid

    async def start(self) -> None:
        """Start the program and return when it is ready; raises StartError where it does not become so."""
        await self._run(restarted=False)
        self._watch = asyncio.create_task(self._keep(), name=f"keep {self.program.name}")

    async def persist(self) -> None:
        """Start the program; where it does not become ready, say so and go on trying until it is stopped."""
        await self._try(restarted=False)
        self._watch = asyncio.create_task(self._keep(), name=f"keep {self.program.name}")

    async def stop(self) -> None:
        """End the program for good."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})
        if self._child is not None:
            self._observe(Stopped(self.program.name, killed=await self._child.stop()))

    async def _run(self, *, restarted: bool) -> None:
        started = time.monotonic()
        self._child = await Child.spawn(self.program, self._logs)
        await self._until_ready(self._child)
        seconds = time.monotonic() - started
        self._observe(Ready(self.program.name, self.program.address, seconds, restarted))

    async def _until_ready(self, child: Child) -> None:
        ready = asyncio.create_task(_poll(self.program))
        ended = asyncio.create_task(child.wait())
        try:
            await asyncio.wait({ready, ended}, timeout=self.program.start_seconds, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise StartError(self.program.name, _why(ended, self.program), child.last_lines())
        finally:
            ready.cancel()
            ended.cancel()

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while self._child is not None:
            started = time.monotonic()
            code = await self._child.wait()
            pause = _FIRST_PAUSE_SECONDS if time.monotonic() - started > _STEADY_SECONDS else pause
            self._observe(Died(self.program.name, code, pause))
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            await self._try(restarted=True)

    async def _try(self, *, restarted: bool) -> None:
        before = self._child
        try:
            await self._run(restarted=restarted)
        except StartError as error:
            self._observe(StartFailed(error.name, error.reason, error.last_lines, restarted))
            if self._child is not None and self._child is not before:
                await self._child.stop()


async def _poll(program: Program) -> None:
    pause = 0.02
    while True:
        with contextlib.suppress(Exception):  # whatever a probe raises means "not yet"
            return await program.ready()
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.25)


def _why(ended: asyncio.Task[int], program: Program) -> str:
    if ended.done():
        return f"it ended with exit code {ended.result()}"
    return f"it was not ready after {program.start_seconds:.0f} s"
