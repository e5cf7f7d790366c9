"""The whole system, once for all end-to-end tests: own data folder, free ports, real servers and the demo model."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from kit.auth.caller import Role
from local import ports
from local.background import BackgroundStack
from local.program import Event
from local.sample_course import Imported, import_sample
from local.settings import LocalSettings

# Whatever the person's shell sets for real servers must not reach the tests.
PROVIDERS = ("OPENAI_", "GEMINI_", "GROQ_", "SARVAM_", "AZURE_OPENAI_")
OWN = ("REDIS_", "MONGODB_", "LECTERN_", "OTEL_", "UPSTASH_", *PROVIDERS)
TWICE = {"gateway": 2, "threads": 2}
# What the tests look at does not depend on how much the demo model reads and says.
BRIEF = {
    "LECTERN_CONTEXT_TOKEN_BUDGET": "120",
    "LECTERN_HISTORY_TOKEN_BUDGET": "40",
    "LECTERN_CHAT_MAX_TOKENS": "16",
    "LECTERN_BULK_MAX_TOKENS": "48",
}


@dataclass(frozen=True)
class System:
    """A running stack with the sample course in it."""

    background: BackgroundStack
    sample: Imported
    spans: Path

    @property
    def base_url(self) -> str:
        return self.background.stack.base_url

    @property
    def target(self) -> str:
        """For gRPC, through the edge."""
        return self.background.stack.target

    def token(self, user: str, role: Role = Role.STUDENT, org: str = "default") -> str:
        return self.background.stack.token(user, role, org)

    async def seen(self, wanted: Callable[[Event], bool], since: int) -> Event:
        """The first wanted event after the first `since` ones."""
        return await asyncio.to_thread(self.background.wait_for, wanted, since)

    def client(self, user: str, role: Role = Role.STUDENT, org: str = "default") -> httpx.AsyncClient:
        """A REST client of this user."""
        headers = {"authorization": f"Bearer {self.token(user, role, org)}"}
        return httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=60, trust_env=False)


def own_environment() -> dict[str, str]:
    """The environment without settings of Lectern and the servers it uses."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OWN)}


def other_versions() -> dict[str, Path]:
    """Services that run from another checkout, by `SOURCES=threads=/a/folder,…`; `bench upgrades` sets it."""
    named = filter(None, os.environ.get("SOURCES", "").split(","))
    return {service: Path(folder) for service, _, folder in (each.partition("=") for each in named)}


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    data = tmp_path_factory.mktemp("stack")
    spans = data / "spans.jsonl"
    environ = own_environment() | BRIEF | {"LECTERN_TRACE_FILE": str(spans)}
    settings = LocalSettings(
        data=data, environ=environ, port=next(ports.free_ports()), instances=TWICE, sources=other_versions()
    )
    with BackgroundStack(settings) as background:
        yield System(background, asyncio.run(_imported(background)), spans)


async def _imported(background: BackgroundStack) -> Imported:
    teacher = {"authorization": f"Bearer {background.stack.token('teacher', Role.TEACHER)}"}
    async with httpx.AsyncClient(
        base_url=background.stack.base_url, headers=teacher, timeout=60, trust_env=False
    ) as client:
        return await import_sample(client)


@pytest.fixture
async def student(system: System) -> AsyncIterator[httpx.AsyncClient]:
    """A REST client of one student."""
    async with system.client("student") as client:
        yield client
