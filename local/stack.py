"""The local stack as a library: start it, ask it where things are, stop it."""

import asyncio
import fcntl
import time
from types import TracebackType
from typing import IO, Self

from kit.auth.caller import Caller, Role
from local import tokens
from local.plan import External, Plan, Planner
from local.program import Event, Observer, Ready, StartError
from local.settings import LocalSettings
from local.supervisor import Supervisor


class DataInUseError(Exception):
    """Another stack runs on the same data folder."""


def ignore(event: Event) -> None:
    """An observer that looks away."""


class Stack:
    """Real servers and the four services, or the parts of them that the settings name."""

    def __init__(self, settings: LocalSettings, observe: Observer = ignore) -> None:
        self.settings = settings
        self._observe = observe
        self._lock = _lock(settings)
        self.plan: Plan = Planner(settings).plan()
        self._supervisor = Supervisor(self.plan.programs, settings.data / "logs", observe)

    @property
    def base_url(self) -> str:
        """The public address, for REST and pages."""
        return self.plan.base_url

    @property
    def target(self) -> str:
        """The same address, for gRPC."""
        return self.base_url.removeprefix("http://")

    @property
    def programs(self) -> tuple[str, ...]:
        """The names of all supervised processes."""
        return tuple(program.name for program in self.plan.programs)

    def setting(self, name: str) -> str:
        """What the services are told, such as REDIS_URL or MONGODB_URI."""
        return self.plan.environment[name]

    def pid(self, name: str) -> int:
        """The process id that a program has now."""
        return self._supervisor.pid(name)

    async def hold(self, name: str) -> None:
        """End one program and keep it down, to see how the others do without it."""
        await self._supervisor.hold(name)

    async def release(self, name: str) -> None:
        """Start a program that is held, and return when it is ready."""
        await self._supervisor.release(name)

    def token(self, user: str, role: Role = Role.STUDENT, org: str = "default") -> str:
        """A token that this stack accepts."""
        return tokens.mint(self.settings, Caller(org, user, frozenset({role})))

    async def start(self) -> None:
        """Start everything and return when all of it is ready; raises StartError otherwise."""
        await asyncio.gather(*(self._check(external) for external in self.plan.external))
        await self._supervisor.start()

    async def stop(self) -> None:
        """Stop everything, the edge first."""
        await self._supervisor.stop()
        self._lock.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.stop()

    async def _check(self, external: External) -> None:
        started = time.monotonic()
        try:
            await external.ready()
        except Exception as error:
            raise StartError(
                external.name, f"{external.variable} is set, but {external.address}: {error}", ()
            ) from error
        self._observe(
            Ready(external.name, f"{external.address} (from {external.variable})", time.monotonic() - started)
        )


def _lock(settings: LocalSettings) -> IO[str]:
    settings.data.mkdir(parents=True, exist_ok=True)
    lock = (settings.data / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise DataInUseError(f"Another stack runs on {settings.data}. Stop it, or set LECTERN_DATA.") from error
    return lock
