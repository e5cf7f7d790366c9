from collections.abc import AsyncIterator

import pytest
import redis

from bench.fake_provider.process import Remote, fake_provider


@pytest.fixture(autouse=True)
def databases(monkeypatch: pytest.MonkeyPatch, redis_url: str, mongodb_uri: str) -> None:
    """Every server of the test stands on the same databases; nothing is left in Redis from earlier tests."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("MONGODB_URI", mongodb_uri)


@pytest.fixture
async def one() -> AsyncIterator[Remote]:
    async with fake_provider({"words": 30}) as remote:
        yield remote


@pytest.fixture
async def two() -> AsyncIterator[Remote]:
    async with fake_provider({"words": 30}) as remote:
        yield remote
