"""The whole system behind its public port with a scripted provider, once for all tests of the doors."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bench.fake_provider.process import Remote, fake_provider
from kit.auth.caller import Caller, Role
from kit.auth.tokens import UserTokens
from kit.settings import LOCAL_SECRET
from local import ports
from local.background import BackgroundStack
from local.sample_course import import_sample
from local.settings import LocalSettings
from services.inference.families import OPENAI_MODEL
from tests.collector import Collector, collector
from tests.e2e.conftest import own_environment

PRICES = json.dumps({OPENAI_MODEL: {"prompt": 3.0, "completion": 15.0}})


@dataclass(frozen=True)
class Doors:
    """The running system, as a client sees it."""

    background: BackgroundStack
    provider: Remote
    collector: Collector
    course: str
    video: str

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token or self.token('ana')}"}
        return httpx.AsyncClient(base_url=self.background.stack.base_url, headers=headers, timeout=30, trust_env=False)

    def token(self, user: str, org: str = "default", lifetime: float = 600) -> str:
        tokens = UserTokens(secret=LOCAL_SECRET, jwks_url="", issuer="lectern", audience="lectern")
        return tokens.issue(Caller(org, user, frozenset({Role.STUDENT})), lifetime)

    def question(self, **changes: Any) -> dict[str, Any]:
        return {"course": self.course, "videoUrl": self.video, "message": f"What is sound? {time.time_ns()}", **changes}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    async with opened(tmp_path_factory.mktemp("doors")) as running:
        yield running


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Doors]:
    """The system, with its data in this folder, until the block ends."""
    async with fake_provider() as provider:
        with collector() as (kept, address):
            environ = own_environment() | {
                "OPENAI_BASE_URL": provider.base_url,
                "OPENAI_API_KEY": "scripted",
                "LECTERN_EMBEDDINGS_BASE_URL": provider.base_url,
                "LECTERN_EMBEDDINGS_MODEL": "scripted",
                "OTEL_EXPORTER_OTLP_ENDPOINT": address,
                "OTEL_BSP_SCHEDULE_DELAY": "200",
                "LECTERN_PRICES": PRICES,
                "LECTERN_SPEND_DOLLARS_PER_DAY": "5",
                "LECTERN_REDIS_COMMANDS_PER_DAY": "10000",
                "LECTERN_STORE_METRICS_SECONDS": "1",
            }
            background = BackgroundStack(LocalSettings(data=data, environ=environ, port=next(ports.free_ports())))
            await asyncio.to_thread(background.__enter__)
            try:
                teacher = {"authorization": f"Bearer {background.stack.token('teacher', Role.TEACHER)}"}
                address = background.stack.base_url
                async with httpx.AsyncClient(base_url=address, headers=teacher, timeout=60, trust_env=False) as client:
                    sample = await import_sample(client)
                yield Doors(background, provider, kept, sample.course, sample.video_url)
            finally:
                await asyncio.to_thread(background.__exit__, None, None, None)
