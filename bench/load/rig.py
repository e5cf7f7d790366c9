"""A whole stack of its own to measure: real servers and services, a model provider that does as it is told."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx

from bench.fake_provider.process import Remote, fake_provider
from kit.auth.caller import Role
from local import ports
from local.parts import EVERYTHING
from local.program import Event, Ready
from local.sample_course import import_sample
from local.settings import LocalSettings
from local.stack import Stack

# Whatever the person's shell sets for real servers must not reach a measurement.
READY_SECONDS = 90.0
BYTECODE = Path(__file__).parents[2] / ".data" / "bytecode"
OWN = ("REDIS_", "MONGODB_", "OPENAI_", "LECTERN_", "OTEL_", "UPSTASH_")
ANSWER = (
    "A wave is a disturbance that travels through a medium and carries energy from place to place [1]. "
    "The particles of the medium move to and fro about their places and stay where they are [2]. "
    "That is why a cork on a pond bobs up and down while the ripples pass under it. "
    "The frequency counts the cycles of each second, and the wavelength is the way of one cycle."
)


@dataclass(frozen=True)
class Script:
    """How the provider answers: times in milliseconds, 0 words a second for all at once."""

    first_token_ms: float = 0.0
    words_per_second: float = 0.0


@dataclass(frozen=True)
class Rig:
    """A running stack with the sample course in it."""

    stack: Stack
    provider: Remote
    course: str
    video_url: str

    def target(self, service: str) -> str:
        """A gRPC target over all processes of a service."""
        addresses = [each.address for each in self.stack.plan.instances if each.service == service]
        return f"ipv4:{','.join(addresses)}"


class Readiness:
    """Tells when programs of a stack became ready, in seconds since this was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._ready: dict[str, float] = {}
        self._changed = asyncio.Event()

    def observe(self, event: Event) -> None:
        if isinstance(event, Ready):
            self._ready[event.name] = time.monotonic() - self._began
            self._changed.set()

    async def all_of(self, stack: Stack) -> float:
        """Returns when every program is ready, those that a start does not wait for with them."""
        async with asyncio.timeout(READY_SECONDS):
            while not self._ready.keys() >= set(stack.programs):
                self._changed.clear()
                await self._changed.wait()
        return max(self._ready.values())


@dataclass(frozen=True)
class Start:
    """Seconds until what a start waits for was ready, and until everything was."""

    awaited: float
    everything: float


async def start_again(folder: Path) -> Start:
    """How long a stack takes to start on the data of one that was stopped."""
    async with fake_provider({"text": ANSWER}) as provider:
        readiness, began = Readiness(), time.monotonic()
        async with Stack(_settings(folder, provider, {}, {}), readiness.observe) as stack:
            awaited = time.monotonic() - began
            return Start(awaited, await readiness.all_of(stack))


@asynccontextmanager
async def rig(
    script: Script,
    instances: Mapping[str, int],
    environ: Mapping[str, str] = MappingProxyType({}),
    folder: Path | None = None,
) -> AsyncIterator[Rig]:
    """Started on free ports with a data folder of its own; gone without a trace afterwards. `environ` adds settings.

    What is kept in `folder`, where one is given, stays.

    Not for uvloop: it forks with the handlers that gRPC has for that, and what is to be started may crash in them.
    """
    async with AsyncExitStack() as exits:
        data = folder or Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="lectern-bench-")))
        answers = {"text": ANSWER, "first_token_ms": script.first_token_ms}
        answers["words_per_second"] = script.words_per_second
        provider = await exits.enter_async_context(fake_provider(answers))
        readiness = Readiness()
        stack = await exits.enter_async_context(Stack(_settings(data, provider, instances, environ), readiness.observe))
        course, video_url = await _sample(stack)
        await readiness.all_of(stack)
        yield Rig(stack, provider, course, video_url)


def _settings(folder: Path, provider: Remote, instances: Mapping[str, int], more: Mapping[str, str]) -> LocalSettings:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    environ |= {"OPENAI_BASE_URL": provider.base_url, "OPENAI_API_KEY": "bench", "OPENAI_MODEL": "fake"}
    environ |= {"LECTERN_EMBEDDINGS_BASE_URL": provider.base_url, "LECTERN_EMBEDDINGS_MODEL": "fake"}
    environ |= {"LECTERN_LOG_LEVEL": "warning", **more}
    if environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # what would be compiled at each start is no part of a measurement
        environ.setdefault("PYTHONPYCACHEPREFIX", str(BYTECODE))
    shared = 0 if instances else LocalSettings.from_environment(environ).shared
    return LocalSettings(folder, environ, next(ports.free_ports()), instances, EVERYTHING, shared=shared)


async def _sample(stack: Stack) -> tuple[str, str]:
    headers = {"authorization": f"Bearer {stack.token('teacher', Role.TEACHER)}"}
    async with httpx.AsyncClient(base_url=stack.base_url, headers=headers, timeout=60, trust_env=False) as client:
        sample = await import_sample(client)
    return sample.course, sample.video_url
