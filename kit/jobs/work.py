"""What an actor is given: the job, and ways to say how far it has come."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from kit.auth.caller import Caller
from kit.errors import InvalidArgument, LecternError
from kit.jobs.model import Job, State, Step
from kit.jobs.ports import Claims, JobChanges

MAX_CHECKPOINT_BYTES = 512 * 1024

Actor = Callable[["Work"], Awaitable[Mapping[str, Any] | None]]


class Work:
    """One attempt at a job. Its methods raise Conflict (LEASE_LOST) once another worker has taken over."""

    def __init__(
        self, job: Job, claims: Claims, changes: JobChanges, is_cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        self.job = job
        self._is_cancelled = is_cancelled
        self._claims = claims
        self._changes = changes
        self._done = {step.name: step.result for step in job.steps if step.state is State.SUCCEEDED}

    @property
    def caller(self) -> Caller:
        """On whose behalf the job runs."""
        return self.job.caller

    @property
    def payload(self) -> Mapping[str, Any]:
        return self.job.payload

    @property
    def key(self) -> str:
        """What each effect carries under a unique index, so that it happens once however often the job runs."""
        return self.job.id

    @property
    def cancelled(self) -> bool:
        """Whether it is stopped for good; an actor that is stopped otherwise leaves the rest to the next attempt."""
        return self._is_cancelled()

    @property
    def last_attempt(self) -> bool:
        """Whether an error of this attempt, of a kind that is tried again, ends the job."""
        return self.job.failures + 1 >= self.job.max_attempts

    async def report(self, progress: int | None = None, message: str = "", *log: str) -> None:
        """Says how far the job is (0 to 100), what it does, and what is worth a line in its log."""
        await self._claims.report(self.job.claim, progress, message, log)
        await self._changes.changed(self.job.id)

    async def step(self, name: str, run: Callable[[], Awaitable[Any]], message: str = "") -> Any:
        """The result of the step: of this run, or kept from an earlier attempt that finished it.

        Results are what BSON holds, up to 512 KiB.
        """
        if name in self._done:
            return self._done[name]
        await self._mark(Step(name, State.RUNNING, message))
        try:
            result = await run()
        except LecternError as error:
            await self._mark(Step(name, State.FAILED, error.message))
            raise
        except Exception:
            await self._mark(Step(name, State.FAILED))
            raise
        if len(orjson.dumps(result, default=str)) > MAX_CHECKPOINT_BYTES:
            raise InvalidArgument(f"the result of step {name} is too large to be kept")
        await self._mark(Step(name, State.SUCCEEDED, message, result))
        self._done[name] = result
        return result

    async def fan_out(self, steps: Mapping[str, Callable[[], Awaitable[Any]]], at_once: int) -> dict[str, Any]:
        """Runs steps side by side, so many at once. One that fails stops the others; what is done is kept."""
        turnstile = asyncio.Semaphore(at_once)

        async def branch(name: str, run: Callable[[], Awaitable[Any]]) -> Any:
            async with turnstile:
                return await self.step(name, run)

        try:
            async with asyncio.TaskGroup() as group:
                branches = {name: group.create_task(branch(name, run)) for name, run in steps.items()}
        except BaseExceptionGroup as group_error:
            raise group_error.exceptions[0] from None
        return {name: task.result() for name, task in branches.items()}

    async def _mark(self, step: Step) -> None:
        await self._claims.step(self.job.claim, step)
        await self._changes.changed(self.job.id)


class Actors:
    """What a worker can do: one actor per kind."""

    def __init__(self) -> None:
        self._actors: dict[str, Actor] = {}

    def add(self, kind: str, actor: Actor) -> None:
        if kind in self._actors:
            raise ValueError(f"there are two actors for {kind}")
        self._actors[kind] = actor

    def of(self, kind: str) -> Actor:
        return self._actors[kind]

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(self._actors)

    def only(self, kinds: frozenset[str]) -> "Actors":
        """Those of these kinds; raises ValueError where there is none for one of them."""
        if strange := kinds - self.kinds:
            raise ValueError(f"this worker has no actors for {sorted(strange)}")
        chosen = Actors()
        for kind in kinds:
            chosen.add(kind, self.of(kind))
        return chosen
